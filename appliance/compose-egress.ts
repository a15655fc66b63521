import type { KeyObject } from 'node:crypto'
import { AuditLog, createNoteSigner, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { AcknowledgedFile, exchangePaths, OutboxWriter } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger, Randomness, Service } from '@leadglass/sync-agent/foundation'
import {
  AuditTrail,
  Checkpoints,
  DriftRelease,
  deviceHealthOf,
  EgressDoor,
  EgressHold,
  EgressQuotas,
  EgressService,
  EpochProver,
  EpochRoller,
  HoldDesk,
  Relay,
  ResealDesk,
  SyncErrands,
} from './egress/index.ts'
import type { FreeSpace } from './intake/index.ts'
import type { Records } from './records/index.ts'
import { auditOrigin } from './secrets.ts'
import type { SyncSettings } from './settings-sync.ts'
import { Vault, VaultAnchors } from './vault/index.ts'

/** What the door is made of. */
export interface EgressParts {
  readonly device: DeviceId
  readonly exchangeFolder: string
  readonly softwareVersion: string
  readonly startedAt: number
  readonly auditKey: KeyObject
  readonly records: Records
  readonly clock: Clock
  /** A clock that nobody sets: leaps of `clock` are recorded against it. */
  readonly monotonic: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** The door, the log, and what runs them. */
export interface EgressRoom {
  readonly log: AuditLog
  readonly door: EgressDoor
  readonly audit: AuditTrail
  readonly checkpoints: Checkpoints
  /** What waits for a person; follows the settings once there are some. */
  readonly hold: EgressHold
  readonly holdDesk: HoldDesk
  /** States epochs to the hub, also when somebody asks. */
  readonly prover: EpochProver
  readonly resealDesk: ResealDesk
  /** From now on the settings say how the line is used. */
  followSync(settings: () => SyncSettings): void
  /** Keeps the way back from pseudonyms; to be started before anything is taken. */
  readonly vault: Service
  /** The service; it needs to know the disk for its health envelopes. */
  service(freeSpace: FreeSpace): EgressService
}

/** Puts the door together. */
export function composeEgress(parts: EgressParts): EgressRoom {
  const { device, exchangeFolder, softwareVersion, startedAt, auditKey, records, clock, randomness, logger } = parts
  const origin = auditOrigin(device)
  const store = new SqliteLogStore(records.database, origin)
  const log = new AuditLog({ origin, store, clock, monotonic: parts.monotonic })
  const hold = new EgressHold({ records, clock, isStopped: (studyId) => records.leaks.isOpen(studyId) })
  const vault = new Vault({ records, clock, randomness })
  const onNamed = (studyId: number): void => {
    vault.note(studyId)
  }
  const quotas = new EgressQuotas({ records, clock })
  const door = new EgressDoor({ records, device, clock, hold, quotas, onNamed })
  const audit = new AuditTrail(log, door, records)
  const anchors = new VaultAnchors({ records, audit })
  const signer = createNoteSigner(origin, auditKey)
  const checkpoints = new Checkpoints({ records, log, signer, door, clock })
  const prover = new EpochProver({ records, device, door, audit, signer, clock, logger })
  let sync: (() => SyncSettings) | undefined
  const epochHours = (): number | null => sync?.().epochHours ?? null
  const roller = new EpochRoller({ records, audit, epochHours, clock, logger })
  const resealDesk = new ResealDesk({ records, door, roller })
  return {
    log,
    door,
    audit,
    checkpoints,
    hold,
    holdDesk: new HoldDesk({ records, door, audit, clock }),
    prover,
    resealDesk,
    followSync: (settings) => {
      sync = settings
      quotas.follow(() => settings().quotas)
    },
    vault: {
      start: async () => {
        vault.catchUp()
        await anchors.start()
      },
      stop: () => anchors.stop(),
    },
    service: (freeSpace) => {
      const outbox = new OutboxWriter({ exchangeFolder, device })
      const paths = exchangePaths(exchangeFolder)
      return new EgressService({
        records,
        log,
        audit,
        relay: new Relay({ records, outbox, logger, audit }),
        checkpoints,
        drift: new DriftRelease({ records, door, clock }),
        errands: new SyncErrands({
          records,
          audit,
          roller,
          prover,
          settings: () => sync?.(),
          policyPath: paths.policy,
          clock,
        }),
        outbox,
        acknowledged: new AcknowledgedFile(paths.acknowledged),
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
