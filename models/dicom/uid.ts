import { createHash } from 'node:crypto'

/**
 * A UID that depends on nothing but its seed: 2.25 followed by a UUID as a decimal number (PS3.5 B.2). The UUID is
 * version 8 (RFC 9562 5.8) with the first bits of the seed's SHA-256.
 */
export function seededUid(seed: string): string {
  const bytes = createHash('sha256').update(seed).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`).toString(10)}`
}
