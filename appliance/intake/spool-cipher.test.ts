import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpoolError } from './errors.ts'
import { BODY_CHUNK_BYTES, BodyEncryptor, openBeginning, openBody, openOldFile } from './spool-cipher.ts'
import { oldSpoolFile } from './testing/old-spool-file.ts'

const KEY = new Uint8Array(32).fill(1)

function encrypted(parts: readonly Uint8Array[], key = KEY): Buffer {
  const encryptor = new BodyEncryptor(key)
  const body = parts.flatMap((part) => encryptor.push(part))
  return Buffer.concat([...body, encryptor.finish()])
}

describe('the form of bodies', () => {
  it('gives back any bytes, however they came in pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700_000 }), { maxLength: 6 }), (parts) => {
        expect(openBody(encrypted(parts), KEY).equals(Buffer.concat(parts))).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it.each([0, 1, BODY_CHUNK_BYTES - 1, BODY_CHUNK_BYTES, BODY_CHUNK_BYTES + 1, 2 * BODY_CHUNK_BYTES])(
    'gives back %i bytes',
    (length) => {
      const plain = Buffer.alloc(length, 5)
      expect(openBody(encrypted([plain]), KEY).equals(plain)).toBe(true)
    },
  )

  it('refuses a body that was changed, cut off, joined or reordered', () => {
    const whole = encrypted([Buffer.alloc(3 * BODY_CHUNK_BYTES + 5000, 9)])
    const chunk = BODY_CHUNK_BYTES + 16
    const swapped = Buffer.concat([
      whole.subarray(chunk, 2 * chunk),
      whole.subarray(0, chunk),
      whole.subarray(2 * chunk),
    ])
    const flipped = Buffer.from(whole)
    flipped[chunk + 70] = (flipped[chunk + 70] ?? 0) ^ 1
    const cases = [swapped, flipped, whole.subarray(0, whole.length - 1), whole.subarray(0, chunk), Buffer.alloc(3)]
    for (const bad of [...cases, Buffer.concat([whole, Buffer.alloc(20)])]) {
      expect(() => openBody(bad, KEY)).toThrow(SpoolError)
    }
    expect(() => openBody(whole, new Uint8Array(32).fill(3))).toThrow(SpoolError)
  })

  it('gives the whole chunks of a beginning', () => {
    const plain = Buffer.alloc(2 * BODY_CHUNK_BYTES + 100, 4)
    const beginning = encrypted([plain]).subarray(0, 2 * BODY_CHUNK_BYTES)
    expect(openBeginning(beginning, KEY).equals(plain.subarray(0, BODY_CHUNK_BYTES))).toBe(true)
  })
})

describe('files of the form before', () => {
  it('are read under the spool key', () => {
    const plain = Buffer.alloc(200_000, 6)
    const file = oldSpoolFile(plain, KEY)
    expect(openOldFile(file, KEY)?.equals(plain)).toBe(true)
    expect(() => openOldFile(file, new Uint8Array(32))).toThrow(SpoolError)
    expect(openOldFile(Buffer.from('LGSPOOL2'), KEY)).toBeUndefined()
  })
})
