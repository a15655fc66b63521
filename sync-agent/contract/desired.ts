import { z } from 'zod'
import { canonicalJson, digestOf, sha256Hex } from '../foundation/index.ts'
import { desiredSignature } from './desired-signature.ts'
import { modelReference, vocabularyCode } from './identifiers.ts'

/** What a hub can wish for. A site decides which of these it listens to. */
export const DESIRED_SECTIONS = [
  'schedules',
  'assignments',
  'rules',
  'deidentification',
  'thresholds',
  'backfill',
  'command',
] as const
export const desiredSection = z.enum(DESIRED_SECTIONS)
export type DesiredSection = z.infer<typeof desiredSection>

/** Settings that `schedules` can change, by their place in the site's settings. */
export const SCHEDULE_PLACES = [
  'retention.schedule',
  'retention.timeZone',
  'retention.windowMinutes',
  'sync.windows',
  'sync.timeZone',
  'sync.bytesPerSecond',
] as const
/** Settings that `thresholds` can change. Operating points of models are signed with the model and not among them. */
export const THRESHOLD_PLACES = [
  'pressure.softFreeBytes',
  'pressure.softFreeInodesPercent',
  'pressure.softWaitingSeconds',
  'pressure.recoverPercent',
] as const

/** Acts that a hub can ask for. Each is done once, and ends visibly. */
export const DESIRED_ACTS = ['restart-workers', 'test-models'] as const

/** A study date as in (0008,0020). */
const date = z.string().regex(/^\d{8}$/)

/** The value of a setting: the site's own schema judges it. */
const setting = z.json()

/** The sections of a desired state. A member that is absent is none of the hub's business. */
export const desiredSections = z.strictObject({
  schedules: z.partialRecord(z.enum(SCHEDULE_PLACES), setting).optional(),
  /** Which approved release of a model scores here. It cannot approve one: the device's own verification decides. */
  assignments: z
    .array(modelReference)
    .max(64)
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, { message: 'a model occurs twice' })
    .optional(),
  /** A rule file, as the site itself would put into force. */
  rules: z.record(z.string().max(64), z.json()).optional(),
  deidentification: z.strictObject({ profile: vocabularyCode }).optional(),
  thresholds: z.partialRecord(z.enum(THRESHOLD_PLACES), setting).optional(),
  /** One model over past studies, in a window of the day. The identifier names the act: the same one is done once. */
  backfill: z
    .strictObject({
      id: z.uuid(),
      /** `name` or `name@version`. */
      model: z.string().regex(/^[a-z][a-z0-9-]{1,63}(?:@\d{1,4}\.\d{1,4}\.\d{1,6})?$/),
      window: z.string().regex(/^\d{2}:\d{2}-\d{2}:\d{2}$/),
      zone: z.string().min(1).max(64).optional(),
      from: date.optional(),
      to: date.optional(),
      deliver: z.boolean(),
    })
    .optional(),
  /** One act, once. */
  command: z.strictObject({ id: z.uuid(), act: z.enum(DESIRED_ACTS) }).optional(),
})
export type DesiredSections = z.infer<typeof desiredSections>

/** What a hub wishes of one device: a numbered document. */
export const desiredDocument = z.strictObject({
  schema: z.literal('leadglass.desired-document/1'),
  /** Counts up per device; a lower one is never applied after a higher one. */
  version: z.number().int().min(1),
  /** After this instant it is not applied any more. */
  expiresAt: z.iso.datetime().nullable(),
  sections: desiredSections,
})
export type DesiredDocument = z.infer<typeof desiredDocument>

/** Largest document, in bytes of canonical JSON: with everything else it fits into a device twin of 32 KB. */
export const MAX_DOCUMENT_BYTES = 16_384
/** Characters of one piece; a twin's string holds 4 KB, and a character takes up to 3 bytes. */
const PIECE = 1300

/** A document on its way. Its text is cut into pieces: a twin holds no long strings, and merges objects but no arrays. */
export const desiredDelivery = z.strictObject({
  version: z.number().int().min(1),
  /** SHA-256 of the canonical JSON. */
  digest: sha256Hex,
  text: z.array(z.string().min(1).max(PIECE)).min(1).max(16),
  /** The hub's signature; sent only to a device that has pinned the hub's key, since older ones know no such member. */
  signed: desiredSignature.optional(),
})
export type DesiredDelivery = z.infer<typeof desiredDelivery>

/** Packs a document. @throws {z.ZodError} and {RangeError} for what is no document or too large. */
export function packDesired(document: DesiredDocument): DesiredDelivery {
  const text = canonicalJson(desiredDocument.parse(document))
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) throw new RangeError('a desired state is at most 16,384 bytes')
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += PIECE) pieces.push(text.slice(at, at + PIECE))
  return desiredDelivery.parse({ version: document.version, digest: digestOf(text), text: pieces })
}

/** Reads a document from whoever sent it; `undefined` when it is not what its digest and version say. */
export function unpackDesired(delivery: DesiredDelivery): DesiredDocument | undefined {
  const text = delivery.text.join('')
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES || digestOf(text) !== delivery.digest) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const parsed = desiredDocument.safeParse(value)
  if (!parsed.success || parsed.data.version !== delivery.version) return undefined
  return canonicalJson(parsed.data) === text ? parsed.data : undefined
}
