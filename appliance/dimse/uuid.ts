import type { Randomness } from '@leadglass/sync-agent/foundation'

/** A random UUID (RFC 9562 5.4, version 4). */
export function uuid(randomness: Randomness): string {
  const hex = Buffer.from(randomUuidBytes(randomness)).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** A UID derived from a random UUID (PS3.5 B.2). */
export function uuidDerivedUid(randomness: Randomness): string {
  return `2.25.${BigInt(`0x${Buffer.from(randomUuidBytes(randomness)).toString('hex')}`)}`
}

function randomUuidBytes(randomness: Randomness): Uint8Array {
  const bytes = Uint8Array.from(randomness.bytes(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes
}
