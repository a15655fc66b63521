/**
 * The words of the appliance's record. Each concern is one axis; no axis repeats what another says.
 *
 * - instance: one SOP instance as it arrived, bytes kept in the spool under their digest.
 * - study: what instances share by Study Instance UID (0020,000D).
 * - revision: the set of instances of a study that was complete at one time. A late instance opens the next revision,
 *   which supersedes the one before.
 * - job: the work on one complete revision; a revision carries its own job state.
 * - delivery: one result object on its way to one destination.
 * - quarantine: an instance that is kept and not used, and why.
 */

/** Whether a revision may still grow. */
export const ASSEMBLY_STATES = ['receiving', 'complete'] as const
export type AssemblyState = (typeof ASSEMBLY_STATES)[number]

/** Where the work on a complete revision stands. */
export const PROCESSING_STATES = ['queued', 'running', 'scored', 'not-scored', 'failed', 'quarantined'] as const
export type ProcessingState = (typeof PROCESSING_STATES)[number]

/** Processing states after which nothing more happens to a revision. */
export const FINAL_PROCESSING_STATES: readonly ProcessingState[] = ['scored', 'not-scored', 'failed', 'quarantined']

/** Where one result object stands with one destination. `dead` waits for a person. */
export const DELIVERY_STATES = ['pending', 'accepted', 'dead'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** Why a revision was declared complete. */
export const COMPLETION_REASONS = [
  'procedure-step',
  'instance-availability',
  'instance-count',
  'association-end-and-quiet',
  'quiet-timer',
  'cap',
  'restart',
  'correction',
] as const
export type CompletionReason = (typeof COMPLETION_REASONS)[number]

/** What stands in a list: one word derived from the axes. */
export const STUDY_STATES = [
  'receiving',
  'queued',
  'running',
  'scored',
  'not-scored',
  'failed',
  'quarantined',
  'superseded',
] as const
export type StudyState = (typeof STUDY_STATES)[number]

/** What a person may be at the site. */
export const ROLES = ['technologist', 'radiologist', 'site-admin'] as const
export type Role = (typeof ROLES)[number]

/** Where a backfill stands; `cancelled` and `finished` are ends. */
export const BACKFILL_STATES = ['running', 'paused', 'cancelled', 'finished'] as const
export type BackfillState = (typeof BACKFILL_STATES)[number]

/** What a backfill made of one study. `skipped`: no model was asked. */
export const BACKFILL_OUTCOMES = ['scored', 'not-scored', 'failed', 'skipped'] as const
export type BackfillOutcome = (typeof BACKFILL_OUTCOMES)[number]

/** What the appliance knows about a model version. */
export const MODEL_STATES = ['staged', 'active', 'retained', 'refused'] as const
export type ModelState = (typeof MODEL_STATES)[number]

/** Derives the one word of a revision for lists. A superseded revision says so whatever became of it before. */
export function deriveState(revision: {
  readonly assembly: AssemblyState
  readonly processing: ProcessingState
  readonly superseded: boolean
}): StudyState {
  if (revision.superseded) return 'superseded'
  if (revision.assembly === 'receiving') return 'receiving'
  return revision.processing
}
