import { systemRandomness } from '@leadglass/sync-agent/foundation'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import { SpoolError } from './errors.ts'
import { SITE_KEY_ID, StudyKeys, unwrapKey, wrapKey } from './study-keys.ts'

const SITE_KEY = new Uint8Array(32).fill(1)
const key = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('the wrapping of keys', () => {
  it('is RFC 3394: the example of 4.6', () => {
    const wrapping = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
    const data = Buffer.from('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f', 'hex')
    const expected = '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21'
    expect(wrapKey(wrapping, data).toString('hex')).toBe(expected)
  })

  it('gives any key back under the same key, and under no other nor after a change', () => {
    fc.assert(
      fc.property(key, key, key, fc.nat(39), (wrapping, other, kept, at) => {
        const wrapped = wrapKey(wrapping, kept)
        expect(unwrapKey(wrapping, wrapped).equals(kept)).toBe(true)
        if (!Buffer.from(other).equals(wrapping)) expect(() => unwrapKey(other, wrapped)).toThrow(SpoolError)
        wrapped[at] = (wrapped[at] ?? 0) ^ 0x10
        expect(() => unwrapKey(wrapping, wrapped)).toThrow(SpoolError)
      }),
    )
  })
})

describe('keys of studies', () => {
  let held: ReturnType<typeof temporaryRecords>
  let keys: StudyKeys
  const fileKey = new Uint8Array(32).fill(9)
  beforeEach(() => {
    held = temporaryRecords()
    keys = new StudyKeys(held.records.keys, SITE_KEY, systemRandomness)
  })
  afterEach(() => {
    held.dispose()
  })

  it('are one a study, made when first needed', () => {
    const [first, again, other] = [keys.wrap(7, fileKey), keys.wrap(7, fileKey), keys.wrap(8, fileKey)]
    expect(again.keyId).toBe(first.keyId)
    expect(other.keyId).not.toBe(first.keyId)
    expect(keys.unwrap(first.keyId, first.wrapped).equals(fileKey)).toBe(true)
    expect(() => keys.unwrap(other.keyId, first.wrapped)).toThrow(SpoolError)
  })

  it('wrap what belongs to no study by the key of the site', () => {
    const { keyId, wrapped } = keys.wrap(null, fileKey)
    expect(keyId).toBe(SITE_KEY_ID)
    expect(unwrapKey(SITE_KEY, wrapped).equals(fileKey)).toBe(true)
  })

  it('are gone for good once destroyed, and a study that comes again gets another', () => {
    const { keyId, wrapped } = keys.wrap(7, fileKey)
    const before = held.records.database.prepare('SELECT wrapped FROM study_key').pluck().get() as Buffer
    expect(held.records.keys.destroy(7, 1000)).toBe(true)
    expect(held.records.keys.destroy(7, 1000)).toBe(false)
    expect(() => keys.unwrap(keyId, wrapped)).toThrow(expect.objectContaining({ code: 'spool-key-destroyed' }))
    const after = held.records.database.prepare('SELECT wrapped FROM study_key').pluck().get() as Buffer
    expect(before.equals(Buffer.alloc(40))).toBe(false)
    expect(after.equals(Buffer.alloc(40))).toBe(true)
    const again = keys.wrap(7, fileKey)
    expect(again.keyId).toBeGreaterThan(keyId)
    expect(keys.unwrap(again.keyId, again.wrapped).equals(fileKey)).toBe(true)
  })

  it('cannot be opened under another site key', () => {
    const { keyId, wrapped } = keys.wrap(7, fileKey)
    const others = new StudyKeys(held.records.keys, new Uint8Array(32).fill(2), systemRandomness)
    expect(() => others.unwrap(keyId, wrapped)).toThrow(SpoolError)
  })
})
