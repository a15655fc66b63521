import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import { type Deidentifier, pseudonymOfPatient, pseudonymOfStudy, type SiteKeys } from './deidentify/index.ts'
import { patientOf } from './deidentify/patient.ts'
import { DimseServer, encodeFileMeta, type NetworkServices } from './dimse/index.ts'
import type { AuditSink } from './egress/index.ts'
import {
  Assembler,
  type FreeSpace,
  Journal,
  journalEffects,
  SettingsCallerPolicy,
  type Spool,
  SpoolStorage,
} from './intake/index.ts'
import type { Records } from './records/index.ts'
import type { CurrentSettings } from './settings.ts'

type Profile = ConstructorParameters<typeof Deidentifier>[0]['profile']

/** What the DICOM port and everything behind it up to a complete study are made of. */
export interface IntakeParts {
  readonly host: string
  readonly port: number
  readonly aeTitle: string
  readonly records: Records
  readonly spool: Spool
  readonly freeSpace: FreeSpace
  readonly keys: SiteKeys
  readonly profile: Profile
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  /** What the port offers beside storage. */
  readonly services: NetworkServices
  readonly onGrown: (studyId: number) => void
  readonly onComplete: (studyId: number) => void
}

/** Puts the intake together. */
export function composeIntake(parts: IntakeParts): { readonly assembler: Assembler; readonly dimse: DimseServer } {
  const { host, port, aeTitle, records, spool, freeSpace, settings, audit, clock, randomness, logger } = parts
  const assembler = new Assembler(parts)
  const storage = new SpoolStorage({
    spool,
    journal: new Journal(records, journalEffects(audit, assembler)),
    assembler,
    naming: {
      studyPseudonym: (uid) => pseudonymOfStudy(parts.keys, uid),
      patientPseudonym: (dataSet, uid) => {
        const patient = patientOf(dataSet, uid, parts.profile.patientIssuer) ?? { issuer: '', id: '' }
        return pseudonymOfPatient(parts.keys, patient)
      },
    },
    freeSpace,
    settings,
    audit,
    clock,
    logger,
    encodeFileMeta: ({ sopClassUid, sopInstanceUid, transferSyntaxUid, association }) =>
      encodeFileMeta({ sopClassUid, sopInstanceUid, transferSyntaxUid, sourceAeTitle: association.callingAeTitle }),
  })
  const dimse = new DimseServer({
    host,
    port,
    aeTitle,
    policy: new SettingsCallerPolicy(aeTitle, settings),
    storage,
    clock,
    logger: logger.child({ room: 'dimse' }),
    limits: { maxInstanceBytes: settings().limits.maximumInstanceBytes },
    randomness,
    services: parts.services,
  })
  return { assembler, dimse }
}
