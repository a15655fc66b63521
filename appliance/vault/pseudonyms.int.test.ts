import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shiftDate, shiftDateTime } from '../deidentify/dates.ts'
import { dateOffsetDays, deriveSiteKeys, pseudonymOfPatient, pseudonymOfUid } from '../deidentify/keys.ts'

const SECRET = new Uint8Array(32).fill(7)
const PATIENTS = 1_000_000
const DAY_MS = 86_400_000

const patient = fc.record({ issuer: fc.string({ maxLength: 8 }), id: fc.string({ minLength: 1, maxLength: 16 }) })
/** Instants between 1950 and 2050, in whole seconds. */
const instant = fc.integer({ min: -631_152_000, max: 2_524_607_999 }).map((seconds) => seconds * 1000)

const dicomDateTime = (ms: number): string => new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)
const instantOf = (text: string): number =>
  Date.UTC(
    Number(text.slice(0, 4)),
    Number(text.slice(4, 6)) - 1,
    Number(text.slice(6, 8)),
    Number(text.slice(8, 10)),
    Number(text.slice(10, 12)),
    Number(text.slice(12, 14)),
  )

describe('pseudonyms of a whole site', () => {
  it('a million patients have a million pseudonyms', () => {
    const keys = deriveSiteKeys(SECRET)
    const seen = new Set<string>()
    for (let id = 0; id < PATIENTS; id += 1) seen.add(pseudonymOfPatient(keys, { issuer: 'SITE', id: String(id) }))
    expect(seen.size).toBe(PATIENTS)
  }, 120_000)

  it('are the same in another process that names other patients first, and in another order', () => {
    const ids = Array.from({ length: 200 }, (_, index) => `P-${index}`)
    const name = (id: string): string => pseudonymOfPatient(deriveSiteKeys(SECRET), { issuer: '', id })
    const here = ids.map(name)
    expect(ids.toReversed().map(name).toReversed()).toEqual(here)
    const program = `
      import { deriveSiteKeys, pseudonymOfPatient, pseudonymOfUid } from ${JSON.stringify(new URL('../deidentify/keys.ts', import.meta.url).href)}
      const keys = deriveSiteKeys(new Uint8Array(32).fill(7))
      for (let i = 0; i < 500; i += 1) { pseudonymOfPatient(keys, { issuer: 'X', id: String(i) }); pseudonymOfUid(keys, '1.2.' + i) }
      const ids = ${JSON.stringify(ids.toReversed())}
      console.log(JSON.stringify(ids.map((id) => pseudonymOfPatient(keys, { issuer: '', id })).reverse()))`
    const there = execFileSync(process.execPath, ['--input-type=module', '--eval', program]).toString('utf8')
    expect(JSON.parse(there)).toEqual(here)
  })

  it('UIDs are replaced one to one, whatever was replaced before', () => {
    const keys = deriveSiteKeys(SECRET)
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^1(\.[1-9]\d{0,5}){1,8}$/), { maxLength: 50 }), (uids) => {
        expect(new Set(uids.map((uid) => pseudonymOfUid(keys, uid))).size).toBe(uids.length)
      }),
    )
  })
})

describe('dates and times of one patient', () => {
  it('move together: every interval stays, to the second, between dates, and between dates with times', () => {
    const keys = deriveSiteKeys(SECRET)
    fc.assert(
      fc.property(patient, instant, instant, (who, a, b) => {
        const days = dateOffsetDays(keys, who)
        const [x, y] = [dicomDateTime(a), dicomDateTime(b)]
        const [p, q] = [shiftDateTime(x, days) ?? '', shiftDateTime(y, days) ?? '']
        expect(instantOf(p) - instantOf(q)).toBe(a - b)
        expect(instantOf(p) - a).toBe(days * DAY_MS)
        // A date beside a time (DA and TM) is the same day as a date with time (DT), and the time of day stays.
        expect(shiftDate(x.slice(0, 8), days)).toBe(p.slice(0, 8))
        expect(p.slice(8)).toBe(x.slice(8))
      }),
    )
  })

  it('move by another number of days for another patient, and under other keys', () => {
    const [one, two] = [deriveSiteKeys(SECRET), deriveSiteKeys(new Uint8Array(32).fill(8))]
    const ids = Array.from({ length: 1000 }, (_, index) => ({ issuer: '', id: String(index) }))
    const offsets = ids.map((who) => dateOffsetDays(one, who))
    expect(new Set(offsets).size).toBeGreaterThan(800)
    const same = ids.filter((who, index) => dateOffsetDays(two, who) === offsets[index]).length
    expect(same).toBeLessThan(10)
  })
})
