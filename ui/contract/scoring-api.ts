import { z } from 'zod'
import { modelVersion } from './common.ts'
import { count, instant } from './fields.ts'

const term = z.string().regex(/^[A-Z0-9_ ]{1,16}$/)

/** Query of POST /scoring/v1/score. The last four only with image/png: what the model's fit rules ask for. */
export const scoringQuery = z.strictObject({
  /** `name` or `name@version`. */
  model: z.string().regex(/^[a-z][a-z0-9-]{1,63}(?:@[0-9A-Za-z.+-]{1,64})?$/),
  lane: z.enum(['urgent', 'routine', 'off-peak']).default('routine'),
  embedding: z.enum(['true', 'false']).default('false'),
  modality: term.optional(),
  sopClass: z
    .string()
    .regex(/^[0-9.]{1,64}$/)
    .optional(),
  bodyPart: term.optional(),
  view: term.optional(),
})

/** Answer of POST /scoring/v1/score. Not for diagnosis. */
export const scoringAnswer = z.object({
  schema: z.literal('leadglass.scoring-answer/1'),
  statement: z.string(),
  model: modelVersion,
  /** What really ran the graphs. */
  provider: z.enum(['cpu', 'cuda', 'tensorrt']),
  lane: z.string(),
  /** Milliseconds: the look for identities; waiting, decoding and running; all of it. */
  timings: z.object({ checkMs: z.number(), scoringMs: z.number(), totalMs: z.number() }),
  /** In the order of the request. */
  instances: z.array(
    z.object({
      instance: count,
      outcome: z.enum(['scored', 'not-scored']),
      reason: z.string().nullable(),
      scores: z.array(
        z.object({
          code: z.string(),
          title: z.string(),
          value: z.number(),
          unit: z.string(),
          thresholdMilli: z.number().int(),
          above: z.boolean(),
        }),
      ),
      quality: z.record(z.string(), z.number()),
      /** float32 in little endian, base64; null unless asked for. */
      embedding: z.string().nullable(),
    }),
  ),
})
export type ScoringAnswer = z.infer<typeof scoringAnswer>

/** Any refusal of the scoring interface. */
export const scoringRefusal = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    effect: z.string(),
    nextStep: z.string(),
    /** Position of the object in the request. */
    object: count.optional(),
    /** Attributes that keep it out: tags and keywords, never values. */
    attributes: z.array(z.object({ tag: z.string(), name: z.string() })).optional(),
  }),
})

/** GET /scoring/v1/models. */
export const scoringModels = z.object({
  models: z.array(z.object({ model: modelVersion, title: z.string(), intendedUse: z.string(), kind: z.string() })),
})
export type ScoringModels = z.infer<typeof scoringModels>

const tokenName = z.string().regex(/^[a-z][a-z0-9-]{1,31}$/)
/** POST /api/scoring/tokens and DELETE /api/scoring/tokens/:name. */
export const scoringTokenRequest = z.strictObject({ name: tokenName })
/** The token is shown once. */
export const scoringTokenMade = z.object({ name: z.string(), token: z.string() })
export type ScoringTokenMade = z.infer<typeof scoringTokenMade>
/** GET /api/scoring/tokens. */
export const scoringTokenList = z.object({
  tokens: z.array(z.object({ name: z.string(), createdAt: instant, revokedAt: instant.nullable() })),
})
export type ScoringTokenList = z.infer<typeof scoringTokenList>
