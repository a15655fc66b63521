import { type AuditLog, readCheckpoint } from '@leadglass/sync-agent/audit-log'
import { type AcknowledgedState, committedSequence } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import type { AuditSink } from './audit-sink.ts'
import { UNRECORDED_STREAMS } from './relay.ts'

export interface AcknowledgementDependencies {
  readonly records: Pick<Records, 'egress' | 'transaction'>
  readonly log: Pick<AuditLog, 'origin' | 'root' | 'size'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Takes what the hub said into the record: watermarks, refusals (each raised once), gaps (relayed again from the hub's own
 * watermark) and cosigned checkpoints. Taking the same state twice changes nothing.
 */
export function takeAcknowledgement(state: AcknowledgedState, dependencies: AcknowledgementDependencies): void {
  const { records, clock } = dependencies
  records.transaction(() => {
    for (const { epoch, stream, sequence } of state.watermarks) {
      const isNew = records.egress.markAcknowledged(epoch, stream, sequence, clock.now())
      if (isNew) recordAcknowledged(epoch, stream, sequence, dependencies)
    }
    for (const refusal of state.refused) takeRefusal(refusal, state, dependencies)
    if (state.cosigned !== null) takeCosigned(state.cosigned, dependencies)
  })
}

/**
 * The leaf about an acknowledgement. The stream of the audit log itself has none: it would be acknowledged in turn, for
 * ever; the cosigned checkpoint says the same of it and more. Neither have figures about the box.
 */
function recordAcknowledged(
  epoch: number,
  stream: string,
  sequence: number,
  { audit }: AcknowledgementDependencies,
): void {
  if (UNRECORDED_STREAMS.has(stream)) return
  audit.record({
    event: 'egress.acknowledged',
    actor: { kind: 'system', id: 'egress' },
    subject: { kind: 'stream', id: stream },
    outcome: 'success',
    codes: [`epoch-${epoch}`, `sequence-${sequence}`],
  })
}

function takeRefusal(
  { epoch, stream, sequence, code }: AcknowledgedState['refused'][number],
  state: AcknowledgedState,
  { records, audit, clock, logger }: AcknowledgementDependencies,
): void {
  if (code === 'gap') records.egress.rewind(epoch, stream, committedSequence(state, { epoch, stream }))
  if (!records.egress.insertRefusal(epoch, stream, sequence, code, clock.now())) return
  logger.error('egress.refused', { epoch, stream, sequence, code })
  audit.record({
    event: code === 'gap' ? 'egress.rewound' : 'egress.refused',
    actor: { kind: 'system', id: 'egress' },
    subject: { kind: 'stream', id: stream },
    outcome: 'failure',
    codes: [code, `epoch-${epoch}`, `sequence-${sequence}`],
  })
}

/** Keeps a cosigned checkpoint when it is truly one of this log: same name, and our own root at that size. */
function takeCosigned(note: string, { records, log, clock, logger }: AcknowledgementDependencies): void {
  const checkpoint = readCheckpoint(note)
  if (checkpoint === undefined) return
  const known = records.egress.newestCosignedCheckpoint()
  if (known !== undefined && known.treeSize >= checkpoint.size) return
  const ours =
    checkpoint.origin === log.origin &&
    checkpoint.size <= log.size &&
    Buffer.compare(log.root(checkpoint.size), checkpoint.root) === 0
  if (!ours) {
    logger.error('egress.foreign-checkpoint', { size: checkpoint.size })
    return
  }
  records.egress.insertCosignedCheckpoint(checkpoint.size, note, clock.now())
}
