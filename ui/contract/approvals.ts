import { z } from 'zod'
import { modelVersion } from './common.ts'

/** One signature of an approval, as 21 CFR 11.50 wants it shown. */
export const shownSignature = z.object({
  person: z.string(),
  printedName: z.string(),
  role: z.string(),
  meaning: z.string(),
  at: z.iso.datetime(),
  keyid: z.string(),
})
export type ShownSignature = z.infer<typeof shownSignature>

/** Where an approval stands. */
export const approvalState = z.enum([
  'submitted',
  'in-review',
  'partially-signed',
  'approved',
  'published',
  'rejected',
  'changes-requested',
  'withdrawn',
  'expired',
])

/** 21 CFR 11.50(a)(3). */
export const meaning = z.enum(['review', 'approval', 'responsibility', 'authorship'])
export type Meaning = z.infer<typeof meaning>

/** GET /api/approvals. */
export const approvalSummary = z.object({
  approval: z.string(),
  model: modelVersion,
  state: approvalState,
  author: z.string(),
  submittedAt: z.iso.datetime(),
  /** When it ends by itself; null without a deadline. */
  dueAt: z.iso.datetime().nullable(),
  /** The approval that was sent back and that this one answers. */
  previous: z.string().nullable(),
  /** How it ended, by whom and why; null while it is open. */
  ended: z.object({ at: z.iso.datetime(), by: z.string(), reason: z.string().nullable() }).nullable(),
  signoffs: z.array(z.object({ person: z.string(), role: z.string(), meaning: z.string() })),
  signatures: z.array(shownSignature),
})
export type ApprovalSummary = z.infer<typeof approvalSummary>
export const approvalList = z.object({ approvals: z.array(approvalSummary) })

/** POST /api/approvals: submits a candidate, naming who is to sign. */
export const approvalRequest = z.strictObject({
  name: z.string().min(1).max(64),
  version: z.string().min(1).max(20),
  signoffs: z
    .array(
      z.strictObject({
        person: z.string().min(2).max(64),
        role: z.enum(['clinical', 'technical']),
        meaning: meaning.default('approval'),
      }),
    )
    .min(2)
    .max(8),
  /** Claims that the version is within the plan for changes of its model; refused unless the hub finds it so. */
  withinPlan: z.boolean().default(false),
  /** Days from now until it ends by itself. */
  dueInDays: z.number().int().min(1).max(90).optional(),
  /** The approval that was sent back and that this one answers. */
  previous: z.uuid().optional(),
})
export type ApprovalRequest = z.input<typeof approvalRequest>

/** GET /api/approvals/:approval/document: exactly what is signed, and what it says for a person. */
export const approvalDocument = z.object({
  approval: z.string(),
  /** Canonical bytes of the next approved-models metadata (its `signed` member), base64. */
  signed: z.string(),
  digest: z.string(),
  /** Version of the approved-models metadata that these bytes are; part of what the statement of signing names. */
  version: z.number().int().min(1),
  /** What the list releases anew, for the statement of signing. */
  releases: z.array(z.object({ model: modelVersion, releaseCounter: z.number().int().min(1) })),
  summary: z.array(z.object({ name: z.string(), value: z.string() })),
  serverTime: z.iso.datetime(),
})
export type ApprovalDocument = z.infer<typeof approvalDocument>

/** POST /api/approvals/:approval/signing: the first component of a signature, and what is meant by it. */
export const signingRequest = z.strictObject({
  /** Who signs. A page may only name the person who is signed in. */
  person: z.string().min(2).max(64),
  password: z.string().min(1).max(1024),
  keyid: z.string().regex(/^[0-9a-f]{64}$/),
  meaning,
  /** Why, in the signer's own words; becomes part of what is signed. */
  reason: z.string().trim().min(1).max(1000).optional(),
})
export type SigningRequest = z.infer<typeof signingRequest>

/** What is to be signed: both byte strings, base64. The time in the statement is the hub's (21 CFR 11.10(e)). */
export const preparedSigning = z.object({
  act: z.uuid(),
  signed: z.string(),
  statement: z.string(),
  expiresAt: z.iso.datetime(),
})
export type PreparedSigning = z.infer<typeof preparedSigning>

/** POST /api/approvals/:approval/signatures: both signatures of one act, made by whoever holds the key. */
export const signatureSubmission = z.strictObject({
  act: z.uuid(),
  keyid: z.string().regex(/^[0-9a-f]{64}$/),
  /** Signature over `signed`, hexadecimal. */
  signature: z.string().regex(/^[0-9a-f]{2,1024}$/),
  /** DSSE envelope (JSON) of the statement with printed name, time and meaning. */
  statement: z.unknown(),
})
export type SignatureSubmission = z.infer<typeof signatureSubmission>

/** POST …/comments and …/review: words; POST …/rejection and …/changes: why. */
export const approvalWords = z.strictObject({
  words: z.string().trim().min(1).max(4000),
  /** The comment that this one answers. */
  replyTo: z.number().int().min(1).nullable().default(null),
})
export const approvalReason = z.strictObject({ reason: z.string().trim().min(3).max(1000) })

/** One thing that happened to an approval. */
export const approvalStep = z.object({
  at: z.iso.datetime(),
  /** `comment` and `review` can be answered by their number. */
  kind: z.enum(['submitted', 'review', 'comment', 'reminder', 'signed', 'ended']),
  person: z.string(),
  words: z.string(),
  note: z.number().int().nullable(),
  replyTo: z.number().int().nullable(),
})
export type ApprovalStep = z.infer<typeof approvalStep>

/** GET /api/approvals/:approval/timeline: oldest first. */
export const approvalTimeline = z.object({ steps: z.array(approvalStep) })
export type ApprovalTimeline = z.infer<typeof approvalTimeline>

/** GET /api/approvals/:approval/record: everything that proves the signatures, for people and for programs. */
export const approvalRecord = z.object({
  schema: z.literal('leadglass.approval-record/1'),
  summary: approvalSummary,
  document: approvalDocument,
  signatures: z.array(
    z.object({
      shown: shownSignature,
      /** TUF signature over the document's bytes, hexadecimal. */
      signature: z.string(),
      /** DSSE envelope of the statement. */
      envelope: z.unknown(),
      publicKey: z.string(),
      /** Entry of the hub's log that commits to both signatures, and its inclusion proof (c2sp.org/tlog-proof@v1). */
      log: z.object({ index: z.number().int(), commitment: z.string(), proof: z.string() }).nullable(),
    }),
  ),
  steps: z.array(approvalStep),
})
export type ApprovalRecord = z.infer<typeof approvalRecord>

/** An approver's key. */
export const signingKey = z.object({
  keyid: z.string(),
  person: z.string(),
  role: z.string(),
  printedName: z.string(),
  publicKey: z.string(),
  kind: z.enum(['file', 'browser', 'pkcs11']),
  state: z.enum(['pending', 'active', 'revoked']),
  enrolledAt: z.iso.datetime(),
  confirmedBy: z.array(z.string()),
  needed: z.number().int(),
  revokedAt: z.iso.datetime().nullable(),
  revokedBy: z.string().nullable(),
  revokedWhy: z.string().nullable(),
})
export type ShownSigningKey = z.infer<typeof signingKey>

/** GET /api/signing-keys. */
export const signingKeyList = z.object({ keys: z.array(signingKey) })

/** POST /api/signing-keys: a key of one's own, to be confirmed by others. */
export const signingKeyEnrolment = z.strictObject({
  person: z.string().min(2).max(64),
  password: z.string().min(1).max(1024),
  role: z.enum(['clinical', 'technical']),
  printedName: z.string().trim().min(1).max(120),
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.enum(['file', 'browser', 'pkcs11']),
})
/** The code is told once; the owner gives it to the people who confirm. */
export const enrolledKey = z.object({ keyid: z.string(), code: z.string() })
export const signingKeyConfirmation = z.strictObject({ code: z.string().regex(/^[0-9a-f]{10}$/) })

/** GET /api/signing-alarms: what the security unit must know (21 CFR 11.300(d)). */
export const signingAlarmList = z.object({
  alarms: z.array(z.object({ at: z.iso.datetime(), person: z.string(), code: z.string() })),
})

/** POST /api/session/password. */
export const passwordChange = z.strictObject({
  password: z.string().min(1).max(1024),
  newPassword: z.string().min(12).max(1024),
})
