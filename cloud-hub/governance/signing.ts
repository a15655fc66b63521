import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import {
  approverRole,
  modelReference,
  personIdentifier,
  type SignatureMeaning,
  signatureMeaning,
} from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, digestOf, toIsoInstant } from '@leadglass/sync-agent/foundation'
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
  }),
})
export type ElectronicSignature = z.infer<typeof electronicSignature>

/** DSSE envelope with one signature; payload and signature are base64. */
export const dsseEnvelope = z.strictObject({
  payloadType: z.literal('application/vnd.in-toto+json'),
  payload: z.base64().max(65_536),
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: z.base64().max(128) })).length(1),
})
export type DsseEnvelope = z.infer<typeof dsseEnvelope>

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
  const statement: ElectronicSignature = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: subjectName(subject.version), digest: { sha256: digestOf(subject.signedBytes) } }],
    predicateType: 'urn:leadglass:electronic-signature:1',
    predicate: {
      person: key.person,
      printedName: key.printedName,
      role: key.role,
      meaning,
      signedAt: toIsoInstant(clock.now()),
      releases: subject.releases.map(({ model, releaseCounter }) => ({ model, releaseCounter })),
    },
  }
  const payload = Buffer.from(canonicalJson(statement))
  return {
    keyid: key.keyid,
    signature: Buffer.from(key.sign(subject.signedBytes)).toString('hex'),
    envelope: {
      payloadType: 'application/vnd.in-toto+json',
      payload: payload.toString('base64'),
      signatures: [{ keyid: key.keyid, sig: Buffer.from(key.sign(preAuthEncoding(payload))).toString('base64') }],
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

/** DSSE protocol 1.0: what is signed is the type and the payload, each with its length. */
function preAuthEncoding(payload: Uint8Array): Buffer {
  const type = 'application/vnd.in-toto+json'
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload])
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
