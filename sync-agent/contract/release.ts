import { z } from 'zod'
import { sha256Hex } from '../foundation/index.ts'
import { modelReference } from './identifiers.ts'

/** The one delegated TUF role that may list models. Top-level `targets` must stay empty (see the approval policy). */
export const APPROVED_MODELS_ROLE = 'approved-models'

/** Path of a release in the repository: `models/<name>/<version>/manifest.json`. Blobs lie beside it, by digest. */
export const RELEASE_PATH_PATTERN = 'models/*/*/manifest.json'

/** The delegated TUF role that stops models. Its paths are disjoint from those of releases: it can never add one. */
export const RECALLS_ROLE = 'recalls'

/** Path of a recall in the repository: `recalls/<name>/<version>/<digest>.json`. */
export const RECALL_PATH_PATTERN = 'recalls/*/*/*.json'

/** The target path of the recall of one model version. */
export function recallPath(model: z.infer<typeof modelReference>): string {
  return `recalls/${model.name}/${model.version}/${model.digest}.json`
}

/** The target path of one model version. */
export function releasePath(model: { readonly name: string; readonly version: string }): string {
  return `models/${model.name}/${model.version}/manifest.json`
}

/** What an approver is: the roles that the policy asks for. */
export const approverRole = z.enum(['clinical', 'technical'])
export type ApproverRole = z.infer<typeof approverRole>

/** 21 CFR 11.50(a)(3): what a signature means. */
export const signatureMeaning = z.enum(['review', 'approval', 'responsibility', 'authorship'])
export type SignatureMeaning = z.infer<typeof signatureMeaning>

/** A person known to the hub: `person` is a stable identifier such as `clinical-approver`, never reused. */
export const personIdentifier = z.string().regex(/^[a-z][a-z0-9.-]{1,62}$/)

/**
 * `custom` of a release's target entry; covered by both approvers' signatures. Integers and strings only: TUF's
 * canonical JSON has no floats.
 */
export const releaseStatement = z.strictObject({
  schema: z.literal('leadglass.release/1'),
  model: modelReference,
  /** Rises by at least one with every release of a model; a device never goes below what it has seen. */
  releaseCounter: z.number().int().min(1),
  /** Who made the candidate. An author never approves. */
  author: personIdentifier,
  /** Who is to sign, in which role; both sign the same bytes. */
  signoffs: z
    .array(z.strictObject({ person: personIdentifier, role: approverRole, meaning: signatureMeaning }))
    .min(2)
    .max(8),
  /** Set when this release brings back older bytes on purpose. */
  rollbackOf: modelReference.nullable(),
  /**
   * Set when the release is within a plan for changes (PCCP): digests of the plan and of the hub's determination. The hub
   * computes it before submission and again before each signature; boxes older than this member refuse such a list.
   */
  changeControl: z.strictObject({ plan: sha256Hex, determination: sha256Hex }).optional(),
})
export type ReleaseStatement = z.infer<typeof releaseStatement>

/**
 * `custom` of a recall's target entry; its canonical JSON is the target. A recall holds for ever: what was recalled comes
 * back only as other bytes, approved anew.
 */
export const recallStatement = z.strictObject({
  schema: z.literal('leadglass.recall/1'),
  model: modelReference,
  /** For the people at the sites; nothing about a patient. */
  reason: z.string().trim().min(3).max(400),
  /** The safety officer. */
  person: personIdentifier,
  recalledAt: z.iso.datetime(),
})
export type RecallStatement = z.infer<typeof recallStatement>

/** Pinned on the device at provisioning; nothing that arrives later can loosen it. */
export const approvalPolicy = z.strictObject({
  schema: z.literal('leadglass.approval-policy/1'),
  minimumApprovals: z.number().int().min(2),
  requiredRoles: z.array(approverRole).min(1),
  /** SHA-256 of the root.json that the device was provisioned with. */
  initialRootDigest: sha256Hex,
  /** Where the hospital asks for an approval of its own: keys of its own people, any one of which must have signed. */
  siteApproval: z
    .strictObject({
      keys: z
        .array(
          z.strictObject({
            person: personIdentifier,
            printedName: z.string().min(1).max(120),
            publicKey: z.string().regex(/^[0-9a-f]{64}$/),
          }),
        )
        .min(1)
        .max(16),
    })
    .optional(),
})
export type ApprovalPolicy = z.infer<typeof approvalPolicy>

/** Names of the additional members of a TUF key object that say whose key it is. Signed by the offline targets role. */
export const KEY_PERSON = 'x-leadglass-person'
export const KEY_ROLE = 'x-leadglass-role'
