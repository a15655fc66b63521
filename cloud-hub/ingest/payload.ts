import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
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
const MAX_WIRE_BYTES = MAX_BATCH_BYTES + 4096

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
 * Reads one hostile payload: size on the wire, inflated size (a bomb stops at the cap), JSON, outer form, then every
 * envelope with its digest.
 * @param device whose topic, and so whose certificate, the payload came under.
 * @throws {PayloadError} when the payload is no batch at all.
 */
export async function parsePayload(device: DeviceId, payload: Uint8Array): Promise<ParsedBatch> {
  if (payload.byteLength > MAX_WIRE_BYTES) throw refuse('payload-too-large', `${payload.byteLength} bytes on the wire`)
  const outer = outerBatch.safeParse(parseJson(await inflateCapped(payload)))
  if (!outer.success) throw refuse('payload-not-a-batch', 'the outer form is not leadglass.batch/1')
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

async function inflateCapped(payload: Uint8Array): Promise<string> {
  try {
    return (await inflate(payload, { maxOutputLength: MAX_BATCH_BYTES })).toString('utf8')
  } catch (error) {
    if (error instanceof RangeError) throw refuse('payload-inflates-too-far', `more than ${MAX_BATCH_BYTES} bytes`)
    throw refuse('payload-not-gzip', 'the payload does not inflate')
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refuse('payload-not-json', 'the inflated payload is not JSON')
  }
}

function refuse(code: PayloadError['code'], message: string): PayloadError {
  return new PayloadError(code, 'permanent', {
    message,
    effect: 'nothing of this payload was stored and it is not acknowledged',
    nextStep: 'look at the device that sent it: its software, or its identity, is not what was enrolled',
  })
}
