import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dateOffsetDays,
  deriveSiteKeys,
  pseudonymOfPatient,
  pseudonymOfPerson,
  pseudonymOfStudy,
  pseudonymOfUid,
} from './keys.ts'

const keys = deriveSiteKeys(new Uint8Array(32).fill(7))
const identity = fc.record({ issuer: fc.string({ maxLength: 8 }), id: fc.string({ maxLength: 16 }) })

describe('site keys', () => {
  test('a secret under 32 bytes is refused', () => {
    expect(() => deriveSiteKeys(new Uint8Array(31))).toThrow(RangeError)
  })

  test('another process with the same secret gives the same pseudonyms', () => {
    const program = `
      import { deriveSiteKeys, pseudonymOfPatient, pseudonymOfStudy, pseudonymOfUid, pseudonymOfPerson, dateOffsetDays } from ${JSON.stringify(new URL('keys.ts', import.meta.url).href)}
      const keys = deriveSiteKeys(new Uint8Array(32).fill(7))
      const patient = { issuer: 'A', id: '4711' }
      console.log(JSON.stringify([pseudonymOfPatient(keys, patient), pseudonymOfStudy(keys, '1.2.3'), pseudonymOfUid(keys, '1.2.3'), pseudonymOfPerson(keys, 'Reader'), dateOffsetDays(keys, patient)]))`
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program]).toString('utf8')
    const patient = { issuer: 'A', id: '4711' }
    expect(JSON.parse(output)).toEqual([
      pseudonymOfPatient(keys, patient),
      pseudonymOfStudy(keys, '1.2.3'),
      pseudonymOfUid(keys, '1.2.3'),
      pseudonymOfPerson(keys, ' reader'),
      dateOffsetDays(keys, patient),
    ])
  })

  test('a change of secret changes everything', () => {
    const other = deriveSiteKeys(new Uint8Array(32).fill(8))
    const patient = { issuer: '', id: '1' }
    expect(pseudonymOfPatient(other, patient)).not.toBe(pseudonymOfPatient(keys, patient))
    expect(pseudonymOfStudy(other, '1.2')).not.toBe(pseudonymOfStudy(keys, '1.2'))
    expect(pseudonymOfUid(other, '1.2')).not.toBe(pseudonymOfUid(keys, '1.2'))
  })

  test('the purposes have different keys: one text never gives the same pseudonym twice', () => {
    expect(pseudonymOfStudy(keys, '1.2')).not.toBe(pseudonymOfPerson(keys, '1.2'))
  })
})

describe('patients', () => {
  test('two different patients never collide, white space around the number does not make another one', () => {
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        const same =
          a.id.trim().normalize('NFC') === b.id.trim().normalize('NFC') &&
          a.issuer.trim().normalize('NFC') === b.issuer.trim().normalize('NFC')
        expect(pseudonymOfPatient(keys, a) === pseudonymOfPatient(keys, b)).toBe(same)
        expect(pseudonymOfPatient(keys, { issuer: a.issuer, id: ` ${a.id} ` })).toBe(pseudonymOfPatient(keys, a))
      }),
    )
    expect(pseudonymOfPatient(keys, { issuer: 'a', id: 'bc' })).not.toBe(
      pseudonymOfPatient(keys, { issuer: 'ab', id: 'c' }),
    )
  })

  test('100,000 patient numbers give 100,000 pseudonyms', () => {
    const seen = new Set<string>()
    for (let id = 0; id < 100_000; id += 1) seen.add(pseudonymOfPatient(keys, { issuer: '', id: String(id) }))
    expect(seen.size).toBe(100_000)
  })

  test('dates move back by 1 to 10 years, by a constant of the patient, spread over the range', () => {
    const offsets = new Set<number>()
    fc.assert(
      fc.property(identity, (patient) => {
        const days = dateOffsetDays(keys, patient)
        offsets.add(days)
        expect(days).toBe(dateOffsetDays(keys, { ...patient }))
        expect(Number.isInteger(days) && days >= -3650 && days <= -365).toBe(true)
      }),
      { numRuns: 500 },
    )
    expect(offsets.size).toBeGreaterThan(300)
  })
})

describe('UIDs', () => {
  test('replacements are UUID-derived UIDs of at most 64 characters', () => {
    fc.assert(
      fc.property(fc.string(), (uid) => {
        const replacement = pseudonymOfUid(keys, uid)
        expect(replacement).toMatch(/^2\.25\.[1-9]\d{0,38}$/)
        const bits = BigInt(replacement.slice(5))
        expect((bits >> 76n) & 0xfn).toBe(8n)
        expect((bits >> 62n) & 0x3n).toBe(2n)
      }),
    )
  })
})
