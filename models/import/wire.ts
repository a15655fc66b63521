import { OnnxError } from './errors.ts'

/** One field of a protocol buffer message: its number, and its value as far as the wire says. */
export type WireField =
  | { readonly number: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'bytes'; readonly value: Uint8Array }
  /** Four or eight bytes, least significant first. */
  | { readonly number: number; readonly kind: 'fixed'; readonly value: Uint8Array }

const MOST_VARINT_BYTES = 10

/**
 * The fields of a message in order (protocol buffers encoding: varint 0, 64-bit 1, length-delimited 2, 32-bit 5). Values are
 * views, not copies.
 * @throws {OnnxError} `onnx-malformed` for anything that is not such a message.
 */
export function* wireFields(message: Uint8Array): Generator<WireField> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let i = 0; i < MOST_VARINT_BYTES; i += 1) {
      const byte = message[at]
      if (byte === undefined) throw malformed()
      at += 1
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte < 0x80) return value
    }
    throw malformed()
  }
  const skip = (bytes: number): Uint8Array => {
    if (bytes > message.length - at) throw malformed()
    at += bytes
    return message.subarray(at - bytes, at)
  }
  while (at < message.length) {
    const key = Number(varint())
    const number = Math.floor(key / 8)
    if (number < 1) throw malformed()
    switch (key % 8) {
      case 0:
        yield { number, kind: 'varint', value: varint() }
        break
      case 1:
        yield { number, kind: 'fixed', value: skip(8) }
        break
      case 2:
        yield { number, kind: 'bytes', value: skip(Number(varint())) }
        break
      case 5:
        yield { number, kind: 'fixed', value: skip(4) }
        break
      default:
        throw malformed()
    }
  }
}

/** A varint as a signed 64-bit integer, which is how the format writes int32 and int64. */
export function signed(value: bigint): number {
  return Number(BigInt.asIntN(64, value))
}

function malformed(): OnnxError {
  return new OnnxError('onnx-malformed', 'the file is not an ONNX model')
}
