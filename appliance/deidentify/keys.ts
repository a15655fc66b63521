import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { PatientPseudonym, PersonPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'

/**
 * Keys of one site, one per purpose, so that no pseudonym tells anything about another (RFC 5869). They come from one
 * secret that never leaves the site; whoever lacks it can neither reverse nor confirm a guess.
 */
export interface SiteKeys {
  readonly patient: KeyObject
  readonly study: KeyObject
  readonly uid: KeyObject
  readonly date: KeyObject
  readonly person: KeyObject
}

/** Who a Patient ID means: the number, and the authority that gave it (PS3.3 C.7.1.1). '' where there is no issuer. */
export interface PatientIdentity {
  readonly issuer: string
  readonly id: string
}

const SALT = 'leadglass.site-keys/1'
const SECRET_BYTES = 32

/** Fewest and most days by which a patient's dates move back. */
const LEAST_SHIFT_DAYS = 365
const MOST_SHIFT_DAYS = 3650

/**
 * Derives the keys of a site with HKDF-SHA-256.
 * @param secret at least 32 bytes of randomness. @throws RangeError when it is shorter.
 */
export function deriveSiteKeys(secret: Uint8Array): SiteKeys {
  if (secret.length < SECRET_BYTES) throw new RangeError(`a site secret has at least ${SECRET_BYTES} bytes`)
  const derive = (purpose: string): KeyObject =>
    createSecretKey(new Uint8Array(hkdfSync('sha256', secret, SALT, purpose, 32)))
  return {
    patient: derive('patient'),
    study: derive('study'),
    uid: derive('uid'),
    date: derive('date'),
    person: derive('person'),
  }
}

/** The pseudonym of a patient: 128 bits, hexadecimal. White space around number and issuer does not count. */
export function pseudonymOfPatient(keys: SiteKeys, patient: PatientIdentity): PatientPseudonym {
  return keyed(keys.patient, identityText(patient)).toString('hex', 0, 16) as PatientPseudonym
}

/** The pseudonym of a study, from its Study Instance UID. */
export function pseudonymOfStudy(keys: SiteKeys, studyInstanceUid: string): StudyPseudonym {
  return keyed(keys.study, studyInstanceUid.trim()).toString('hex', 0, 16) as StudyPseudonym
}

/** The pseudonym of a person who acts at the site, from the account name (case does not count). */
export function pseudonymOfPerson(keys: SiteKeys, account: string): PersonPseudonym {
  return keyed(keys.person, account.trim().toLowerCase()).toString('hex', 0, 16) as PersonPseudonym
}

/**
 * The replacement of a UID: the same input gives the same output at this site, whatever object it stands in.
 * @returns a UUID-derived UID (PS3.5 B.2) of version 8 (RFC 9562), at most 44 characters.
 */
export function pseudonymOfUid(keys: SiteKeys, uid: string): string {
  const bytes = keyed(keys.uid, uid).subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`).toString(10)}`
}

/** By how many whole days all dates of a patient move: between -3650 and -365, constant per patient and site. */
export function dateOffsetDays(keys: SiteKeys, patient: PatientIdentity): number {
  const choices = BigInt(MOST_SHIFT_DAYS - LEAST_SHIFT_DAYS + 1)
  return -(LEAST_SHIFT_DAYS + Number(keyed(keys.date, identityText(patient)).readBigUInt64BE(0) % choices))
}

/** Number and issuer as one text that no other pair gives. */
function identityText({ issuer, id }: PatientIdentity): string {
  return JSON.stringify([issuer.trim().normalize('NFC'), id.trim().normalize('NFC')])
}

function keyed(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest()
}
