import { decodeEvent, type RecordedAuditEvent } from '@leadglass/sync-agent/audit-log'
import type Database from 'better-sqlite3'

/** What is looked for. Absent members do not narrow; identifiers match exactly. */
export interface AuditQuery {
  /** Origin of one log; all logs when absent. */
  readonly origin?: string | undefined
  /** A word of the vocabulary, `session.opened`, or its family, `session`. */
  readonly event?: string | undefined
  readonly actor?: string | undefined
  /** Identifier of what the event is about: a study's pseudonym, a batch, a device. */
  readonly subject?: string | undefined
  /** A model's name, without its version. */
  readonly model?: string | undefined
  readonly outcome?: string | undefined
  /** POSIX seconds, both inclusive. */
  readonly from?: number | undefined
  readonly until?: number | undefined
}

/** Where a page begins: below this time, and below this entry at the same time. */
export interface AuditCursor {
  readonly at: number
  readonly entry: number
}

/** One match. `hash` is the RFC 6962 leaf hash, hexadecimal. */
export interface AuditMatch {
  readonly origin: string
  readonly index: number
  readonly hash: string
  readonly event: RecordedAuditEvent | null
}

/** Matches, newest first; `next` begins the following page and is `null` at the end. */
export interface AuditMatches {
  readonly entries: readonly AuditMatch[]
  readonly next: AuditCursor | null
}

const NEWEST: AuditCursor = { at: Number.MAX_SAFE_INTEGER, entry: Number.MAX_SAFE_INTEGER }

/** The statement for a query, and its values in order. The index is named: no statistics decide which one is taken. */
export function searchStatement(
  query: AuditQuery,
  cursor: AuditCursor | null,
  limit: number,
): { readonly sql: string; readonly values: readonly (string | number)[] } {
  const narrowing: [clause: string, value: string][] = []
  const add = (clause: string, value: string | undefined): void => {
    if (value !== undefined) narrowing.push([clause, value])
  }
  const isFamily = query.event !== undefined && !query.event.includes('.')
  add('e.subject = ?', query.subject)
  add('m.model = ?', query.model?.slice(0, 40))
  add('e.actor = ?', query.actor)
  add(isFamily ? 'e.family = ?' : 'e.event = ?', query.event)
  add('e.log = (SELECT id FROM audit_log WHERE origin = ?)', query.origin)
  const first = narrowing[0]?.[0]
  const byModel = first === 'm.model = ?'
  const from = byModel
    ? 'audit_entry_model m CROSS JOIN audit_entry e ON e.entry = m.entry'
    : `audit_entry e INDEXED BY ${indexFor(first, isFamily)}${
        query.model === undefined ? '' : ' CROSS JOIN audit_entry_model m ON m.entry = e.entry'
      }`
  add('e.outcome = ?', query.outcome)
  const [at, entry] = byModel ? ['m.at', 'm.entry'] : ['e.at', 'e.entry']
  const { at: beforeAt, entry: beforeEntry } = cursor ?? NEWEST
  const sql = `SELECT ${at} AS at, e.entry, g.origin, e.leaf_index, l.leaf, l.hash FROM ${from}
    CROSS JOIN audit_leaf l ON l.log = e.log AND l.leaf_index = e.leaf_index CROSS JOIN audit_log g ON g.id = e.log
    WHERE ${narrowing.map(([clause]) => `${clause} AND `).join('')}(${at}, ${entry}) < (?, ?)
    AND ${at} >= ? AND ${at} <= ? ORDER BY ${at} DESC, ${entry} DESC LIMIT ?`
  const values = [
    ...narrowing.map(([, value]) => value),
    beforeAt,
    beforeEntry,
    query.from ?? 0,
    query.until ?? Number.MAX_SAFE_INTEGER,
    limit,
  ]
  return { sql, values }
}

/** One page of matches. Entries that the index does not have yet are not found. */
export function searchEntries(
  database: Database.Database,
  query: AuditQuery,
  cursor: AuditCursor | null,
  limit: number,
): AuditMatches {
  const { sql, values } = searchStatement(query, cursor, limit)
  const rows = database.prepare(sql).all(...values) as {
    readonly at: number
    readonly entry: number
    readonly origin: string
    readonly leaf_index: number
    readonly leaf: Buffer
    readonly hash: Buffer
  }[]
  const last = rows.at(-1)
  return {
    entries: rows.map((row) => ({
      origin: row.origin,
      index: row.leaf_index,
      hash: row.hash.toString('hex'),
      event: decodeEvent(row.leaf) ?? null,
    })),
    next: last === undefined || rows.length < limit ? null : { at: last.at, entry: last.entry },
  }
}

function indexFor(clause: string | undefined, isFamily: boolean): string {
  if (clause === undefined) return 'audit_entry_by_time'
  if (clause.startsWith('e.subject')) return 'audit_entry_by_subject'
  if (clause.startsWith('e.actor')) return 'audit_entry_by_actor'
  if (clause.startsWith('e.log')) return 'audit_entry_by_log'
  return isFamily ? 'audit_entry_by_family' : 'audit_entry_by_event'
}
