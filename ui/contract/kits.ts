import { z } from 'zod'
import { count } from './fields.ts'

/** Kits that are carried by hand, over the hub's interface. */

const device = z.string().max(64)

/** POST /api/kits. The folder lies on the hub's machine. */
export const carriedKitRequest = z.strictObject({ folder: z.string().min(1).max(4096) })

export const carriedKitAnswer = z.strictObject({
  device,
  batches: count,
  /** Files that are no batches. */
  refused: count,
  answers: z.array(z.strictObject({ code: z.string().max(64), count })).max(32),
})
export type CarriedKitAnswer = z.infer<typeof carriedKitAnswer>

/** GET /api/kits/acknowledgements: a signed note for every device that ever sent anything by kit. */
export const kitAcknowledgements = z.strictObject({
  notes: z.array(z.strictObject({ device, note: z.string().max(65_536) })).max(100_000),
})
export type KitAcknowledgements = z.infer<typeof kitAcknowledgements>
