import type { AcquisitionFacts, PatientPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'
import type { ActionCode } from './clean-context.ts'
import type { PixelRisk } from './pixel-risk.ts'

/**
 * Why an object stays in quarantine.
 * - `object-unreadable`, `object-truncated`: the bytes are no whole data set.
 * - `transfer-syntax-contradicted`: native pixels under a compressed syntax, or the other way round.
 * - `sop-class-missing`, `study-uid-missing`, `instance-uid-missing`, `date-missing`: nothing to bind the object to.
 * - `encapsulated-document`, `structured-report`, `media-directory`: free text, or files that the profile cannot clean.
 * - `too-many-identifiers`: more names and numbers than the verifier can look for.
 * - `object-too-large`: more stands outside of the pixels, or in one compressed frame, than may be held in memory.
 * - `jpeg-header-unreadable`: comment segments of a JPEG frame cannot be found.
 * - `object-unwritable`: the cleaned object cannot be encoded.
 */
export type DeidentifyReason =
  | 'object-unreadable'
  | 'object-truncated'
  | 'transfer-syntax-contradicted'
  | 'sop-class-missing'
  | 'study-uid-missing'
  | 'instance-uid-missing'
  | 'date-missing'
  | 'encapsulated-document'
  | 'structured-report'
  | 'media-directory'
  | 'too-many-identifiers'
  | 'object-too-large'
  | 'jpeg-header-unreadable'
  | 'object-unwritable'

/** An object that stays where it is, and why. */
export interface QuarantinedObject {
  readonly kind: 'quarantined'
  readonly reason: DeidentifyReason
}

/** The de-identified form of one object, or why there is none. */
export type DeidentifyOutcome =
  | (DeidentifiedFacts & {
      readonly kind: 'deidentified'
      /** A PS3.10 file in order; long values are views into the input. */
      readonly chunks: readonly Uint8Array[]
    })
  | QuarantinedObject

/** What was done, without a value: how often each action, and to which attributes (tags, rising). */
export interface DeidentificationReport {
  readonly actions: Readonly<Partial<Record<ActionCode, number>>>
  readonly removed: readonly number[]
  readonly changed: readonly number[]
}

/** What de-identified objects have in common, whether they lie in memory or are written as they are read. */
export interface DeidentifiedFacts {
  readonly transferSyntaxUid: string
  readonly sopInstanceUid: string
  readonly studyPseudonym: StudyPseudonym
  readonly patientPseudonym: PatientPseudonym
  readonly acquisition: AcquisitionFacts
  readonly pixelRisk: PixelRisk
  readonly report: DeidentificationReport
}
