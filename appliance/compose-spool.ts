import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import { type Deidentifier, pseudonymOfPatient, pseudonymOfStudy, type SiteKeys } from './deidentify/index.ts'
import { patientOf } from './deidentify/patient.ts'
import type { AuditSink } from './egress/index.ts'
import type { ApplianceFolders } from './folders.ts'
import {
  type FileKeys,
  Journal,
  journalEffects,
  type Naming,
  type RecoveryReport,
  recoverIntake,
  Spool,
  StudyKeys,
} from './intake/index.ts'
import type { Records } from './records/index.ts'
import type { ApplianceSecrets } from './secrets.ts'
import type { CurrentSettings } from './settings.ts'

export type Profile = ConstructorParameters<typeof Deidentifier>[0]['profile']

/** What the spool is made of. */
export interface SpoolParts {
  readonly folders: ApplianceFolders
  readonly secrets: Pick<ApplianceSecrets, 'spoolKey'>
  readonly keys: SiteKeys
  readonly profile: Profile
  readonly records: Records
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly randomness: Randomness
  readonly logger: Logger
}

/** The pseudonyms under which the journal enters studies and patients. */
export function intakeNaming(keys: SiteKeys, profile: Profile): Naming {
  return {
    studyPseudonym: (uid) => pseudonymOfStudy(keys, uid),
    patientPseudonym: (dataSet, uid) => {
      const patient = patientOf(dataSet, uid, profile.patientIssuer) ?? { issuer: '', id: '' }
      return pseudonymOfPatient(keys, patient)
    },
  }
}

/** Puts the spool together. `recover` brings it and the record to agreement, before anything is taken. */
export function composeSpool(parts: SpoolParts): {
  readonly spool: Spool
  readonly fileKeys: FileKeys
  readonly recover: (clock: Clock) => Promise<RecoveryReport>
} {
  const { folders, secrets, records, settings, audit, randomness, logger } = parts
  const fileKeys = new StudyKeys(records.keys, secrets.spoolKey, randomness)
  const spool = new Spool({
    folder: folders.spool,
    key: secrets.spoolKey,
    keys: fileKeys,
    randomness,
    logger,
    encrypts: () => settings().encryptInstances,
  })
  return {
    spool,
    fileKeys,
    async recover(clock) {
      const naming = intakeNaming(parts.keys, parts.profile)
      // The assembler is not there yet: it finds the open revisions in the record when it starts.
      const hooks = journalEffects(audit, { arrived: () => undefined })
      const journal = new Journal({ records, spool, keys: fileKeys, naming, hooks, logger })
      try {
        return await recoverIntake(records, spool, journal, clock, logger)
      } finally {
        journal.stop()
      }
    },
  }
}
