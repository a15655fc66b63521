/**
 * The words of corrections. Received objects are never altered; what is in force is a function of facts that are only
 * ever added, so the order in which they come does not matter:
 *
 * - received: identity and instances as they arrived.
 * - merge: from one patient identity to the one that survives (HL7 A40, or a person). Undone by marking it so.
 * - accession correction: the accession number of one study; the last one counts.
 * - rejection note: a Key Object Selection (IHE IOCM) that names instances of its own study.
 *
 * From these follow the identity in force of each study, and for each instance of a revision whether it counts or is
 * withdrawn, and why. Where that differs from what the current revision was made of, a new revision supersedes it.
 */

/** Why an instance is kept and not used. `rejection-note`: it is the note itself. In order of weight. */
export const WITHDRAWALS = [
  'patient-safety',
  'worklist-entry',
  'quality',
  'retention-expired',
  'rejection-note',
] as const
export type Withdrawal = (typeof WITHDRAWALS)[number]

/** What a rejection note says of the instances it names. */
export type RejectionTitle = Exclude<Withdrawal, 'rejection-note'>

/** Document titles of rejection notes (PS3.16 CID 7011; IHE RAD TF-3 4.66.4.1.3.1). */
export const REJECTION_TITLES: Readonly<Record<string, RejectionTitle>> = {
  '113001': 'quality',
  '113037': 'patient-safety',
  '113038': 'worklist-entry',
  '113039': 'retention-expired',
}

/** What made a revision of a study. */
export type CorrectionCause = 'patient-merge' | 'patient-merge-undone' | 'accession' | 'rejection'

/** A patient's number and who gave it. `issuer` is '' for the site's own number range. */
export interface PatientKey {
  readonly issuer: string
  readonly id: string
}

/** Identity as it stands in the received objects. */
export interface ReceivedIdentity {
  readonly patientIssuer: string
  readonly patientId: string
  readonly patientName: string
  readonly patientBirthDate: string
  readonly patientSex: string
  readonly accessionNumber: string
}

/** One merge in force. Name, birth date and sex are those of the survivor; null where the merge did not tell. */
export interface Merge {
  readonly from: PatientKey
  readonly to: PatientKey
  readonly name: string | null
  readonly birthDate: string | null
  readonly sex: string | null
}

/** What stands in results instead of what was received. Absent members are as received. */
export interface IdentityOverlay {
  /** `issuer` is null where the one in the object stays in force. */
  readonly patient?: { readonly id: string; readonly issuer: string | null }
  readonly name?: string
  readonly birthDate?: string
  readonly sex?: string
  readonly accessionNumber?: string
}

/** Who corrected, and why in their own words. The reason may identify somebody and stays in the encrypted record. */
export interface Correction {
  readonly actor: { readonly kind: 'person' | 'system'; readonly id: string }
  readonly source: 'hl7' | 'person'
  readonly reason: string
}
