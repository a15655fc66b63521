import { type AuditLog, decodeEvent, type RecordedAuditEvent } from '@leadglass/sync-agent/audit-log'

/** What is looked for. Absent members do not narrow. `before` is an index: entries below it, newest first. */
export interface AuditSearch {
  readonly event?: string | undefined
  readonly actor?: string | undefined
  readonly subject?: string | undefined
  readonly before?: number | undefined
  readonly limit: number
}

/** One entry of a log, decoded. */
export interface AuditEntry {
  readonly index: number
  readonly event: RecordedAuditEvent
}

/** Matches, newest first; `next` is the `before` of the next page, `null` at the beginning of the log. */
export interface AuditPage {
  readonly size: number
  readonly entries: readonly AuditEntry[]
  readonly next: number | null
}

/** Entries looked at for one page; a search for something rare goes on over several pages. */
const SCAN_LIMIT = 20_000
const CHUNK = 500

/** Reads a log backwards. `subject` and `actor` match identifiers exactly; `event` matches a code or its beginning. */
export function searchLog(log: AuditLog, search: AuditSearch): AuditPage {
  const size = log.size
  const entries: AuditEntry[] = []
  let end = Math.min(search.before ?? size, size)
  const floor = Math.max(0, end - SCAN_LIMIT)
  while (end > floor) {
    const begin = Math.max(floor, end - CHUNK)
    const chunk = [...log.leaves(begin, end)]
    for (let i = chunk.length - 1; i >= 0; i--) {
      const leaf = chunk[i]
      const event = leaf === undefined ? undefined : decodeEvent(leaf)
      if (event === undefined || !matches(event, search)) continue
      entries.push({ index: begin + i, event })
      if (entries.length === search.limit) return { size, entries, next: begin + i > 0 ? begin + i : null }
    }
    end = begin
  }
  return { size, entries, next: end > 0 ? end : null }
}

function matches(event: RecordedAuditEvent, search: AuditSearch): boolean {
  if (search.event !== undefined && event.event !== search.event && !event.event.startsWith(`${search.event}.`)) {
    return false
  }
  if (search.actor !== undefined && event.actor.id !== search.actor) return false
  return search.subject === undefined || event.subject?.id === search.subject
}
