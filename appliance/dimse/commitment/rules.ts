import { isStorageSopClass } from '../facts/uids.ts'
import type { CommitmentReport, FailedReference, InstanceReference } from '../ports.ts'

/** Failure Reason (0008,1197) values of PS3.3 C.14.1.1. */
export const FAILURE_REASON = {
  processingFailure: 0x0110,
  noSuchObjectInstance: 0x0112,
  classInstanceConflict: 0x0119,
  sopClassNotSupported: 0x0122,
  duplicateTransactionUid: 0x0131,
} as const

/**
 * What is known here of an instance. `held`: it is on disk and journalled under this class. `other-class`: it is, under
 * another class. `not-held`: nobody sent it, or it is gone.
 */
export type Holding = 'held' | 'other-class' | 'not-held'

/** The reason why an instance is not committed, or `undefined` when it is. */
export function failureReasonOf(reference: InstanceReference, holding: Holding): number | undefined {
  if (holding === 'held') return undefined
  if (holding === 'other-class') return FAILURE_REASON.classInstanceConflict
  return isStorageSopClass(reference.sopClassUid)
    ? FAILURE_REASON.noSuchObjectInstance
    : FAILURE_REASON.sopClassNotSupported
}

/** What an earlier transaction says about a request that carries its transaction UID. */
export type Repetition = 'new' | 'same-request' | 'duplicate-uid'

/**
 * PS3.3 C.14.1.1, 0131H: a transaction UID is in use while its report is owed. The same requester with the same list is
 * only asking again, having lost our answer; anybody else, or another list, is a duplicate.
 */
export function repetitionOf(
  request: { readonly requesterAeTitle: string; readonly instances: readonly InstanceReference[] },
  pending: { readonly requesterAeTitle: string; readonly instances: readonly InstanceReference[] } | undefined,
): Repetition {
  if (pending === undefined) return 'new'
  const same =
    pending.requesterAeTitle === request.requesterAeTitle &&
    pending.instances.length === request.instances.length &&
    pending.instances.every((instance, index) => {
      const other = request.instances[index]
      return instance.sopClassUid === other?.sopClassUid && instance.sopInstanceUid === other.sopInstanceUid
    })
  return same ? 'same-request' : 'duplicate-uid'
}

/** The report for a transaction from what was found for each instance. */
export function reportOf(
  transactionUid: string,
  results: readonly { readonly reference: InstanceReference; readonly failureReason: number | undefined }[],
): CommitmentReport {
  const committed: InstanceReference[] = []
  const failed: FailedReference[] = []
  for (const { reference, failureReason } of results) {
    if (failureReason === undefined) committed.push(reference)
    else failed.push({ ...reference, failureReason })
  }
  return { transactionUid, committed, failed }
}

/** What became of one instance that we asked to be committed. `unanswered`: the report did not name it, or none came. */
export type InstanceOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'failed'; readonly failureReason: number }
  | { readonly kind: 'unanswered' }

/**
 * The outcome of each instance that was asked for, in that order. What a report says about instances that were not
 * asked for is not heard, and a failure wins over a success for the same instance.
 */
export function outcomesOf(
  asked: readonly InstanceReference[],
  report: Pick<CommitmentReport, 'committed' | 'failed'>,
): InstanceOutcome[] {
  const key = ({ sopClassUid, sopInstanceUid }: InstanceReference) => `${sopClassUid} ${sopInstanceUid}`
  const committed = new Set(report.committed.map(key))
  const failed = new Map(report.failed.map((reference) => [key(reference), reference.failureReason]))
  return asked.map((reference) => {
    const failureReason = failed.get(key(reference))
    if (failureReason !== undefined) return { kind: 'failed', failureReason }
    return committed.has(key(reference)) ? { kind: 'committed' } : { kind: 'unanswered' }
  })
}

const FIRST_RETRY_MS = 5000
const LONGEST_RETRY_MS = 900_000

/** How long to wait after the nth failed attempt to report: doubling from 5 s to 15 min, spread by `chance` (0 to 1). */
export function reportBackoffMs(attempts: number, chance: number): number {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(20, Math.max(0, attempts - 1)))
  return Math.round(full / 2 + (full / 2) * chance)
}
