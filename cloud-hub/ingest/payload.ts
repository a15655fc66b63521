import { promisify } from 'node:util'
import { crc32, gunzip } from 'node:zlib'
import {
  type DeviceId,
  type Envelope,
  envelope,
  envelopePosition,
  type InstanceFeatures,
  MAX_BATCH_BYTES,
  type RefusalCode,
  type Watermark,
} from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import { PayloadError } from './errors.ts'

const inflate = promisify(gunzip)

/** gzip never makes a batch larger than its input by more than this; what is larger on the wire is no batch of ours. */
const WIRE_BYTES_MORE = 4096

/** RFC 1952 2.3.1: CRC-32 and length of what was compressed, four bytes each, end a member. */
const TRAILER_BYTES = 8

/** Versions of the batch that may come to be; which of them this hub takes, `outerBatch` says. */
const anyBatchVersion = z.looseObject({ schema: z.string().regex(/^leadglass\.batch\/\d{1,6}$/) })

/** The outer form only; each envelope is looked at by itself, so that one bad envelope does not hide the others. */
const outerBatch = z.strictObject({
  schema: z.literal('leadglass.batch/1'),
  batch: z.uuid(),
  envelopes: z.array(z.unknown()).min(1).max(2000),
})

const claimedPosition = z.looseObject(envelopePosition.shape)

/** A place in a stream that was refused, as the acknowledgement reports it. */
export interface Refusal extends Watermark {
  readonly code: RefusalCode
}

/** A batch whose envelopes are valid, in the order in which they came; those that are not are in `refused`. */
export interface ParsedBatch {
  readonly device: DeviceId
  readonly batch: string
  readonly envelopes: readonly Envelope[]
  readonly refused: readonly Refusal[]
  /** Envelopes so malformed that no position could be read from them. */
  readonly unreadable: number
}

/**
 * Reads one hostile payload: size on the wire, inflated size (a bomb stops at the cap), one compressed member, JSON in the
 * one form that says it once, outer form, then every envelope with its digest.
 * @param device whose topic, and so whose certificate, the payload came under.
 * @param most bytes after inflating: more for what came by upload.
 * @throws {PayloadError} when the payload is no batch at all.
 */
export async function parsePayload(
  device: DeviceId,
  payload: Uint8Array,
  most = MAX_BATCH_BYTES,
): Promise<ParsedBatch> {
  if (payload.byteLength > most + WIRE_BYTES_MORE)
    throw refuse('payload-too-large', `${payload.byteLength} bytes on the wire`)
  const json = parseJson(await inflateCapped(payload, most))
  const outer = outerBatch.safeParse(json)
  if (!outer.success) {
    if (anyBatchVersion.safeParse(json).data?.schema.endsWith('/1') === false)
      throw refuse('payload-version-unknown', 'the batch is of a version that this hub does not know')
    throw refuse('payload-not-a-batch', 'the outer form is not leadglass.batch/1')
  }
  const envelopes: Envelope[] = []
  const refused: Refusal[] = []
  let unreadable = 0
  for (const candidate of outer.data.envelopes) {
    const position = claimedPosition.safeParse(candidate)
    if (!position.success) {
      unreadable += 1
      continue
    }
    const { epoch, stream, sequence } = position.data
    if (position.data.device !== device) {
      refused.push({ epoch, stream, sequence, code: 'foreign-device' })
      continue
    }
    const parsed = envelope.safeParse(candidate)
    if (parsed.success && hasCanonicalForm(parsed.data)) envelopes.push(parsed.data)
    else refused.push({ epoch, stream, sequence, code: 'schema' })
  }
  return { device, batch: outer.data.batch, envelopes, refused, unreadable }
}

/** An embedding is whole float32 values in the one base64 form, so that the stored bytes give the same digest again. */
function hasCanonicalForm(candidate: Envelope): boolean {
  const body = candidate.body
  if (body.kind === 'instance-features') return isFloat32Base64(body)
  if (body.kind === 'audit-leaf') return Buffer.from(body.leaf, 'base64').toString('base64') === body.leaf
  return true
}

function isFloat32Base64(body: InstanceFeatures): boolean {
  const bytes = Buffer.from(body.embedding, 'base64')
  if (bytes.length % 4 !== 0 || bytes.toString('base64') !== body.embedding) return false
  for (let offset = 0; offset < bytes.length; offset += 4) {
    if (!Number.isFinite(bytes.readFloatLE(offset))) return false
  }
  return true
}

async function inflateCapped(payload: Uint8Array, most: number): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await inflate(payload, { maxOutputLength: most })
  } catch (error) {
    if (error instanceof RangeError) throw refuse('payload-inflates-too-far', `more than ${most} bytes`)
    throw refuse('payload-not-gzip', 'the payload does not inflate')
  }
  // A second member (RFC 1952 2.2) or bytes after the last would travel unseen: the end must belong to the whole.
  const trailer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).subarray(-TRAILER_BYTES)
  if (trailer.readUInt32LE(4) !== bytes.length || trailer.readUInt32LE(0) !== crc32(bytes))
    throw refuse('payload-not-gzip', 'the payload is more than one compressed member')
  const text = bytes.toString('utf8')
  if (Buffer.byteLength(text) !== bytes.length) throw refuse('payload-not-json', 'the payload is not UTF-8')
  return text
}

function parseJson(text: string): unknown {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw refuse('payload-not-json', 'the inflated payload is not JSON')
  }
  // A name that comes twice, white space, another spelling of a number: two readers could see two things (RFC 8259 4).
  if (!isWrittenOnce(json, text)) throw refuse('payload-not-canonical', 'the JSON is not in its one form')
  return json
}

/** True when writing the value gives the text again. Nesting that is too deep to be written is no batch of ours. */
function isWrittenOnce(json: unknown, text: string): boolean {
  try {
    return JSON.stringify(json) === text
  } catch {
    return false
  }
}

function refuse(code: PayloadError['code'], message: string): PayloadError {
  return new PayloadError(code, 'permanent', {
    message,
    effect: 'nothing of this payload was stored and it is not acknowledged',
    nextStep: 'look at the device that sent it: its software, or its identity, is not what was enrolled',
  })
}
