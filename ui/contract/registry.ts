import { z } from 'zod'
import { modelVersion } from './common.ts'

/** An alias of a model. A derived one follows from signatures; nobody writes it. */
export const modelAlias = z.object({
  alias: z.string(),
  version: modelVersion,
  derived: z.boolean(),
})
export type ModelAlias = z.infer<typeof modelAlias>

/** GET /api/models/:name/aliases. */
export const aliasList = z.object({ aliases: z.array(modelAlias) })

/** POST /api/models/:name/aliases. */
export const aliasRequest = z.strictObject({ alias: z.string().min(1).max(64), version: z.string().min(1).max(20) })

/** What a card lacks before it may be submitted. */
export const cardGap = z.object({ field: z.string(), title: z.string(), reason: z.string() })

const bounds = z.object({
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  cases: z.number().int().nullable(),
})

/** GET /api/models/:name/versions/:version/card: the whole card, filled from the fleet. Members beyond these are exported too. */
export const cardView = z.looseObject({
  schema: z.literal('leadglass.card-document/1'),
  statement: z.string(),
  summary: z.string(),
  complete: z.boolean(),
  gaps: z.array(cardGap),
  riskClass: z.enum(['low', 'medium', 'high']).nullable(),
  weightsLicence: z.string().nullable(),
  hazards: z.array(
    z.looseObject({
      id: z.string(),
      hazard: z.string(),
      harm: z.string(),
      control: z.string(),
      severity: z.string(),
      residualProbability: z.string(),
      initialRisk: z.string(),
      residualRisk: z.string(),
    }),
  ),
  groups: z.array(
    z.object({
      title: z.string(),
      attributes: z.array(
        z.object({
          clause: z.string(),
          title: z.string(),
          text: z.string().nullable(),
          assessed: z.boolean(),
          origin: z.enum(['declared', 'card', 'measured', 'fleet']),
        }),
      ),
    }),
  ),
  figures: z.array(
    z.looseObject({
      name: z.string(),
      split: z.string(),
      ...bounds.shape,
      interval: z.string().nullable(),
      subgroup: z.string().nullable(),
    }),
  ),
})
export type CardView = z.infer<typeof cardView>

/** GET /api/models/:name/versions/:version/lineage. */
export const lineageView = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['version', 'dataset', 'code', 'parameters', 'run', 'site']),
      label: z.string(),
      detail: z.string().nullable(),
    }),
  ),
  edges: z.array(z.object({ from: z.string(), to: z.string(), relation: z.string() })),
})
export type LineageView = z.infer<typeof lineageView>

/** GET /api/models/:name/comparison?first=&second=. */
export const versionComparison = z.object({
  first: modelVersion,
  second: modelVersion,
  figures: z.array(
    z.object({
      name: z.string(),
      split: z.string(),
      subgroup: z.string().nullable(),
      first: bounds.nullable(),
      second: bounds.nullable(),
      difference: z.number().nullable(),
      overlap: z.boolean().nullable(),
    }),
  ),
  parameters: z.array(z.object({ path: z.string(), first: z.string().nullable(), second: z.string().nullable() })),
  card: z.array(z.object({ path: z.string(), first: z.string().nullable(), second: z.string().nullable() })),
})
export type VersionComparison = z.infer<typeof versionComparison>

/** GET /api/webhooks. */
export const webhookList = z.object({
  events: z.array(z.string()),
  webhooks: z.array(
    z.object({
      webhook: z.string(),
      url: z.string(),
      events: z.array(z.string()),
      createdAt: z.iso.datetime(),
      waiting: z.number().int(),
      delivered: z.number().int(),
      given: z.number().int(),
      lastFailure: z.string().nullable(),
    }),
  ),
})

/** POST /api/webhooks. Only http and https; no user or password in the address. */
export const webhookRequest = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .refine((url) => !/^[a-z]+:\/\/[^/]*@/i.test(url)),
  events: z.array(z.string().max(60)).min(1).max(40),
})

/** Answer to POST /api/webhooks; the secret is shown this once. */
export const webhookAnswer = z.object({ webhook: z.string(), secret: z.string() })
