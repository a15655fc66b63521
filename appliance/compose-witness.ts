import { join } from 'node:path'
import { type AuditLog, WitnessRound, type WitnessTarget } from '@leadglass/sync-agent/audit-log'
import { exchangePaths, HubLogStateFile } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from './egress/index.ts'
import type { Records } from './records/index.ts'
import { HubLogWatch, OwnLogSource, RecordingWatch } from './witness/index.ts'

/** Between two rounds to the site's own witnesses. */
const ROUND_MS = 60_000

/** What witnessing works with. */
export interface WitnessParts {
  readonly records: Records
  readonly log: AuditLog
  readonly audit: AuditSink
  readonly exchangeFolder: string
  readonly witnesses: () => readonly WitnessTarget[]
  readonly clock: Clock
  readonly logger: Logger
}

/** The log before the site's own witnesses, what the agent saw of the hub's log, and whether recording goes on. */
export function composeWitness(parts: WitnessParts): {
  readonly services: readonly Service[]
  readonly hubLog: HubLogWatch
} {
  const { records, log, audit, exchangeFolder, witnesses, clock, logger } = parts
  const file = new HubLogStateFile(join(exchangePaths(exchangeFolder).status, 'hub-log.json'))
  const hubLog = new HubLogWatch({ file, audit, logger })
  const source = new OwnLogSource({ records, log, audit })
  return {
    hubLog,
    services: [
      hubLog,
      new WitnessRound({ source, targets: witnesses, intervalMs: ROUND_MS, logger }),
      new RecordingWatch({ database: records.database, log, audit, clock, logger }),
    ],
  }
}
