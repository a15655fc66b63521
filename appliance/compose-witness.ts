import { join } from 'node:path'
import { type AuditLog, WitnessRound, type WitnessTarget } from '@leadglass/sync-agent/audit-log'
import { AgentStatusFile, exchangePaths, HubLogStateFile, IdentityStatusFile } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from './egress/index.ts'
import type { Records } from './records/index.ts'
import { AgentWatch, HubLogWatch, OwnLogSource, RecordingWatch } from './witness/index.ts'

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

/** The log before the site's own witnesses, what the agent did and saw of the hub's log, and whether recording goes on. */
export function composeWitness(parts: WitnessParts): {
  readonly services: readonly Service[]
  readonly hubLog: HubLogWatch
} {
  const { records, log, audit, exchangeFolder, witnesses, clock, logger } = parts
  const paths = exchangePaths(exchangeFolder)
  const file = new HubLogStateFile(join(paths.status, 'hub-log.json'))
  const hubLog = new HubLogWatch({
    file,
    audit,
    acknowledged: () => records.egress.counters().reduce((sum, { acknowledged: through }) => sum + through, 0),
    clock,
    logger,
  })
  const agent = new AgentWatch({
    status: new AgentStatusFile(paths.agentStatus),
    identity: new IdentityStatusFile(paths.identityStatus),
    audit,
  })
  const source = new OwnLogSource({ records, log, audit })
  return {
    hubLog,
    services: [
      hubLog,
      agent,
      new WitnessRound({ source, targets: witnesses, intervalMs: ROUND_MS, logger }),
      new RecordingWatch({ database: records.database, log, audit, clock, logger }),
    ],
  }
}
