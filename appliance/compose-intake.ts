import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import { answeredServices } from './answered-services.ts'
import { composeDicomPort } from './compose-dicom-port.ts'
import { intakeNaming, type Profile } from './compose-spool.ts'
import type { SiteKeys } from './deidentify/index.ts'
import { encodeFileMeta, type NetworkServices, type StorageService } from './dimse/index.ts'
import type { AuditSink } from './egress/index.ts'
import type { DimseEngine, DimseListener } from './engines/index.ts'
import {
  Assembler,
  type CompletenessEvidence,
  type FileKeys,
  type FreeSpace,
  Journal,
  journalEffects,
  type Spool,
  SpoolStorage,
} from './intake/index.ts'
import type { IntakeGuard } from './pressure/index.ts'
import type { Records } from './records/index.ts'
import type { CurrentSettings } from './settings.ts'
import type { TlsMaterial } from './site-settings/index.ts'

/** What the DICOM port and everything behind it up to a complete study are made of. */
export interface IntakeParts {
  readonly host: string
  readonly port: number
  readonly aeTitle: string
  readonly engine: DimseEngine
  readonly records: Records
  readonly spool: Spool
  readonly freeSpace: FreeSpace
  /** Our identity towards callers with TLS. */
  readonly material: TlsMaterial
  readonly keys: SiteKeys
  readonly fileKeys: FileKeys
  readonly profile: Profile
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  /** What the port offers beside storage. */
  readonly services: NetworkServices
  readonly evidence: CompletenessEvidence
  /** What stands before the intake on the way of an instance. */
  readonly route: (storage: StorageService) => StorageService
  readonly onGrown: (studyId: number) => void
  readonly onComplete: (studyId: number) => void
}

/** Puts the intake together. */
export function composeIntake(parts: IntakeParts): {
  readonly assembler: Assembler
  readonly dimse: DimseListener
  readonly guard: IntakeGuard
} {
  const { records, spool, freeSpace, settings, audit, clock, logger } = parts
  const assembler = new Assembler(parts)
  const journal = new Journal({
    records,
    spool,
    keys: parts.fileKeys,
    naming: intakeNaming(parts.keys, parts.profile),
    hooks: journalEffects(audit, assembler),
    logger,
  })
  const storage = new SpoolStorage({
    spool,
    journal,
    assembler,
    freeSpace,
    settings,
    audit,
    together: (work) => records.transaction(work),
    clock,
    logger,
    encodeFileMeta: ({ sopClassUid, sopInstanceUid, transferSyntaxUid, association }) =>
      encodeFileMeta({ sopClassUid, sopInstanceUid, transferSyntaxUid, sourceAeTitle: association.callingAeTitle }),
  })
  const services = answeredServices(parts.services, { settle: () => journal.flush(), audit })
  return { assembler, ...composeDicomPort({ ...parts, storage: parts.route(storage), services }) }
}
