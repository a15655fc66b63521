import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** Where an identifier was found. */
export type LeakPlace = 'log' | 'object' | 'envelope'

/** One alarm. */
export interface LeakAlarmRow {
  readonly alarmId: number
  readonly study: string
  readonly place: LeakPlace
  readonly hits: number
  readonly firstAt: number
  readonly lastAt: number
}

const COUNT_AGAIN = `
UPDATE leak_alarm SET hits = hits + ?, last_at = ? WHERE study_id = ? AND place = ? AND settled_at IS NULL`
const INSERT = 'INSERT INTO leak_alarm (study_id, place, hits, first_at, last_at) VALUES (?, ?, ?, ?, ?)'
export const SELECT_OPEN_OF_STUDY = 'SELECT 1 FROM leak_alarm WHERE study_id = ? AND settled_at IS NULL LIMIT 1'
const SELECT_OPEN = `
SELECT a.alarm_id AS alarmId, s.study_pseudonym AS study, a.place, a.hits, a.first_at AS firstAt, a.last_at AS lastAt
FROM leak_alarm a JOIN study s ON s.study_id = a.study_id WHERE a.settled_at IS NULL ORDER BY a.alarm_id DESC LIMIT ?`
const COUNT_OPEN = 'SELECT count(*) AS count FROM leak_alarm WHERE settled_at IS NULL'
const SELECT_STUDY =
  'SELECT s.study_pseudonym AS study, a.study_id AS studyId FROM leak_alarm a JOIN study s ON s.study_id = a.study_id WHERE a.alarm_id = ?'
const SETTLE = 'UPDATE leak_alarm SET settled_at = ?, settled_by = ? WHERE alarm_id = ? AND settled_at IS NULL'

/** The alarms about identifiers where none may be. Every change belongs into the caller's transaction. */
export class LeakRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Counts findings. @returns true when they opened an alarm. */
  raise(place: LeakPlace, studyId: number, hits: number, at: number): boolean {
    if (this.#sql.run(COUNT_AGAIN, hits, at, studyId, place).changes > 0) return false
    this.#sql.run(INSERT, studyId, place, hits, at, at)
    return true
  }

  /** True while an alarm about the study waits for a person. */
  isOpen(studyId: number): boolean {
    return this.#sql.get(SELECT_OPEN_OF_STUDY, studyId) !== undefined
  }

  /** The alarms that wait for a person, newest first. */
  open(limit: number): readonly LeakAlarmRow[] {
    return this.#sql.all<LeakAlarmRow>(SELECT_OPEN, limit)
  }

  /** How many alarms wait for a person. */
  openCount(): number {
    return this.#sql.get<{ count: number }>(COUNT_OPEN)?.count ?? 0
  }

  /** Ends an alarm. @returns the study that it was about; undefined when there is no such open alarm. */
  settle(alarmId: number, by: string, at: number): { readonly study: string; readonly studyId: number } | undefined {
    if (this.#sql.run(SETTLE, at, by, alarmId).changes === 0) return undefined
    return this.#sql.get(SELECT_STUDY, alarmId)
  }
}
