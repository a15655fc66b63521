import { chmodSync } from 'node:fs'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import type { Database } from 'better-sqlite3'
import { EgressRecords } from './egress-records.ts'
import { IntakeRecords } from './intake-records.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { ModelRecords } from './model-records.ts'
import { PeopleRecords } from './people-records.ts'
import { ResultRecords } from './result-records.ts'
import { RevisionRecords } from './revision-records.ts'
import { StudyRecords } from './study-records.ts'

/** The appliance's one database, opened. One process writes it. */
export interface Records {
  readonly database: Database
  readonly intake: IntakeRecords
  readonly revisions: RevisionRecords
  readonly results: ResultRecords
  readonly studies: StudyRecords
  readonly egress: EgressRecords
  readonly models: ModelRecords
  readonly people: PeopleRecords
  /** Runs `work` in one transaction (BEGIN IMMEDIATE): all of it is on disk when this returns, or none of it. */
  transaction<T>(work: () => T): T
  close(): void
}

/**
 * Opens (and creates) the encrypted database.
 * @param key 32 bytes.
 * @throws when the key is wrong or the file was written by a newer program.
 */
export function openRecords(path: string, key: Uint8Array): Records {
  if (key.byteLength !== 32) throw new RangeError('the database key must be 32 bytes')
  const database = openDatabase({ path, key, migrations: MIGRATIONS })
  chmodSync(path, 0o600)
  return {
    database,
    intake: new IntakeRecords(database),
    revisions: new RevisionRecords(database),
    results: new ResultRecords(database),
    studies: new StudyRecords(database),
    egress: new EgressRecords(database),
    models: new ModelRecords(database),
    people: new PeopleRecords(database),
    transaction: (work) => database.transaction(work).immediate(),
    close: () => {
      database.close()
    },
  }
}
