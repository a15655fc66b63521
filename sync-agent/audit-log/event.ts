import { z } from 'zod'
import { deviceId, personIdentifier, personPseudonym, studyPseudonym, vocabularyCode } from '../contract/index.ts'
import { canonicalJson } from '../foundation/index.ts'
import { AUDIT_EVENT_CODES } from './events.ts'

/** Schema name of every leaf that this version writes. */
export const AUDIT_EVENT_SCHEMA = 'leadglass.audit-event/1'

/** Largest leaf in bytes. C2SP tlog-tiles carries entries of up to 65,535 bytes; audit events stay far below. */
export const MAX_LEAF_BYTES = 60_000

/** Random or content-derived: a UUID, or 32 to 128 hexadecimal digits. An accession number or a date is neither. */
const opaque = z.string().regex(/^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,128})$/)

/** A model version, `chest-radiograph@1.0.0`, or the digest of its manifest. */
const modelId = z.string().regex(/^(?:[a-z][a-z0-9-]{1,63}@\d{1,4}\.\d{1,4}\.\d{1,6}|[0-9a-f]{64})$/)

/** The name of a log: `leadglass/<device>/audit`. */
const logOrigin = z.string().regex(/^[a-z][a-z0-9./-]{0,127}$/)

const person = z.union([personPseudonym, personIdentifier])

/** What an event may be about, and the form that its identifier has. Free text and DICOM UIDs fit nowhere. */
export const AUDIT_SUBJECTS = {
  study: studyPseudonym,
  patient: z.string().regex(/^[0-9a-f]{32}$/),
  model: modelId,
  release: modelId,
  association: opaque,
  instance: opaque,
  batch: opaque,
  result: opaque,
  session: opaque,
  label: opaque,
  dataset: opaque,
  training: opaque,
  approval: opaque,
  rollout: opaque,
  alert: opaque,
  report: opaque,
  backup: opaque,
  key: opaque,
  setting: vocabularyCode,
  destination: vocabularyCode,
  stream: vocabularyCode,
  process: vocabularyCode,
  /** A device's name may be digits only; as a subject it must not look like a date or a number of a patient. */
  device: deviceId.refine((id) => /[a-z]/.test(id)),
  person,
  log: logOrigin,
} as const

export type AuditSubjectKind = keyof typeof AUDIT_SUBJECTS

const subjectKind = z.enum(Object.keys(AUDIT_SUBJECTS) as [AuditSubjectKind, ...AuditSubjectKind[]])

/** What an event is about. */
export const auditSubject = z
  .strictObject({ kind: subjectKind, id: z.string().max(128) })
  .refine((subject) => AUDIT_SUBJECTS[subject.kind].safeParse(subject.id).success, {
    message: 'the identifier does not have the form of its kind',
  })
export type AuditSubject = z.infer<typeof auditSubject>

/** Who acted. A person is a keyed pseudonym at a site and a person identifier at the hub. */
export const auditActor = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('system'), id: vocabularyCode }),
  z.strictObject({ kind: z.literal('person'), id: person }),
  z.strictObject({ kind: z.literal('device'), id: deviceId }),
])
export type AuditActor = z.input<typeof auditActor>

export const auditOutcome = z.enum(['success', 'failure', 'refused'])
export type AuditOutcome = z.infer<typeof auditOutcome>

/** UTC to the second, as a leaf states it. */
const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)

const shape = {
  schema: z.literal(AUDIT_EVENT_SCHEMA),
  at: instant,
  actor: auditActor,
  subject: auditSubject.nullable(),
  outcome: auditOutcome,
  codes: z.array(vocabularyCode).max(32),
  /** Commitment to a detail that stays at the site (`commitmentTo`); absent where there is none, and in older leaves. */
  commitment: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
}

/** An event as it is written: the word must be of the vocabulary. */
export const auditEvent = z.strictObject({ ...shape, event: z.enum(AUDIT_EVENT_CODES) })
export type AuditEvent = z.infer<typeof auditEvent>

/** An event as it is read: newer programs may have words that this one does not know. */
export const recordedAuditEvent = z.strictObject({ ...shape, event: vocabularyCode })
export type RecordedAuditEvent = z.infer<typeof recordedAuditEvent>

/** What a caller states; schema and time are added by the log. */
export interface AuditEventInput {
  readonly event: AuditEvent['event']
  readonly actor: AuditActor
  readonly subject: { readonly kind: AuditSubjectKind; readonly id: string } | null
  readonly outcome: AuditOutcome
  /** Codes of reasons and circumstances, in the order in which they matter; none unless told. */
  readonly codes?: readonly string[]
  /** `commitmentTo` a detail that the caller keeps. */
  readonly commitment?: string
}

/**
 * The bytes of a leaf: canonical JSON of the event, UTF-8.
 * @throws {z.ZodError} when the event says what the schema does not allow: a defect of the caller.
 */
export function encodeEvent(input: AuditEventInput, nowMs: number): Uint8Array {
  const event = auditEvent.parse({
    schema: AUDIT_EVENT_SCHEMA,
    at: `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    event: input.event,
    actor: input.actor,
    subject: input.subject,
    outcome: input.outcome,
    codes: input.codes ?? [],
    ...(input.commitment === undefined ? {} : { commitment: input.commitment }),
  })
  return Buffer.from(canonicalJson(event))
}

/** Reads a leaf; `undefined` when its bytes are not the canonical JSON of an audit event. */
export function decodeEvent(leaf: Uint8Array): RecordedAuditEvent | undefined {
  if (leaf.length > MAX_LEAF_BYTES) return undefined
  const text = Buffer.from(leaf).toString('utf8')
  try {
    const parsed = recordedAuditEvent.safeParse(JSON.parse(text))
    return parsed.success && canonicalJson(parsed.data) === text ? parsed.data : undefined
  } catch {
    return undefined
  }
}
