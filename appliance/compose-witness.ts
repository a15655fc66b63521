import { join } from 'node:path'
import { type AuditLog, WitnessRound, type WitnessTarget } from '@leadglass/sync-agent/audit-log'
import { AgentStatusFile, exchangePaths, HubLogStateFile, IdentityStatusFile } from '@leadglass/sync-agent/exchange'
import { type Clock, type Logger, RepeatedLook, type Service } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from './egress/index.ts'
import type { Records } from './records/index.ts'
import {
  AGENT_EVERY_MS,
  AgentWatch,
  HUB_LOG_EVERY_MS,
  HubLogWatch,
  OwnLogSource,
  RECORDING_EVERY_MS,
  RecordingWatch,
} from './witness/index.ts'

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
  const recording = new RecordingWatch({ database: records.database, log, audit, clock, logger })
  const watches = [
    { name: 'witness.hub-log', everyMs: HUB_LOG_EVERY_MS, look: () => hubLog.look() },
    { name: 'witness.agent', everyMs: AGENT_EVERY_MS, look: () => agent.look() },
    { name: 'witness.recording', everyMs: RECORDING_EVERY_MS, look: () => recording.look(), atStart: true },
  ]
  const source = new OwnLogSource({ records, log, audit })
  return {
    hubLog,
    services: [
      ...watches.map((one) => new RepeatedLook({ ...one, logger })),
      new WitnessRound({ source, targets: witnesses, intervalMs: ROUND_MS, logger }),
    ],
  }
}
