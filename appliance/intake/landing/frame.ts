import { createCipheriv, createDecipheriv } from 'node:crypto'
import { unwrapKey, WRAPPED_BYTES, wrapKey } from '../study-keys.ts'

/**
 * The form of a segment of the landing log. A head of 4096 bytes: magic, generation, the segment's key wrapped by the
 * site's. Then frames: a head of 24 bytes, the record (AES-256-GCM under the segment's key, nonce the frame's number,
 * the frame's head authenticated), the body as it came. Another use of the segment has another key, so a frame of the
 * use before is no frame, and what a frame told is unreadable once the segment's head was written anew.
 */
export const SEGMENT_HEAD_BYTES = 4096
const SEGMENT_MAGIC = Buffer.from('LGLAND01', 'latin1')
const FRAME_MAGIC = 0x4c474652
const FRAME_HEAD_BYTES = 24
const TAG_BYTES = 16
const NONCE_BYTES = 12
/** A record is some 700 bytes; what claims more is no frame. */
const MOST_RECORD_BYTES = 65_536

/** One use of a segment. */
export interface SegmentUse {
  readonly generation: number
  readonly key: Uint8Array
}

/** A frame found in a segment. */
export interface FoundFrame {
  readonly sequence: number
  readonly record: Buffer
  /** Where the body begins, in bytes from the start of the segment. */
  readonly bodyAt: number
  readonly bodyBytes: number
  /** Where the next frame begins. */
  readonly end: number
}

/** Where a segment's bytes come from: up to so many, fewer at its end. */
export type ReadAt = (at: number, bytes: number) => Buffer

/** The head of a segment for one use. */
export function encodeSegmentHead({ generation, key }: SegmentUse, siteKey: Uint8Array): Buffer {
  const head = Buffer.alloc(SEGMENT_HEAD_BYTES)
  SEGMENT_MAGIC.copy(head)
  head.writeBigUInt64BE(BigInt(generation), 8)
  wrapKey(siteKey, key).copy(head, 16)
  return head
}

/** Reads a segment's head. @returns `undefined` when there is none: the segment was never used, or its head is torn. */
export function decodeSegmentHead(head: Buffer, siteKey: Uint8Array): SegmentUse | undefined {
  if (head.length < SEGMENT_HEAD_BYTES || !head.subarray(0, 8).equals(SEGMENT_MAGIC)) return undefined
  try {
    return {
      generation: Number(head.readBigUInt64BE(8)),
      key: unwrapKey(siteKey, head.subarray(16, 16 + WRAPPED_BYTES)),
    }
  } catch {
    return undefined
  }
}

/** Head and sealed record of a frame; the body follows them. */
export function encodeFrame(use: SegmentUse, sequence: number, record: Uint8Array, bodyBytes: number): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES)
  head.writeUInt32BE(FRAME_MAGIC, 0)
  head.writeUInt32BE(sequence, 4)
  head.writeUInt32BE(record.length, 8)
  head.writeUInt32BE(bodyBytes, 12)
  head.writeBigUInt64BE(BigInt(use.generation), 16)
  const cipher = createCipheriv('aes-256-gcm', use.key, nonceOf(sequence))
  cipher.setAAD(head)
  const sealed = cipher.update(record)
  cipher.final()
  return Buffer.concat([head, sealed, cipher.getAuthTag()])
}

/** The bytes of a frame on disk. */
export function frameBytes(recordBytes: number, bodyBytes: number): number {
  return FRAME_HEAD_BYTES + recordBytes + TAG_BYTES + bodyBytes
}

/**
 * The frames of one use of a segment, in the order in which they were written. It ends at the first place that holds no
 * frame of this use: nothing behind it was ever acknowledged, because frames are written and synced in order. Whether a
 * body is whole is not looked at.
 */
export function* scanFrames(read: ReadAt, use: SegmentUse): Generator<FoundFrame> {
  for (let at = SEGMENT_HEAD_BYTES, sequence = 0; ; sequence += 1) {
    const frame = readFrame(read, use, sequence, at)
    if (frame === undefined) return
    yield frame
    at = frame.end
  }
}

function readFrame(read: ReadAt, use: SegmentUse, sequence: number, at: number): FoundFrame | undefined {
  const head = read(at, FRAME_HEAD_BYTES)
  if (head.length < FRAME_HEAD_BYTES || head.readUInt32BE(0) !== FRAME_MAGIC || head.readUInt32BE(4) !== sequence)
    return undefined
  const [recordBytes, bodyBytes] = [head.readUInt32BE(8), head.readUInt32BE(12)]
  if (recordBytes > MOST_RECORD_BYTES || head.readBigUInt64BE(16) !== BigInt(use.generation)) return undefined
  const sealed = read(at + FRAME_HEAD_BYTES, recordBytes + TAG_BYTES)
  if (sealed.length < recordBytes + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', use.key, nonceOf(sequence))
  decipher.setAAD(head)
  decipher.setAuthTag(sealed.subarray(recordBytes))
  try {
    const record = decipher.update(sealed.subarray(0, recordBytes))
    decipher.final()
    const bodyAt = at + FRAME_HEAD_BYTES + recordBytes + TAG_BYTES
    return { sequence, record, bodyAt, bodyBytes, end: bodyAt + bodyBytes }
  } catch {
    return undefined
  }
}

/** A frame's number is used once under a segment's key. */
function nonceOf(sequence: number): Buffer {
  const value = Buffer.alloc(NONCE_BYTES)
  value.writeUInt32BE(sequence, 0)
  return value
}
