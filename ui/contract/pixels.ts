import { z } from 'zod'
import { count, instant, pseudonym } from './fields.ts'

/** Pixels that a person must look at, and the export of studies, over the appliance's interface. */

const side = z.number().int().min(1).max(65_535)
const reason = z.string().trim().min(3).max(500)

/** A box that is blacked out: in one frame, or (`null`) in all. Pixels from the left upper corner. */
export const pixelBox = z.strictObject({
  frame: count.nullable(),
  box: z.strictObject({ left: count, top: count, width: side, height: side }),
})
export type PixelBox = z.infer<typeof pixelBox>

export const pixelReviewState = z.enum(['held', 'released', 'refused'])

/** An object that may not leave by itself. */
export const pixelReview = z.object({
  review: z.number().int(),
  study: pseudonym,
  sopClassUid: z.string(),
  modality: z.string(),
  state: pixelReviewState,
  reason: z.string(),
  /** Version of the catalogue of devices that was asked. */
  catalogue: z.string(),
  /** Where text was found. */
  proposed: z.array(pixelBox),
  /** What a person had blacked out; null until then, and for refusals. */
  boxes: z.array(pixelBox).nullable(),
  heldAt: instant,
  decidedAt: instant.nullable(),
  decidedBy: z.string().nullable(),
  decisionReason: z.string().nullable(),
})
export type PixelReviewView = z.infer<typeof pixelReview>

/** GET /api/pixel-reviews. */
export const pixelReviewQuery = z.strictObject({ state: pixelReviewState.default('held') })
export const pixelReviewList = z.object({ reviews: z.array(pixelReview) })
export type PixelReviewList = z.infer<typeof pixelReviewList>

/** GET /api/pixel-reviews/:review/frames/:frame. Every answer is an entry in the audit log. */
export const pixelFrame = z.object({
  frames: z.number().int().min(1),
  width: side,
  height: side,
  /** PNG, base64. */
  png: z.string(),
})
export type PixelFrame = z.infer<typeof pixelFrame>

/** POST /api/pixel-reviews/:review/release: masked by these boxes and read again. */
export const releaseRequest = z.strictObject({ boxes: z.array(pixelBox).max(1000), reason })
export const releaseAnswer = z.discriminatedUnion('released', [
  z.object({ released: z.literal(true) }),
  /** What identifies can still be read there; nothing was decided. */
  z.object({ released: z.literal(false), found: z.array(pixelBox) }),
])
export type ReleaseAnswerView = z.infer<typeof releaseAnswer>

/** POST /api/pixel-reviews/:review/refuse. */
export const refuseRequest = z.strictObject({ reason })
export const refuseAnswer = z.object({ refused: z.literal(true) })

/** GET /api/studies/:study/export: what an export would take. */
export const exportPlan = z.object({
  study: pseudonym,
  revision: count,
  instances: z.array(z.object({ instance: count, bytes: count })),
})
export type ExportPlan = z.infer<typeof exportPlan>

/** POST /api/studies/:study/export/:instance: a DICOM file, or this. */
export const notExported = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['held', 'refused']), review: z.number().int(), reason: z.string() }),
  z.object({ kind: z.literal('quarantined'), reason: z.string() }),
])
export type NotExported = z.infer<typeof notExported>

/** Header of an exported file: its name without folder. */
export const EXPORT_NAME_HEADER = 'x-leadglass-name'
/** Header of an exported file: how many boxes were blacked out. */
export const EXPORT_MASKED_HEADER = 'x-leadglass-masked'
