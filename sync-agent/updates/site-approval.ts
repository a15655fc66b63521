import { createPublicKey, verify } from 'node:crypto'
import { z } from 'zod'
import {
  type ApprovalPolicy,
  type ModelReference,
  modelReference,
  personIdentifier,
  releasePath,
  signatureMeaning,
} from '../contract/index.ts'
import { digestOf } from '../foundation/index.ts'
import { type DsseEnvelope, dsseEnvelope, preAuthEncoding } from './dsse.ts'
import type { Approval } from './policy.ts'

/** in-toto Statement v1 by which the hospital itself agrees to a version (21 CFR 11.50: name, time, meaning). */
export const siteApprovalStatement = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z
    .array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }) }))
    .length(1),
  predicateType: z.literal('urn:leadglass:site-approval:1'),
  predicate: z.strictObject({
    person: personIdentifier,
    printedName: z.string().min(1).max(120),
    meaning: signatureMeaning,
    signedAt: z.iso.datetime(),
    model: modelReference,
  }),
})
export type SiteApprovalStatement = z.infer<typeof siteApprovalStatement>

/** Why a release waits, in words for the one who must act. */
export type SiteApprovalOutcome =
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'approved'; readonly person: string; readonly printedName: string; readonly signedAt: string }
  | { readonly kind: 'missing' | 'refused'; readonly message: string }

/** The statement about a version, as it is signed. */
export function siteApprovalOf(
  model: ModelReference,
  signer: { readonly person: string; readonly printedName: string },
  meaning: z.infer<typeof signatureMeaning>,
  signedAt: string,
): SiteApprovalStatement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: releasePath(model), digest: { sha256: model.digest } }],
    predicateType: 'urn:leadglass:site-approval:1',
    predicate: { person: signer.person, printedName: signer.printedName, meaning, signedAt, model },
  }
}

/**
 * The third approval, where the pinned policy asks for it: somebody of the hospital, with a key that only the hospital
 * pinned, agreed to exactly these bytes. Pure, and needs no hub: the approval is made and checked at the site.
 * @param approvals who approved at the hub; none of their keys counts a second time here.
 * @param envelope what lies at the site for this version; undefined when nothing does.
 */
export function checkSiteApproval(
  model: ModelReference,
  approvals: readonly Pick<Approval, 'keyDigest'>[],
  policy: Pick<ApprovalPolicy, 'siteApproval'>,
  envelope: unknown,
): SiteApprovalOutcome {
  const asked = policy.siteApproval
  if (asked === undefined) return { kind: 'not-asked' }
  const name = `${model.name} ${model.version}`
  if (envelope === undefined) {
    return { kind: 'missing', message: `${name} waits for the hospital’s own approval: leadglass approve local sign.` }
  }
  const refused = (message: string): SiteApprovalOutcome => ({ kind: 'refused', message })
  const parsed = dsseEnvelope.safeParse(envelope)
  if (!parsed.success) return refused(`The hospital’s approval of ${name} cannot be read.`)
  const payload = Buffer.from(parsed.data.payload, 'base64')
  const statement = siteApprovalStatement.safeParse(parseJson(payload))
  if (!statement.success) return refused(`The hospital’s approval of ${name} cannot be read.`)
  const { predicate, subject } = statement.data
  const key = asked.keys.find((one) => one.person === predicate.person)
  if (key === undefined || !holds(parsed.data, payload, key.publicKey)) {
    return refused(`The hospital’s approval of ${name} was not signed by a key that this device was given.`)
  }
  if (approvals.some((one) => one.keyDigest === digestOf(Buffer.from(key.publicKey, 'hex')))) {
    return refused(`The key of the hospital’s approval of ${name} approved it at the hub already.`)
  }
  // 21 CFR 11.70: an approval of other bytes is not lifted onto these.
  const [named] = subject
  const isThis =
    named?.name === releasePath(model) &&
    named.digest.sha256 === model.digest &&
    predicate.model.digest === model.digest
  if (!isThis) return refused(`The hospital’s approval that lies here is of other bytes than ${name}.`)
  const { person, signedAt } = predicate
  return { kind: 'approved', person, printedName: key.printedName, signedAt }
}

function holds(envelope: DsseEnvelope, payload: Uint8Array, publicKey: string): boolean {
  const [signature] = envelope.signatures
  if (signature === undefined) return false
  const x = Buffer.from(publicKey, 'hex').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  return verify(undefined, preAuthEncoding(payload), key, Buffer.from(signature.sig, 'base64'))
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
