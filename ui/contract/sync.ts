import { z } from 'zod'

/** The way to the hub over the appliance's interface: what waits, what was turned away, and whether both sides agree. */

const instant = z.iso.datetime()
const count = z.number().int().min(0)
const span = z.object({ stream: z.string(), from: z.number().int(), to: z.number().int() })

/** One epoch: what this side holds of it, and what the hub answered. */
export const syncEpoch = z.object({
  epoch: z.number().int(),
  openedAt: instant,
  reason: z.string(),
  closed: z.boolean(),
  /** `none`: nothing was stated yet. `pending`: the answer, or a narrower one, is awaited. */
  verdict: z.enum(['none', 'pending', 'equal', 'unequal']),
  /** Serial of the last statement; null before the first. */
  serial: z.number().int().nullable(),
  envelopes: count.nullable(),
  root: z.string().nullable(),
  hubEnvelopes: count.nullable(),
  hubRoot: z.string().nullable(),
  /** Ranges that differ, narrowed down to single envelopes where that could be done. */
  differences: z.array(span),
  statedAt: instant.nullable(),
  answeredAt: instant.nullable(),
})
export type SyncEpoch = z.infer<typeof syncEpoch>

/** GET /api/sync. */
export const syncStatus = z.object({
  classes: z.array(
    z.object({
      stream: z.string(),
      unsentEnvelopes: count,
      unsentBytes: count,
      /** Null where the class is always taken. */
      quota: z.object({ envelopes: count, bytes: count }).nullable(),
    }),
  ),
  /** Bodies that were turned away, by class and reason. */
  rejected: z.array(
    z.object({
      stream: z.string(),
      kind: z.string(),
      reason: z.string(),
      bodies: count,
      bytes: count,
      firstAt: instant,
      lastAt: instant,
    }),
  ),
  /** The newest first. */
  epochs: z.array(syncEpoch),
})
export type SyncStatus = z.infer<typeof syncStatus>

/** POST /api/sync/epochs/:epoch/statement: its serial. */
export const syncStated = z.object({ serial: z.number().int() })
