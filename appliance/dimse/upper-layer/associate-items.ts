import { MalformedPduError } from './malformed.ts'

/** Item types of A-ASSOCIATE-RQ and -AC: PS3.8 9.3.2, 9.3.3, D.1 and PS3.7 D.3.3. */
export const ITEM = {
  applicationContext: 0x10,
  proposedContext: 0x20,
  answeredContext: 0x21,
  abstractSyntax: 0x30,
  transferSyntax: 0x40,
  userInformation: 0x50,
  maximumLength: 0x51,
  implementationClassUid: 0x52,
  asynchronousOperations: 0x53,
  roleSelection: 0x54,
  implementationVersionName: 0x55,
  extendedNegotiation: 0x56,
  userIdentityRequest: 0x58,
  userIdentityAnswer: 0x59,
} as const

/** Type, reserved byte and two bytes of length before every item. */
const ITEM_HEADER_BYTES = 4

export interface Item {
  readonly type: number
  readonly value: Buffer
}

/**
 * The items that fill `bytes` exactly. Types that are not known are the caller's to skip (PS3.8 9.3.1).
 * @throws MalformedPduError when an item does not end within `bytes`.
 */
export function readItems(bytes: Buffer): Item[] {
  const items: Item[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + ITEM_HEADER_BYTES > bytes.length) throw new MalformedPduError('item header is cut (PS3.8 9.3.2)')
    const end = at + ITEM_HEADER_BYTES + bytes.readUInt16BE(at + 2)
    if (end > bytes.length) throw new MalformedPduError('item is longer than what holds it (PS3.8 9.3.2)')
    items.push({ type: bytes.readUInt8(at), value: bytes.subarray(at + ITEM_HEADER_BYTES, end) })
    at = end
  }
  return items
}

/** One item. @throws RangeError when the value is longer than 65,535 bytes. */
export function writeItem(type: number, ...values: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(values)
  const header = Buffer.alloc(ITEM_HEADER_BYTES)
  header.writeUInt8(type, 0)
  header.writeUInt16BE(value.length, 2)
  return Buffer.concat([header, value])
}

/** A UID as it stands in items: no padding is due (PS3.8 annex F), but trailing NUL and space occur. */
export function readUid(bytes: Buffer): string {
  if (bytes.length > 65) throw new MalformedPduError('UID longer than 64 characters (PS3.5 9.1)')
  return bytes.toString('latin1').replace(/[\0 ]+$/, '')
}

/** A value with its own length of two bytes in front (PS3.7 D.3.3.4, D.3.3.5), and what follows it. */
export function readCounted(bytes: Buffer): { value: Buffer; rest: Buffer } {
  if (bytes.length < 2) throw new MalformedPduError('sub-item is cut (PS3.7 D.3.3)')
  const end = 2 + bytes.readUInt16BE(0)
  if (end > bytes.length) throw new MalformedPduError('sub-item is cut (PS3.7 D.3.3)')
  return { value: bytes.subarray(2, end), rest: bytes.subarray(end) }
}

/** The opposite of `readCounted`. */
export function writeCounted(value: Uint8Array): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(value.length)
  return Buffer.concat([length, value])
}

/** ISO 646 text, one byte a character. */
export function ascii(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
