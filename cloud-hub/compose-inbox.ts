import type { KeyObject } from 'node:crypto'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit, SiteAuditMirror } from './audit/index.ts'
import { HubWitnessMemory } from './audit/witness-memory.ts'
import type { HubConfiguration } from './configuration.ts'
import { ReportedBook } from './fleet/index.ts'
import {
  type AlarmBook,
  type DamagedEffect,
  type EpochRoot,
  EpochRootCache,
  Inbox,
  type InboxStore,
} from './ingest/index.ts'
import { DeviceDirectory, POSTGRES_MIGRATIONS, PostgresInbox, postgresEpochRoots } from './ingest/postgres/index.ts'
import { openPostgres } from './storage/index.ts'

/** What an inbox is made of. */
export interface InboxParts {
  /** The hub's own database: everything, or all that is not ingest. */
  readonly database: Database.Database
  readonly mirror: SiteAuditMirror
  readonly witnessKey: KeyObject
  readonly alarms: AlarmBook
  readonly audit: HubAudit
  readonly clock: Clock
  readonly logger: Logger
}

/** Where envelopes are committed, and what can be said of them. */
export interface ComposedInbox {
  readonly inbox: InboxStore
  readonly epochRoots: () => Promise<{
    readonly roots: readonly EpochRoot[]
    readonly damaged: readonly DamagedEffect[]
  }>
  readonly stop: () => Promise<void>
}

/** The inbox in the database that the configuration names. @throws when PostgreSQL is named and cannot be reached. */
export async function composeInbox(where: HubConfiguration['database'], parts: InboxParts): Promise<ComposedInbox> {
  const { database, mirror, witnessKey, alarms, audit, clock, logger } = parts
  if (where.kind !== 'postgres-inbox') {
    const roots = new EpochRootCache(database)
    return {
      inbox: new Inbox(database, mirror, alarms, clock),
      epochRoots: async () => roots.read(),
      stop: async () => undefined,
    }
  }
  const pool = await openPostgres(where.url, POSTGRES_MIGRATIONS, (reason) =>
    logger.warn('ingest.database-connection-lost', { reason }),
  )
  const devices = new DeviceDirectory(database)
  const memory = new HubWitnessMemory(database)
  const reported = new ReportedBook(database)
  const together = (act: () => void): void => database.transaction(act).immediate()
  return {
    inbox: new PostgresInbox({ pool, devices, alarms, audit, reported, witnessKey, memory, together, clock }),
    epochRoots: () => postgresEpochRoots(pool),
    stop: () => pool.end(),
  }
}
