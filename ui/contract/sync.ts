import { z } from 'zod'
import { count, instant } from './fields.ts'

/** The way to the hub over the appliance's interface: what waits, what was turned away, and whether both sides agree. */

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
  /** What the hub has not taken, by stream and reason; it stays here until it is settled. */
  refused: z.array(
    z.object({
      epoch: z.number().int(),
      stream: z.string(),
      code: z.string(),
      count,
      first: z.number().int(),
      last: z.number().int(),
      since: instant,
    }),
  ),
  /** The newest first. */
  epochs: z.array(syncEpoch),
})
export type SyncStatus = z.infer<typeof syncStatus>

/** POST /api/sync/epochs/:epoch/statement: its serial. */
export const syncStated = z.object({ serial: z.number().int() })

/** POST /api/sync/reseal: why a person has what the hub refused sealed again. The reason stays at the site. */
export const syncResealRequest = z.strictObject({ reason: z.string().min(8).max(1000) })

/** Its answer: the epoch that was opened for it, and how much was sealed again. */
export const syncResealed = z.object({ epoch: z.number().int(), envelopes: count })
export type SyncResealed = z.infer<typeof syncResealed>

/** What a refusal of the hub means, and what to do, in plain words. */
export const REFUSAL_WORDS: Readonly<Record<string, { readonly found: string; readonly nextStep: string }>> = {
  conflict: {
    found: 'the hub holds something else at these places: this box was put back to an earlier state, or copied',
    nextStep:
      'make sure that no second box runs with this identity, then have it sealed again: leadglass sync reseal --reason "..."',
  },
  'closed-epoch': {
    found: 'this box had told the hub that the epoch was over: it was put back to an earlier state',
    nextStep: 'have it sealed again: leadglass sync reseal --reason "..."',
  },
  schema: {
    found: 'the hub does not know this kind of message: it is of an earlier version than this box',
    nextStep: 'bring the hub up to date; it is sent again by itself, and other streams go on meanwhile',
  },
  'audit-inconsistent': {
    found:
      'the audit log of this box does not continue the one that the hub has seen: it was put back, copied or changed',
    nextStep:
      'keep its data folder for the people who look into it; revoke its identity at the hub and join under a new name with an empty one',
  },
  'foreign-device': {
    found: 'these messages name another box than the certificate',
    nextStep: 'the database of another box lies here: restore the right one',
  },
}
