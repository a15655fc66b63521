import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpoolError } from './errors.ts'
import { decryptSpoolFile, SALT_BYTES, SPOOL_MAGIC, SpoolEncryptor } from './spool-cipher.ts'

const KEY = new Uint8Array(32).fill(1)
const SALT = new Uint8Array(SALT_BYTES).fill(2)

function encrypted(parts: readonly Uint8Array[], key = KEY): Buffer {
  const encryptor = new SpoolEncryptor(key, SALT)
  const body = parts.flatMap((part) => encryptor.push(part))
  return Buffer.concat([SPOOL_MAGIC, SALT, ...body, encryptor.finish()])
}

describe('the form of spool files', () => {
  it('gives back any bytes, however they came in pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 70_000 }), { maxLength: 6 }), (parts) => {
        expect(decryptSpoolFile(encrypted(parts), KEY).equals(Buffer.concat(parts))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it.each([0, 1, 65_535, 65_536, 65_537, 131_072, 131_073])('gives back %i bytes', (length) => {
    const plain = Buffer.alloc(length, 5)
    expect(decryptSpoolFile(encrypted([plain]), KEY).equals(plain)).toBe(true)
  })

  it('refuses a file that was changed, cut off, joined or reordered', () => {
    const whole = encrypted([Buffer.alloc(200_000, 9)])
    const start = SPOOL_MAGIC.length + SALT_BYTES
    const segment = 65_536 + 16
    const swapped = Buffer.concat([
      whole.subarray(0, start),
      whole.subarray(start + segment, start + 2 * segment),
      whole.subarray(start, start + segment),
      whole.subarray(start + 2 * segment),
    ])
    const flipped = Buffer.from(whole)
    flipped[start + 70_000] = (flipped[start + 70_000] ?? 0) ^ 1
    const cases = [
      swapped,
      flipped,
      whole.subarray(0, whole.length - 1),
      whole.subarray(0, start + segment),
      Buffer.alloc(3),
    ]
    for (const bad of [...cases, Buffer.concat([whole, Buffer.alloc(20)])]) {
      expect(() => decryptSpoolFile(bad, KEY)).toThrow(SpoolError)
    }
    expect(() => decryptSpoolFile(whole, new Uint8Array(32).fill(3))).toThrow(SpoolError)
  })
})
