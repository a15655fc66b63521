import { verify } from 'node:crypto'
import { approverRole, personIdentifier } from '@leadglass/sync-agent/contract'
import { canonicalJson, digestOf, type Sha256Hex, sha256Hex, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type DsseEnvelope, dsseEnvelope, preAuthEncoding, STATEMENT_TYPE } from '@leadglass/sync-agent/updates'
import { z } from 'zod'
import { ed25519PublicKey, type OpenApproverKey } from '../governance/index.ts'
import type { ChangePlan } from './plan.ts'

/** in-toto Statement v1 over a plan: who adopts it, by which name and when (21 CFR 11.50(a)). */
const adoptionStatement = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: sha256Hex }) })).length(1),
  predicateType: z.literal('urn:leadglass:change-plan-adoption:1'),
  predicate: z.strictObject({
    person: personIdentifier,
    printedName: z.string().min(1).max(120),
    role: approverRole,
    meaning: z.literal('approval'),
    signedAt: z.iso.datetime(),
  }),
})
export type PlanAdoption = z.infer<typeof adoptionStatement>['predicate']

/** A key whose signature counts now. */
export interface AdopterKey {
  readonly person: string
  readonly role: string
  readonly publicKey: string
}

/** The digest by which a plan is cited: of its canonical JSON. */
export function planDigest(plan: ChangePlan): Sha256Hex {
  return digestOf(Buffer.from(canonicalJson(plan)))
}

/** Signs a plan with an approver's own key. */
export function signAdoption(key: OpenApproverKey, plan: ChangePlan, nowMs: number): DsseEnvelope {
  const payload = Buffer.from(
    canonicalJson({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: planName(plan), digest: { sha256: planDigest(plan) } }],
      predicateType: 'urn:leadglass:change-plan-adoption:1',
      predicate: {
        person: key.person,
        printedName: key.printedName,
        role: key.role,
        meaning: 'approval',
        signedAt: toIsoInstant(nowMs),
      },
    }),
  )
  const sig = Buffer.from(key.sign(preAuthEncoding(payload))).toString('base64')
  return { payloadType: STATEMENT_TYPE, payload: payload.toString('base64'), signatures: [{ keyid: key.keyid, sig }] }
}

/**
 * Reads an adoption with the key that the hub knows by the envelope's key identifier.
 * @returns undefined when it is not valid, or of another plan (21 CFR 11.70).
 */
export function verifyAdoption(
  envelope: unknown,
  plan: ChangePlan,
  keyOf: (keyid: string) => AdopterKey | undefined,
): (PlanAdoption & { readonly publicKey: string }) | undefined {
  const parsed = dsseEnvelope.safeParse(envelope)
  const [signature] = parsed.data?.signatures ?? []
  if (!parsed.success || signature === undefined) return undefined
  const payload = Buffer.from(parsed.data.payload, 'base64')
  const statement = adoptionStatement.safeParse(readJson(payload))
  if (!statement.success) return undefined
  const { subject, predicate } = statement.data
  const key = keyOf(signature.keyid)
  if (key === undefined || key.person !== predicate.person || key.role !== predicate.role) return undefined
  const bytes = preAuthEncoding(payload)
  if (!verify(undefined, bytes, ed25519PublicKey(key.publicKey), Buffer.from(signature.sig, 'base64'))) return undefined
  const isThis = subject[0]?.name === planName(plan) && subject[0].digest.sha256 === planDigest(plan)
  return isThis ? { ...predicate, publicKey: key.publicKey } : undefined
}

function planName(plan: ChangePlan): string {
  return `change-plan/${plan.model}/${plan.version}`
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
