import type { IdentityOverlay, Merge, PatientKey, ReceivedIdentity } from './vocabulary.ts'

/** Gives the merge in force of which a key is the merged side. */
export type MergeOf = (key: PatientKey) => Merge | undefined

/** True when both name the same patient. */
export function isSamePatient(a: PatientKey, b: PatientKey): boolean {
  return a.issuer === b.issuer && a.id === b.id
}

/**
 * Follows merges from a key to the identity that survives.
 * @returns the last merge on the way; `undefined` when the key was never merged. A circle, which recording a merge
 * refuses, ends where it closes.
 */
export function lastMergeOf(key: PatientKey, mergeOf: MergeOf): Merge | undefined {
  const seen: PatientKey[] = [key]
  let last: Merge | undefined
  for (let merge = mergeOf(key); merge !== undefined; merge = mergeOf(merge.to)) {
    const { to } = merge
    if (seen.some((one) => isSamePatient(one, to))) return last
    seen.push(to)
    last = merge
  }
  return last
}

/** What recording a merge would do. */
export type MergeVerdict =
  | { readonly kind: 'new' }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly code: 'same-patient' | 'placeholder-id' | 'merged-elsewhere' | 'circle' }

/** Judges a merge against those in force: one patient survives in one other, and no way leads back. */
export function judgeMerge(
  from: PatientKey,
  to: PatientKey,
  mergeOf: MergeOf,
  isPlaceholder: (id: string) => boolean,
): MergeVerdict {
  if (isPlaceholder(from.id) || isPlaceholder(to.id)) return { kind: 'refused', code: 'placeholder-id' }
  if (isSamePatient(from, to)) return { kind: 'refused', code: 'same-patient' }
  const known = mergeOf(from)
  if (known !== undefined) {
    // Told again, or told at once what two merges before came to.
    const survivor = lastMergeOf(from, mergeOf)?.to ?? known.to
    const same = isSamePatient(known.to, to) || isSamePatient(survivor, to)
    return same ? { kind: 'known' } : { kind: 'refused', code: 'merged-elsewhere' }
  }
  const end = lastMergeOf(to, mergeOf)?.to ?? to
  return isSamePatient(end, from) ? { kind: 'refused', code: 'circle' } : { kind: 'new' }
}

/**
 * What stands in results instead of what was received.
 * @param merge the last merge on the way from the received patient.
 * @param accession the corrected accession number, or null.
 * @returns `undefined` when everything is as received.
 */
export function overlayOf(
  received: ReceivedIdentity,
  merge: Merge | undefined,
  accession: string | null,
): IdentityOverlay | undefined {
  const overlay: { -readonly [Key in keyof IdentityOverlay]: IdentityOverlay[Key] } = {}
  if (merge !== undefined) {
    // The site's own range has no issuer of its own: what the object names, or does not name, stays.
    overlay.patient = { id: merge.to.id, issuer: merge.to.issuer === '' ? null : merge.to.issuer }
    if (merge.name !== null) overlay.name = merge.name
    if (merge.birthDate !== null) overlay.birthDate = merge.birthDate
    if (merge.sex !== null) overlay.sex = merge.sex
  }
  if (accession !== null && accession !== received.accessionNumber) overlay.accessionNumber = accession
  return Object.keys(overlay).length === 0 ? undefined : overlay
}

/** The identity in force: what was received, under what was corrected. */
export function identityInForce(received: ReceivedIdentity, overlay: IdentityOverlay | undefined): ReceivedIdentity {
  return {
    patientIssuer: overlay?.patient?.issuer ?? received.patientIssuer,
    patientId: overlay?.patient?.id ?? received.patientId,
    patientName: overlay?.name ?? received.patientName,
    patientBirthDate: overlay?.birthDate ?? received.patientBirthDate,
    patientSex: overlay?.sex ?? received.patientSex,
    accessionNumber: overlay?.accessionNumber ?? received.accessionNumber,
  }
}
