import { decodeEvent, type RecordedAuditEvent } from '@leadglass/sync-agent/audit-log'
import type Database from 'better-sqlite3'
import { type AuditCursor, type AuditMatches, type AuditQuery, searchEntries } from './search.ts'

const LOGS = `SELECT g.id, coalesce(i.next, 0) AS next,
  coalesce((SELECT max(leaf_index) + 1 FROM audit_leaf WHERE log = g.id), 0) AS size
  FROM audit_log g LEFT JOIN audit_indexed i ON i.log = g.id`
export const NEXT_LEAVES = `SELECT leaf_index, leaf FROM audit_leaf WHERE log = ? AND leaf_index >= ?
  ORDER BY leaf_index LIMIT ?`
const ADD_ENTRY = `INSERT INTO audit_entry (log, leaf_index, at, event, family, actor, subject, outcome)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
const ADD_MODEL = 'INSERT INTO audit_entry_model (model, at, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
const SET_NEXT = `INSERT INTO audit_indexed (log, next) VALUES (?, ?)
  ON CONFLICT (log) DO UPDATE SET next = excluded.next`

/** Entries taken in one transaction, so that ingest never waits long; and at most so many before a search. */
export const INDEX_STEP = 2_000
const BEFORE_SEARCH = 20_000
/** How often to look, in milliseconds. */
export const INDEX_EVERY_MS = 1_000
/** A code cuts longer names; so does the index. */
const LONGEST_NAME = 40

/**
 * The index over all logs of the hub. It follows the logs: in the background while the hub runs, and before each search,
 * so an act that has just happened is found at once.
 */
export class AuditIndex {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  /** Takes up to `limit` entries into the index. @returns how many still wait. */
  follow(limit: number): number {
    // One commit for all logs: a fleet has a thousand of them, and each would cost a flush of its own.
    return this.#database.transaction(() => this.#followAll(limit))()
  }

  #followAll(limit: number): number {
    let room = limit
    let waiting = 0
    const logs = this.#database.prepare(LOGS).all() as { id: number; next: number; size: number }[]
    for (const { id, next, size } of logs) {
      let position = next
      while (position < size && room > 0) {
        const taken = this.#take(id, position, Math.min(INDEX_STEP, room, size - position))
        position += taken
        room -= taken
      }
      waiting += size - position
    }
    return waiting
  }

  /** One page of matches, newest first; `waiting` entries are not in the index yet. */
  search(
    query: AuditQuery,
    cursor: AuditCursor | null,
    limit: number,
  ): AuditMatches & {
    readonly waiting: number
  } {
    const waiting = this.follow(BEFORE_SEARCH)
    return { ...searchEntries(this.#database, query, cursor, limit), waiting }
  }

  #take(log: number, from: number, count: number): number {
    return this.#database.transaction(() => {
      const rows = this.#database.prepare(NEXT_LEAVES).all(log, from, count) as { leaf_index: number; leaf: Buffer }[]
      const addEntry = this.#database.prepare(ADD_ENTRY)
      const addModel = this.#database.prepare(ADD_MODEL)
      for (const { leaf_index: index, leaf } of rows) {
        const event = decodeEvent(leaf)
        // An entry that cannot be read cannot be searched for; it stays in the log and in every proof.
        if (event === undefined) continue
        const at = Date.parse(event.at) / 1000
        const family = event.event.split('.')[0] ?? event.event
        const { lastInsertRowid: entry } = addEntry.run(
          log,
          index,
          at,
          event.event,
          family,
          event.actor.id,
          event.subject?.id ?? null,
          event.outcome,
        )
        for (const model of modelsOf(event)) addModel.run(model, at, entry)
      }
      this.#database.prepare(SET_NEXT).run(log, from + rows.length)
      return rows.length
    })()
  }
}

/** Names of the models that an event is about: its subject, `name@version`, or codes `model.<name>` and further. */
export function modelsOf(event: RecordedAuditEvent): string[] {
  const named = event.codes.flatMap((code) => /^model\.([a-z0-9-]+)/.exec(code)?.[1] ?? [])
  const { subject } = event
  if (subject === null || (subject.kind !== 'model' && subject.kind !== 'release')) return named
  return [...named, (subject.id.split('@')[0] ?? subject.id).slice(0, LONGEST_NAME)]
}
