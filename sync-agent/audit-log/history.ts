import type { RecordedAuditEvent } from './event.ts'

/** Clocks are corrected in steps of seconds; a leaf may be this much earlier than the one before it. */
const STEP_BACK_MS = 120_000
/** A leaf may claim to be this much later than the moment at which a witness saw it. */
const AHEAD_MS = 600_000

/** What is odd about the times or the processes in a log. */
export type HistoryFinding = {
  readonly index: number
  readonly code: /** A leaf claims to be older than the one before it, and no `clock.jumped` stands between: back-dated. */
    | 'time-went-back'
    /** A leaf claims to be later than the cosignature that covers it. */
    | 'later-than-witnessed'
    /** A process started anew although its stop was not recorded: it was killed, or recording was off. */
    | 'stop-not-recorded'
}

/** A checkpoint's size and when a witness cosigned it, in POSIX seconds. */
export interface WitnessedSize {
  readonly size: number
  readonly at: number
}

/** True when `later`, written after `earlier`, claims a time before it that no correction of a clock explains. */
export function wentBack(earlier: RecordedAuditEvent, later: RecordedAuditEvent): boolean {
  if (later.event === 'clock.jumped' || earlier.event === 'clock.jumped') return false
  return Date.parse(later.at) < Date.parse(earlier.at) - STEP_BACK_MS
}

/** True when an event claims to be later than it was seen. @param seenMs milliseconds since 1970. */
export function isAhead(event: RecordedAuditEvent, seenMs: number): boolean {
  return Date.parse(event.at) > seenMs + AHEAD_MS
}

/**
 * Looks through a log whose tree is verified: the tree proves that nothing was changed since it was witnessed, this finds
 * what was false when it was written. Leaves that cannot be read are passed over.
 */
export function examineHistory(
  events: Iterable<RecordedAuditEvent | undefined>,
  witnessed: readonly WitnessedSize[] = [],
): HistoryFinding[] {
  const sizes = [...witnessed].sort((a, b) => a.size - b.size)
  const findings: HistoryFinding[] = []
  const running = new Set<string>()
  let before: RecordedAuditEvent | undefined
  let index = -1
  for (const event of events) {
    index += 1
    if (event === undefined) continue
    while ((sizes[0]?.size ?? Number.POSITIVE_INFINITY) <= index) sizes.shift()
    const seen = sizes.reduce((first, one) => Math.min(first, one.at), Number.POSITIVE_INFINITY)
    if (before !== undefined && wentBack(before, event)) findings.push({ index, code: 'time-went-back' })
    if (isAhead(event, seen * 1000)) findings.push({ index, code: 'later-than-witnessed' })
    if (!followsProcess(event, running)) findings.push({ index, code: 'stop-not-recorded' })
    before = event
  }
  return findings
}

/** Follows which processes run. False for a start of one whose stop is missing. */
function followsProcess(event: RecordedAuditEvent, running: Set<string>): boolean {
  const process = event.subject?.id ?? event.actor.id
  if (event.event === 'process.stopped') running.delete(process)
  if (event.event !== 'process.started') return true
  const isNew = !running.has(process)
  running.add(process)
  return isNew
}
