import { isPlaceholderId, pseudonymOfPatient, type SiteKeys } from '../deidentify/index.ts'
import type { MergeRow, ReceivedStudy, Records } from '../records/index.ts'
import { identityInForce, lastMergeOf, type MergeOf, overlayOf } from './identity.ts'
import type { IdentityOverlay, Merge, PatientKey } from './vocabulary.ts'

export interface StudyIdentitiesDependencies {
  readonly records: Pick<Records, 'corrections'>
  readonly keys: SiteKeys
  /** The issuer that stands for objects which name none, in pseudonyms. */
  readonly defaultIssuer: string
  /** Assigning authorities whose numbers are the site's own range. */
  readonly ownAuthorities: () => readonly string[]
}

/** Under whom each study stands, from what was received and what was corrected since. */
export class StudyIdentities {
  readonly #dependencies: StudyIdentitiesDependencies

  constructor(dependencies: StudyIdentitiesDependencies) {
    this.#dependencies = dependencies
  }

  /** The merge in force of which a key is the merged side. */
  readonly mergeOf: MergeOf = (key) => {
    const row = this.#dependencies.records.corrections.mergeOf(key.issuer, key.id)
    return row === undefined ? undefined : mergeOfRow(row)
  }

  /** A key whose issuer is '' for every authority of the site. */
  ownRange({ issuer, id }: PatientKey): PatientKey {
    const own = this.#dependencies.ownAuthorities().includes(issuer.trim())
    return { issuer: own ? '' : issuer.trim(), id: id.trim() }
  }

  /** A patient as the audit log names one. */
  subjectOf({ issuer, id }: PatientKey): { readonly kind: 'patient'; readonly id: string } {
    return { kind: 'patient', id: this.#pseudonym(issuer, id) }
  }

  /** What stands in the results of a study instead of what was received. */
  overlayOf(studyId: number): IdentityOverlay | undefined {
    const received = this.#dependencies.records.corrections.received(studyId)
    return received === undefined ? undefined : this.#overlay(received)
  }

  /** Writes the identity in force of a study, in the caller's transaction. @returns true when it was another before. */
  bringInForce(studyId: number): boolean {
    const { corrections } = this.#dependencies.records
    const [received, current] = [corrections.received(studyId), corrections.inForce(studyId)]
    if (received === undefined || current === undefined) return false
    const overlay = this.#overlay(received)
    const identity = identityInForce(received, overlay)
    const patientPseudonym =
      overlay?.patient === undefined
        ? received.patientPseudonym
        : this.#pseudonym(identity.patientIssuer, identity.patientId)
    const wanted = { ...identity, patientPseudonym }
    const names = Object.keys(wanted) as (keyof typeof wanted)[]
    const same = names.every((name) => wanted[name] === current[name])
    if (!same) corrections.setIdentity(studyId, wanted)
    return !same
  }

  #overlay(received: ReceivedStudy): IdentityOverlay | undefined {
    const { patientId, patientIssuer, studyId } = received
    const merge = isPlaceholderId(patientId)
      ? undefined
      : lastMergeOf(this.ownRange({ issuer: patientIssuer, id: patientId }), this.mergeOf)
    return overlayOf(received, merge, this.#dependencies.records.corrections.accession(studyId))
  }

  #pseudonym(issuer: string, id: string): string {
    const { keys, defaultIssuer } = this.#dependencies
    return pseudonymOfPatient(keys, { issuer: issuer === '' ? defaultIssuer : issuer, id })
  }
}

function mergeOfRow(row: MergeRow): Merge {
  return {
    from: { issuer: row.fromIssuer, id: row.fromId },
    to: { issuer: row.toIssuer, id: row.toId },
    name: row.toName,
    birthDate: row.toBirthDate,
    sex: row.toSex,
  }
}
