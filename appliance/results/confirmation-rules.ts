import { FAILURE_REASON, type InstanceOutcome } from '../dimse/index.ts'
import type { ConfirmBy } from '../records/index.ts'

/** What follows from an answer, or its absence, for a delivery that the destination accepted. */
export type ConfirmationStep =
  | { readonly kind: 'confirmed'; readonly by: ConfirmBy }
  /** Ask (again), in this way; at once when `soon`. */
  | { readonly kind: 'ask'; readonly by: ConfirmBy; readonly reason: string; readonly soon: boolean }
  /** The destination could not be reached, which says nothing: ask again, however long it takes. */
  | { readonly kind: 'unreached'; readonly by: ConfirmBy; readonly reason: string }
  | { readonly kind: 'send-again'; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string }

/** Resource limitation (PS3.3 C.14.1.1). */
const RESOURCE_LIMITATION = 0x0213

/** A delivery that was asked about this often, over all its transmissions, waits for a person. */
export const MOST_CONFIRM_ATTEMPTS = 24

/** Queries that may find nothing before the object counts as lost: archives index after they have answered. */
export const QUERIES_BEFORE_RESEND = 3

/**
 * Reads what a report of storage commitment said about one object (PS3.3 C.14.1.1, Failure Reason (0008,1197)). An
 * object that the archive does not know is sent again; a conflict of class, or a class that it does not commit to,
 * needs a person; everything else may pass. Without a word about the object the archive is asked by C-FIND.
 */
export function afterReport(outcome: InstanceOutcome): ConfirmationStep {
  if (outcome.kind === 'committed') return { kind: 'confirmed', by: 'commitment' }
  if (outcome.kind === 'unanswered') return { kind: 'ask', by: 'query', reason: 'commitment-unanswered', soon: true }
  const reason = `commitment-${outcome.failureReason.toString(16).padStart(4, '0')}`
  switch (outcome.failureReason) {
    case FAILURE_REASON.noSuchObjectInstance:
      return { kind: 'send-again', reason }
    case FAILURE_REASON.classInstanceConflict:
    case FAILURE_REASON.sopClassNotSupported:
      return { kind: 'dead', reason }
    case FAILURE_REASON.processingFailure:
    case FAILURE_REASON.duplicateTransactionUid:
    case RESOURCE_LIMITATION:
      return { kind: 'ask', by: 'commitment', reason, soon: false }
    default:
      // A reason of the archive's own: what it holds is asked, instead of guessed.
      return { kind: 'ask', by: 'query', reason, soon: true }
  }
}

/**
 * What follows from a C-FIND for the object.
 * @param configured the way that the settings name. @param attempts how often the destination was asked before.
 */
export function afterQuery(
  answer: 'found' | 'not-found' | 'not-asked',
  configured: ConfirmBy,
  attempts: number,
): ConfirmationStep {
  if (answer === 'found') return { kind: 'confirmed', by: 'query' }
  if (answer === 'not-asked') return { kind: 'ask', by: configured, reason: 'query-failed', soon: false }
  if (attempts % QUERIES_BEFORE_RESEND !== QUERIES_BEFORE_RESEND - 1)
    return { kind: 'ask', by: 'query', reason: 'query-not-found', soon: false }
  return { kind: 'send-again', reason: 'query-not-found' }
}

/** The step as it is taken: one that goes on for ever is given up. */
export function bounded(step: ConfirmationStep, attempts: number): ConfirmationStep {
  const goesOn = step.kind === 'ask' || step.kind === 'send-again'
  return goesOn && attempts >= MOST_CONFIRM_ATTEMPTS ? { kind: 'dead', reason: `not-confirmed.${step.reason}` } : step
}
