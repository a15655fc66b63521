import { z } from 'zod'
import { canonicalJson, digestOf } from '../foundation/index.ts'
import { desiredKey } from './desired-signature.ts'
import { verifierKey } from './enrolment.ts'
import { approvalPolicy } from './release.ts'

/** Largest initial root that is taken, in characters of base64. */
const MOST_ROOT_TEXT = 48_000

/** Device to hub over mutual TLS: asks what to pin, and gives the key with which it cosigns the hub's log. */
export const anchorsRequest = z.strictObject({
  schema: z.literal('leadglass.anchors/1'),
  /** Null where the box is no witness. */
  witnessKey: verifierKey.nullable(),
})

/** What a box pins of its hub. A hub without a key ceremony has no root and no policy yet. */
export const anchors = z.strictObject({
  /** Verifier keys of the hub's log and of the hub as a witness. */
  hubKeys: z.array(verifierKey).max(4),
  desiredKey,
  /** Bytes of 1.root.json (TUF 5.3), base64, and the policy of approvals that names its digest. */
  updates: z
    .strictObject({
      initialRoot: z
        .string()
        .max(MOST_ROOT_TEXT)
        .regex(/^[A-Za-z0-9+/]+={0,2}$/),
      policy: approvalPolicy,
    })
    .nullable(),
})
export type Anchors = z.infer<typeof anchors>

/** Hub to device. */
export const anchorsAnswer = z.strictObject({ schema: z.literal('leadglass.anchors-answer/1'), anchors })

/** Digests of what is pinned, for people to compare. Hexadecimal; null where the hub has none yet. */
export interface AnchorFingerprints {
  readonly root: string | null
  readonly policy: string | null
  readonly desiredKey: string
  /** Over everything that is pinned: one text to compare. */
  readonly all: string
}

/** The fingerprints of anchors. The key of desired documents may rotate afterwards; `all` is of the moment of joining. */
export function anchorFingerprints(of: Anchors): AnchorFingerprints {
  const { updates } = of
  return {
    root: updates === null ? null : digestOf(Buffer.from(updates.initialRoot, 'base64')),
    policy: updates === null ? null : digestOf(canonicalJson(updates.policy)),
    desiredKey: digestOf(Buffer.from(of.desiredKey.publicKey, 'hex')),
    all: digestOf(canonicalJson(of)),
  }
}
