import { gunzipSync, gzipSync } from 'node:zlib'
import {
  type Envelope,
  type EnvelopeBatch,
  envelopeBatch,
  MAX_BATCH_BYTES,
  MAX_UPLOAD_BYTES,
  STREAMS,
} from '../contract/index.ts'
import { canonicalJson, digestOf } from '../foundation/index.ts'
import type { BatchRange } from './batch-name.ts'
import { ExchangeError } from './errors.ts'

/** Most envelopes of one batch; the contract's own limit. */
const MAX_ENVELOPES = 2000
/** Room for the members around the envelopes: schema, batch id, brackets. */
const FRAME_BYTES = 200
/** Largest file: gzip may grow incompressible bytes a little. */
export const MAX_BATCH_FILE_BYTES = MAX_UPLOAD_BYTES + 4096
/** Gzip header (RFC 1952 2.3): magic, deflate, and no optional fields, in which anything could hide. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 0x08, 0x00])

/** A batch and the bytes that both the file and the MQTT payload are. */
export interface PackedBatch {
  readonly range: BatchRange
  readonly batch: EnvelopeBatch
  readonly bytes: Uint8Array
}

/** Why bytes are not a batch that may be carried. */
export type BatchRefusal = 'too-large' | 'not-gzip' | 'not-canonical' | 'schema' | 'mixed-range'

export type DecodedBatch =
  /** `upload`: one envelope that is too large for a message. */
  | { readonly kind: 'batch'; readonly batch: EnvelopeBatch; readonly range: BatchRange; readonly upload?: true }
  | { readonly kind: 'refused'; readonly code: BatchRefusal }

/**
 * Packs envelopes into batches: one stream and epoch each, consecutive sequences, at most MAX_BATCH_BYTES of JSON; an
 * envelope that is larger has a batch of its own, which goes by upload. The same
 * envelopes always give the same batches, ids and bytes, whatever order they come in.
 * @throws {ExchangeError} `envelope-too-large` when one envelope does not even fit into an upload.
 */
export function packEnvelopes(envelopes: readonly Envelope[]): PackedBatch[] {
  const sorted = [...envelopes].sort(
    (a, b) => STREAMS.indexOf(a.stream) - STREAMS.indexOf(b.stream) || a.epoch - b.epoch || a.sequence - b.sequence,
  )
  const packed: PackedBatch[] = []
  let open: Envelope[] = []
  let bytes = FRAME_BYTES
  for (const envelope of sorted) {
    const length = Buffer.byteLength(canonicalJson(envelope)) + 1
    if (FRAME_BYTES + length > MAX_UPLOAD_BYTES) throw envelopeTooLarge(length)
    const previous = open.at(-1)
    if (previous !== undefined && envelope.digest === previous.digest) continue
    if (
      previous !== undefined &&
      (!follows(previous, envelope) || bytes + length > MAX_BATCH_BYTES || open.length === MAX_ENVELOPES)
    ) {
      packed.push(pack(open))
      open = []
      bytes = FRAME_BYTES
    }
    open.push(envelope)
    bytes += length
  }
  if (open.length > 0) packed.push(pack(open))
  return packed
}

/**
 * Reads batch bytes from anybody. Only the one canonical form of a batch is accepted, so that nothing the contract does
 * not name can travel beside it: no gzip header fields, no trailing bytes, no white space, no unknown members.
 */
export function decodeBatch(bytes: Uint8Array): DecodedBatch {
  if (bytes.length > MAX_BATCH_FILE_BYTES) return { kind: 'refused', code: 'too-large' }
  const json = inflate(bytes)
  if (typeof json !== 'object') return { kind: 'refused', code: json }
  const parsed = parseJson(json.text)
  const checked = envelopeBatch.safeParse(parsed)
  if (!checked.success) return { kind: 'refused', code: 'schema' }
  const batch = checked.data
  const upload = Buffer.byteLength(json.text) > MAX_BATCH_BYTES
  if (upload && batch.envelopes.length > 1) return { kind: 'refused', code: 'too-large' }
  if (canonicalJson(batch) !== json.text) return { kind: 'refused', code: 'not-canonical' }
  const range = rangeOf(batch.envelopes)
  if (range === undefined) return { kind: 'refused', code: 'mixed-range' }
  return { kind: 'batch', batch, range, ...(upload ? { upload } : {}) }
}

function pack(envelopes: readonly Envelope[]): PackedBatch {
  const range = rangeOf(envelopes)
  if (range === undefined) throw new TypeError('a batch holds consecutive envelopes of one stream')
  const batch: EnvelopeBatch = {
    schema: 'leadglass.batch/1',
    batch: batchIdOf(envelopes),
    envelopes: [...envelopes],
  }
  return { range, batch, bytes: gzipSync(canonicalJson(batch)) }
}

/** UUID version 8 (RFC 9562 5.8) from the digests of the envelopes: the same content has the same id everywhere. */
function batchIdOf(envelopes: readonly Envelope[]): string {
  const digest = Buffer.from(digestOf(envelopes.map((envelope) => envelope.digest).join('\n')), 'hex')
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6)
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = digest.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

function rangeOf(envelopes: readonly Envelope[]): BatchRange | undefined {
  const [first] = envelopes
  const last = envelopes.at(-1)
  if (first === undefined || last === undefined) return undefined
  for (const [i, envelope] of envelopes.entries()) {
    const previous = envelopes[i - 1]
    if (previous !== undefined && !follows(previous, envelope)) return undefined
  }
  return { epoch: first.epoch, stream: first.stream, first: first.sequence, last: last.sequence }
}

function follows(previous: Envelope, next: Envelope): boolean {
  return (
    previous.device === next.device &&
    previous.stream === next.stream &&
    previous.epoch === next.epoch &&
    previous.sequence + 1 === next.sequence
  )
}

function inflate(bytes: Uint8Array): { readonly text: string } | BatchRefusal {
  if (Buffer.compare(bytes.subarray(0, GZIP_HEADER.length), GZIP_HEADER) !== 0) return 'not-gzip'
  try {
    // With `info` zlib returns its engine too, which knows how many input bytes belonged to the member.
    const inflated = gunzipSync(bytes, { maxOutputLength: MAX_UPLOAD_BYTES, info: true }) as unknown as {
      readonly buffer: Buffer
      readonly engine: { readonly bytesWritten: number }
    }
    if (inflated.engine.bytesWritten !== bytes.length) return 'not-canonical'
    const text = inflated.buffer.toString('utf8')
    return Buffer.byteLength(text) === inflated.buffer.length ? { text } : 'not-canonical'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'not-gzip'
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function envelopeTooLarge(length: number): ExchangeError {
  return new ExchangeError('envelope-too-large', {
    message: `an envelope of ${length} bytes does not fit into an upload of ${MAX_UPLOAD_BYTES}`,
    effect: 'nothing of this call was written',
    nextStep: 'report this as a defect: the door must seal smaller bodies',
  })
}
