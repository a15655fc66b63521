import { z } from 'zod'

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

/**
 * A height that was verified: a metadata version, or for the time floor milliseconds since 1970. `scope` is the digest
 * of the keys that vouched for it and `root` the version of the root that named those keys.
 */
export const mark = z.strictObject({ height: count, scope: z.string().max(64), root: count })
export type Mark = z.infer<typeof mark>

/**
 * The highest of everything that a device has verified. Kept apart from the metadata files, because whoever can delete
 * those could otherwise go back to an old repository.
 */
export const highWaterMarksState = z.strictObject({
  schema: z.literal('leadglass.high-water-marks/1'),
  /** Version of root. Never resets. */
  root: count,
  timestamp: mark,
  snapshot: mark,
  targets: mark,
  approvedModels: mark,
  /** Absent from marks that were kept before the role existed. */
  recalls: mark.default({ height: 0, scope: '', root: 0 }),
  /** The latest signed time of issue: no present time is before it. */
  timeFloor: mark,
  /** Model name to the highest release counter. Never resets. */
  releaseCounters: z.record(z.string().regex(/^[a-z][a-z0-9-]{1,63}$/), count),
})
export type HighWaterMarksState = z.infer<typeof highWaterMarksState>

/**
 * Where the marks are kept: a file in the agent, the encrypted database in the appliance. `raise` never lowers: an
 * adapter stores `mergeMarks(current, marks)`, and returns only when that is durable.
 */
export interface HighWaterMarks {
  read(): Promise<HighWaterMarksState>
  raise(marks: HighWaterMarksState): Promise<void>
}

const NO_MARK: Mark = { height: 0, scope: '', root: 0 }

/** The marks of a device that has seen nothing. */
export const NO_MARKS: HighWaterMarksState = {
  schema: 'leadglass.high-water-marks/1',
  root: 0,
  timestamp: NO_MARK,
  snapshot: NO_MARK,
  targets: NO_MARK,
  approvedModels: NO_MARK,
  recalls: NO_MARK,
  timeFloor: NO_MARK,
  releaseCounters: {},
}

/**
 * The higher of both, member by member. A member whose keys changed starts again when a newer root named the new keys:
 * that is how a repository recovers from a fast-forward attack (TUF 5.3.11).
 */
export function mergeMarks(current: HighWaterMarksState, next: HighWaterMarksState): HighWaterMarksState {
  const counters = { ...current.releaseCounters }
  for (const [name, counter] of Object.entries(next.releaseCounters)) {
    counters[name] = Math.max(counters[name] ?? 0, counter)
  }
  return {
    schema: 'leadglass.high-water-marks/1',
    root: Math.max(current.root, next.root),
    timestamp: higher(current.timestamp, next.timestamp),
    snapshot: higher(current.snapshot, next.snapshot),
    targets: higher(current.targets, next.targets),
    approvedModels: higher(current.approvedModels, next.approvedModels),
    recalls: higher(current.recalls, next.recalls),
    timeFloor: higher(current.timeFloor, next.timeFloor),
    releaseCounters: counters,
  }
}

/** True when `seen` lies below its mark and no change of keys excuses it. */
export function isBelow(known: Mark, seen: Mark): boolean {
  return seen.height < known.height && !isNewScope(known, seen)
}

function higher(current: Mark, next: Mark): Mark {
  if (next.height === 0) return current
  if (isNewScope(current, next)) return next
  return next.height > current.height ? next : current
}

function isNewScope(known: Mark, seen: Mark): boolean {
  return seen.scope !== known.scope && seen.root > known.root
}
