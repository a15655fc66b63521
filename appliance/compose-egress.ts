import type { KeyObject } from 'node:crypto'
import { AuditLog, createNoteSigner, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { AcknowledgedFile, exchangePaths, OutboxWriter } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import { AuditTrail, Checkpoints, deviceHealthOf, EgressDoor, EgressService, Relay } from './egress/index.ts'
import type { FreeSpace } from './intake/index.ts'
import type { Records } from './records/index.ts'
import { auditOrigin } from './secrets.ts'

/** What the door is made of. */
export interface EgressParts {
  readonly device: DeviceId
  readonly exchangeFolder: string
  readonly softwareVersion: string
  readonly startedAt: number
  readonly auditKey: KeyObject
  readonly records: Records
  readonly clock: Clock
  readonly logger: Logger
}

/** The door, the log, and what runs them. */
export interface EgressRoom {
  readonly log: AuditLog
  readonly door: EgressDoor
  readonly audit: AuditTrail
  readonly checkpoints: Checkpoints
  /** The service; it needs to know the disk for its health envelopes. */
  service(freeSpace: FreeSpace): EgressService
}

/** Puts the door together. */
export function composeEgress(parts: EgressParts): EgressRoom {
  const { device, exchangeFolder, softwareVersion, startedAt, auditKey, records, clock, logger } = parts
  const origin = auditOrigin(device)
  const log = new AuditLog({ origin, store: new SqliteLogStore(records.database, origin), clock })
  const door = new EgressDoor({ records, device, clock })
  const audit = new AuditTrail(log, door, records)
  const checkpoints = new Checkpoints({ records, log, signer: createNoteSigner(origin, auditKey), door, clock })
  return {
    log,
    door,
    audit,
    checkpoints,
    service: (freeSpace) => {
      const outbox = new OutboxWriter({ exchangeFolder, device })
      return new EgressService({
        records,
        log,
        audit,
        relay: new Relay({ records, outbox, logger }),
        checkpoints,
        outbox,
        acknowledged: new AcknowledgedFile(exchangePaths(exchangeFolder).acknowledged),
        sealHealth: () => {
          const facts = { softwareVersion, ...freeSpace.figures(), startedAt, now: clock.now() }
          records.transaction(() => door.seal(deviceHealthOf(records, facts)))
        },
        clock,
        logger,
      })
    },
  }
}
