import { STORAGE_SOP_CLASSES } from './storage-sop-classes.ts'
import { TRANSFER_SYNTAXES } from './transfer-syntaxes.ts'

/** PS3.7 A.2.1: the only application context name there is. */
export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1'
/** PS3.4 A.4: the SOP class of C-ECHO. */
export const VERIFICATION = '1.2.840.10008.1.1'
/** PS3.4 J.3: the SOP class of storage commitment, and the one instance that every implementation knows (J.3.5). */
export const STORAGE_COMMITMENT_PUSH_MODEL = '1.2.840.10008.1.20.1'
export const STORAGE_COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1'
/** PS3.4 F.7: Modality Performed Procedure Step. */
export const PROCEDURE_STEP = '1.2.840.10008.3.1.2.3.3'
/** PS3.4 R.3: Instance Availability Notification. */
export const INSTANCE_AVAILABILITY = '1.2.840.10008.5.1.4.33'
/** PS3.4 C.6.2: the study root information model. */
export const STUDY_ROOT = {
  find: '1.2.840.10008.5.1.4.1.2.2.1',
  move: '1.2.840.10008.5.1.4.1.2.2.2',
  get: '1.2.840.10008.5.1.4.1.2.2.3',
} as const
export const IMPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2'
export const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
export const EXPLICIT_VR_BIG_ENDIAN = '1.2.840.10008.1.2.2'

/** Who we are in A-ASSOCIATE and in file meta (PS3.7 D.3.3.2): one name for the whole product. */
export { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../imaging/dataset/index.ts'

/** Transfer syntaxes whose data set is one deflate stream, padded to an even length (PS3.5 A.5, A.7, A.12). */
const DEFLATED: ReadonlySet<string> = new Set([
  '1.2.840.10008.1.2.1.99',
  '1.2.840.10008.1.2.4.95',
  '1.2.840.10008.1.2.4.205',
])

/** Every UID that the standard itself assigns lies below this root (PS3.5 9.1, PS3.6 A). */
const STANDARD_ROOT = '1.2.840.10008.'
/** Storage SOP classes of later editions are assigned below this arc. */
const STORAGE_ARC = '1.2.840.10008.5.1.4.1.1.'
/** Query, retrieve and management classes that lie below the storage arc (PS3.4 U, BB, HH). */
const NOT_STORAGE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(200\.[456]|201\.[23456])$/

const storageSopClasses: ReadonlySet<string> = new Set(STORAGE_SOP_CLASSES.map(([uid]) => uid))
const transferSyntaxes: ReadonlySet<string> = new Set(TRANSFER_SYNTAXES.map(([uid]) => uid))

/** True for a storage SOP class of the standard, also one of an edition later than our table. */
export function isStorageSopClass(uid: string): boolean {
  return storageSopClasses.has(uid) || (uid.startsWith(STORAGE_ARC) && !NOT_STORAGE.test(uid))
}

/** True for a transfer syntax of the standard that a stored data set can have. */
export function isStandardTransferSyntax(uid: string): boolean {
  return transferSyntaxes.has(uid)
}

/** True when the whole data set is deflated. */
export function isDeflated(transferSyntaxUid: string): boolean {
  return DEFLATED.has(transferSyntaxUid)
}

/** True for a UID that the standard did not assign. */
export function isPrivateUid(uid: string): boolean {
  return !uid.startsWith(STANDARD_ROOT)
}

/**
 * True for what may name an instance on its way in: a UID, or letters, digits, dots, hyphens and underscores in its place,
 * 1 to 64 characters. Objects in the field carry digests there, other archives take them, and a refusal would lose an
 * image; what such an object is good for is decided after it is kept.
 */
export function isInstanceName(value: string): boolean {
  return /^[0-9A-Za-z._-]{1,64}$/.test(value)
}

/** PS3.5 9.1, table 6.2-1 (UI): digits and dots, 1 to 64 characters. Leading zeros in components occur in the field. */
export function isUid(value: string): boolean {
  return value.length > 0 && value.length <= 64 && /^[0-9]+(\.[0-9]+)*$/.test(value)
}
