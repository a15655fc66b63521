import { canonicalize } from '@tufjs/canonical-json'
import { Metadata, MetadataKind, type Root, type Snapshot, type Targets, type Timestamp } from '@tufjs/models'
import { DeliveryError } from './errors.ts'

/**
 * Validity in days per role: long where people sign, 14 days online so that sites may be dark for a while. Recalls hold for
 * ever; their end of validity is so far off that nobody has to sign again what was stopped.
 */
export const VALIDITY_DAYS = {
  root: 365,
  targets: 180,
  'approved-models': 90,
  recalls: 3650,
  snapshot: 30,
  timestamp: 14,
} as const

/** Signatures that root and targets need, of three custodians each. */
export const CUSTODIAN_THRESHOLD = 2

/** Approvals that a model needs. A device's pinned policy may ask for more, never for fewer. */
export const APPROVAL_THRESHOLD = 2

/** The version of the TUF specification that is written. */
export const SPEC_VERSION = '1.0.31'

/** Anything that signs TUF metadata with an Ed25519 key. */
export interface MetadataSigner {
  readonly keyid: string
  sign(data: Uint8Array): Uint8Array
}

/** A signer that may take its time, as a key in a token does. Online keys are such; offline ones sign in a ceremony. */
export interface OnlineSigner {
  readonly keyid: string
  /** Ed25519, 64 bytes. @throws {TokenError} when the key lies in a token and the token does not sign. */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** The `signed` part of metadata as JSON: integers, strings, lists and objects only. */
export type SignedPart = Readonly<Record<string, unknown>>

/** A signature as it stands in metadata. */
export interface MetadataSignature {
  readonly keyid: string
  readonly sig: string
}

/** Canonical bytes (OLPC) of a `signed` part: what signatures cover. */
export function canonicalBytes(signed: SignedPart): Buffer {
  return Buffer.from(canonicalize(signed))
}

/** The file's bytes for a signed part. Signatures are ordered by keyid, so the same input gives the same file. */
export function metadataBytes(signed: SignedPart, signatures: readonly MetadataSignature[]): Buffer {
  const ordered = [...signatures].sort((a, b) => (a.keyid < b.keyid ? -1 : 1))
  return Buffer.from(canonicalize({ signatures: ordered, signed }))
}

/** Signs with every signer. */
export function signMetadata(signed: SignedPart, signers: readonly MetadataSigner[]): Buffer {
  const bytes = canonicalBytes(signed)
  return metadataBytes(
    signed,
    signers.map((signer) => ({ keyid: signer.keyid, sig: Buffer.from(signer.sign(bytes)).toString('hex') })),
  )
}

/** Signs with every online signer, one after the other: a token does one thing at a time. @throws {TokenError} */
export async function signOnline(signed: SignedPart, signers: readonly OnlineSigner[]): Promise<Buffer> {
  const bytes = canonicalBytes(signed)
  const signatures: MetadataSignature[] = []
  for (const signer of signers) {
    signatures.push({ keyid: signer.keyid, sig: Buffer.from(await signer.sign(bytes)).toString('hex') })
  }
  return metadataBytes(signed, signatures)
}

/** `YYYY-MM-DDTHH:MM:SSZ`, the only form that TUF 4.2 knows. */
export function tufInstant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** The end of a validity that begins at `nowMs`. */
export function expiryOf(role: keyof typeof VALIDITY_DAYS, nowMs: number): string {
  return tufInstant(nowMs + VALIDITY_DAYS[role] * 86_400_000)
}

export function parseRoot(bytes: Uint8Array): Metadata<Root> {
  return read(() => Metadata.fromJSON(MetadataKind.Root, json(bytes)))
}

export function parseTargets(bytes: Uint8Array): Metadata<Targets> {
  return read(() => Metadata.fromJSON(MetadataKind.Targets, json(bytes)))
}

export function parseSnapshot(bytes: Uint8Array): Metadata<Snapshot> {
  return read(() => Metadata.fromJSON(MetadataKind.Snapshot, json(bytes)))
}

export function parseTimestamp(bytes: Uint8Array): Metadata<Timestamp> {
  return read(() => Metadata.fromJSON(MetadataKind.Timestamp, json(bytes)))
}

type MetadataJson = Parameters<typeof Metadata.fromJSON>[1]

function json(bytes: Uint8Array): MetadataJson {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as MetadataJson
}

function read<T>(act: () => T): T {
  try {
    return act()
  } catch (cause) {
    throw new DeliveryError('repository-damaged', 'metadata of the repository cannot be read', cause)
  }
}
