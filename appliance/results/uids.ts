import { createHash } from 'node:crypto'

/**
 * A UID that always is the same for the same parts: a UUID of version 8 (RFC 9562) from their SHA-256, as a UUID-derived
 * UID (PS3.5 B.2). At most 44 characters.
 */
export function derivedUid(purpose: string, ...parts: readonly (string | number)[]): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([purpose, ...parts]))
    .digest()
    .subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`).toString(10)}`
}
