import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import {
  approverRole,
  modelReference,
  personIdentifier,
  type SignatureMeaning,
  signatureMeaning,
} from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, digestOf, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type DsseEnvelope, dsseEnvelope, preAuthEncoding } from '@leadglass/sync-agent/updates'
import { z } from 'zod'
import type { OpenApproverKey } from './approver-key.ts'

/** What is signed: the canonical bytes of the next `approved-models`, and what a person should know about them. */
export interface SigningSubject {
  /** Version of `approved-models` that these bytes are. */
  readonly version: number
  readonly signedBytes: Uint8Array
  /** The releases that this version adds. */
  readonly releases: readonly { readonly model: z.infer<typeof modelReference>; readonly releaseCounter: number }[]
}

/** in-toto Statement v1 with what 21 CFR 11.50(a) asks for: printed name, date and time, meaning. */
export const electronicSignature = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z
    .array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }) }))
    .length(1),
  predicateType: z.literal('urn:leadglass:electronic-signature:1'),
  predicate: z.strictObject({
    person: personIdentifier,
    printedName: z.string().min(1).max(120),
    role: approverRole,
    meaning: signatureMeaning,
    /** The hub's time, ISO 8601. */
    signedAt: z.iso.datetime(),
    releases: z.array(z.strictObject({ model: modelReference, releaseCounter: z.number().int().min(1) })),
    /** Why, in the signer's own words; part of what is signed. */
    reason: z.string().min(1).max(1000).optional(),
  }),
})
export type ElectronicSignature = z.infer<typeof electronicSignature>

/** One act of signing: the TUF signature that devices check and the electronic signature that people read. */
export interface SignedApproval {
  readonly keyid: string
  /** Ed25519 over the canonical bytes, 128 hexadecimal digits. */
  readonly signature: string
  readonly envelope: DsseEnvelope
}

/**
 * Signs once, twice over: the same open key makes the TUF signature over the bytes and the electronic signature over
 * their digest, so neither can be lifted onto another record (21 CFR 11.70).
 */
export function signApproval(
  key: OpenApproverKey,
  subject: SigningSubject,
  meaning: SignatureMeaning,
  clock: Clock,
): SignedApproval {
  const payload = statementBytes(key, subject, meaning, clock.now())
  return signedApproval(key.keyid, payload, key.sign(subject.signedBytes), key.sign(preAuthEncoding(payload)))
}

/**
 * The same act with a signer that answers later: a token, a smart card.
 * @param payload bytes of the statement, as the hub prepared them.
 */
export async function signPrepared(
  key: { readonly keyid: string; sign(data: Uint8Array): Uint8Array | Promise<Uint8Array> },
  signedBytes: Uint8Array,
  payload: Uint8Array,
): Promise<SignedApproval> {
  const signature = await key.sign(signedBytes)
  return signedApproval(key.keyid, payload, signature, await key.sign(preAuthEncoding(payload)))
}

/** Canonical bytes of the statement that a person signs: who, in which role and meaning, when, over what. */
export function statementBytes(
  signer: {
    readonly person: string
    readonly printedName: string
    readonly role: ElectronicSignature['predicate']['role']
  },
  subject: SigningSubject,
  meaning: SignatureMeaning,
  atMs: number,
  reason?: string,
): Buffer {
  const statement: ElectronicSignature = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: subjectName(subject.version), digest: { sha256: digestOf(subject.signedBytes) } }],
    predicateType: 'urn:leadglass:electronic-signature:1',
    predicate: {
      person: signer.person,
      printedName: signer.printedName,
      role: signer.role,
      meaning,
      signedAt: toIsoInstant(atMs),
      releases: subject.releases.map(({ model, releaseCounter }) => ({ model, releaseCounter })),
      ...(reason === undefined ? {} : { reason }),
    },
  }
  return Buffer.from(canonicalJson(statement))
}

function signedApproval(
  keyid: string,
  payload: Uint8Array,
  signature: Uint8Array,
  statementSignature: Uint8Array,
): SignedApproval {
  return {
    keyid,
    signature: Buffer.from(signature).toString('hex'),
    envelope: {
      payloadType: 'application/vnd.in-toto+json',
      payload: Buffer.from(payload).toString('base64'),
      signatures: [{ keyid, sig: Buffer.from(statementSignature).toString('base64') }],
    },
  }
}

/**
 * Reads an approval back and verifies both signatures with one public key over the very bytes.
 * @returns the electronic signature, or undefined when anything does not agree.
 */
export function verifyApproval(
  approval: SignedApproval,
  subject: Pick<SigningSubject, 'version' | 'signedBytes'>,
  publicKey: string,
): ElectronicSignature | undefined {
  const envelope = dsseEnvelope.safeParse(approval.envelope)
  const [signature] = envelope.data?.signatures ?? []
  if (!envelope.success || signature === undefined || signature.keyid !== approval.keyid) return undefined
  const payload = Buffer.from(envelope.data.payload, 'base64')
  const key = ed25519PublicKey(publicKey)
  const bothHold =
    /^[0-9a-f]{128}$/.test(approval.signature) &&
    verify(undefined, subject.signedBytes, key, Buffer.from(approval.signature, 'hex')) &&
    verify(undefined, preAuthEncoding(payload), key, Buffer.from(signature.sig, 'base64'))
  if (!bothHold) return undefined
  const statement = electronicSignature.safeParse(parseJson(payload))
  const [named] = statement.data?.subject ?? []
  if (!statement.success || named === undefined) return undefined
  const isThisRecord =
    named.name === subjectName(subject.version) && named.digest.sha256 === digestOf(subject.signedBytes)
  return isThisRecord ? statement.data : undefined
}

/** An Ed25519 public key from its 64 hexadecimal digits. */
export function ed25519PublicKey(publicKey: string): KeyObject {
  const x = Buffer.from(publicKey, 'hex').toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

function subjectName(version: number): string {
  return `${version}.approved-models.json`
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
