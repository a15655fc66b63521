import { z } from 'zod'
import { modelVersion } from './common.ts'
import { count } from './fields.ts'

/** Explanations of scores over the appliance's interface. They never leave the site. */

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const code = z.string().min(1).max(64)

/** `occlusion`: how the score falls when parts of the image are hidden. `attribution`: what each feature contributes. */
export const explanationMethod = z.enum(['occlusion', 'attribution'])

/** POST /api/studies/:study/explanations. Without a frame it is the one that speaks most. */
export const explanationRequest = z.strictObject({
  instance: count.max(1_000_000),
  model: digest,
  code,
  frame: count.max(65_535).nullable().default(null),
  method: explanationMethod.default('occlusion'),
})
export type ExplanationRequest = z.infer<typeof explanationRequest>

/** `current` may be shown; anything else says why not. */
export const explanationState = z.enum(['current', 'superseded', 'mismatch', 'tampered'])

/** What an explanation is bound to. */
export const explanationSummary = z.object({
  explanation: z.number().int().min(1),
  state: explanationState,
  instance: count,
  frame: count,
  code,
  title: z.string(),
  method: z.enum(['occlusion', 'linear', 'tree']),
  model: modelVersion,
  /** SHA-256 of the frame's stored values, and of the object as it was received. */
  pixels: digest,
  object: digest,
  /** SHA-256 of the explanation itself. */
  digest,
  madeAt: z.iso.datetime(),
})
export type ExplanationSummary = z.infer<typeof explanationSummary>

/** GET /api/studies/:study/explanations: reading them is another request. */
export const explanationList = z.object({ explanations: z.array(explanationSummary) })
export type ExplanationList = z.infer<typeof explanationList>

/** The answer of a POST: made, or why the model cannot be explained so. */
export const explanationAnswer = z.discriminatedUnion('explained', [
  z.object({ explained: z.literal(true), explanation: explanationSummary }),
  z.object({ explained: z.literal(false), reason: z.string() }),
])
export type ExplanationAnswer = z.infer<typeof explanationAnswer>

/**
 * GET /api/studies/:study/explanations/:explanation. Whoever lays it over an image says which image, frame, score and model that
 * is: what differs is refused.
 */
export const explanationQuery = z.strictObject({
  instance: z.coerce.number().int().min(0).optional(),
  frame: z.coerce.number().int().min(0).optional(),
  code: code.optional(),
  model: digest.optional(),
  pixels: digest.optional(),
})
export type ExplanationQuery = z.infer<typeof explanationQuery>

const figure = z.number()

/** How much the score falls where the image is hidden, row after row, in the unit of the score. */
export const heatMap = z.object({
  method: z.literal('occlusion'),
  rows: z.number().int().min(1),
  columns: z.number().int().min(1),
  values: z.array(figure),
  passes: z.number().int().min(1),
})
export type HeatMap = z.infer<typeof heatMap>

/** `expected` and all contributions together are `total`, which the link makes into the score. */
export const attributionView = z.object({
  method: z.enum(['linear', 'tree']),
  expected: figure,
  total: figure,
  link: z.array(z.string()),
  contributions: z.array(z.object({ feature: z.string(), contribution: figure })),
})
export type AttributionView = z.infer<typeof attributionView>

/** An explanation in full; every reading is an entry in the audit log. */
export const explanationDetail = explanationSummary.extend({
  /** The score of this frame. */
  score: figure,
  imageRows: count,
  imageColumns: count,
  content: z.discriminatedUnion('method', [heatMap, attributionView]),
})
export type ExplanationDetail = z.infer<typeof explanationDetail>

/** GET /api/studies/:study/explanations/:explanation/picture, with the members of `explanationQuery`. */
export const explanationPictureQuery = explanationQuery.extend({
  palette: z.enum(['cividis', 'viridis']).default('cividis'),
  /** Share of the largest value below which a cell stays dark. */
  threshold: z.coerce.number().min(0).max(1).default(0.25),
})
export const explanationPicture = z.object({
  /** PNG, base64: the map, and at its right the scale from 0 to `largest`. */
  png: z.string(),
  largest: figure,
  words: z.string(),
})
export type ExplanationPicture = z.infer<typeof explanationPicture>
