import { join } from 'node:path'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from './egress/index.ts'
import type { ApplianceFolders } from './folders.ts'
import type { Spool } from './intake/index.ts'
import type { Records } from './records/index.ts'
import { cronSchedule, Holds, type KeyPlacement, keyPlacement, Purger, Retention } from './retention/index.ts'
import type { CurrentSettings } from './settings.ts'

/** What retention is made of. */
export interface RetentionParts {
  readonly dataFolder: string
  readonly folders: ApplianceFolders
  readonly records: Records
  readonly spool: Pick<Spool, 'pathOf' | 'drain'>
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  readonly onChanged: (studyId: number) => void
}

/** Retention, legal holds, and where the keys lie without which nothing is worth its removal. */
export interface RetentionRoom {
  readonly retention: Retention
  readonly holds: Holds
  readonly keyPlacement: () => Promise<KeyPlacement>
}

/** Puts retention and legal holds together. */
export function composeRetention(parts: RetentionParts): RetentionRoom {
  const { dataFolder, folders, records, spool, settings, audit, clock, logger, onChanged } = parts
  const purger = new Purger({
    records,
    pathOf: ({ place, digest }) =>
      place === 'spool' ? spool.pathOf(digest) : join(dataFolder, 'priors', digest.slice(0, 2), `${digest}.dcm`),
    audit,
    clock,
  })
  const retention = new Retention({
    records,
    purger,
    settings: () => settings().retention,
    schedule: cronSchedule,
    drain: () => spool.drain(),
    clock,
    logger,
    onChanged,
  })
  const { databaseKey, spoolKey, siteSecret } = folders
  return {
    retention,
    holds: new Holds({ records, audit, clock }),
    keyPlacement: () => keyPlacement(dataFolder, [databaseKey, spoolKey, siteSecret]),
  }
}
