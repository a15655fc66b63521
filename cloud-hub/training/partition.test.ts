import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldOfPatient, type GroupedAtSite, heldOutPatients } from './partition.ts'

const cases = fc.array(
  fc
    .record({ number: fc.integer({ min: 0, max: 40 }), label: fc.constantFrom<0 | 1>(0, 1) })
    .map(({ number, label }) => ({ patient: String(number), site: `site-${number % 4}`, label })),
  { minLength: 1, maxLength: 120 },
)

describe('partition by patient', () => {
  it('does not depend on the order of the cases', () => {
    fc.assert(
      fc.property(cases, (rows) => {
        expect(heldOutPatients(rows.toReversed(), 0.3, 's')).toEqual(heldOutPatients(rows, 0.3, 's'))
        expect(foldOfPatient(rows.toReversed(), 5, 's')).toEqual(foldOfPatient(rows, 5, 's'))
      }),
    )
  })

  it('holds out the share of patients with and of patients without a positive case', () => {
    const rows: GroupedAtSite[] = Array.from({ length: 200 }, (_, i) => ({
      ...{ patient: `${i % 100}`, site: 'one' },
      label: i < 40 ? 1 : 0,
    }))
    const held = heldOutPatients(rows, 0.3, 'seed')
    expect([...held].filter((patient) => Number(patient) < 40)).toHaveLength(12)
    expect(held.size).toBe(30)
    expect(heldOutPatients(rows, 0.3, 'other')).not.toEqual(held)
  })

  it('takes its part of each site, however many sites there are', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(sizes, (counts) => {
        const rows = counts.flatMap((count, site) =>
          Array.from(
            { length: count },
            (_, i): GroupedAtSite => ({ patient: `${site}/${i}`, site: `${site}`, label: 0 }),
          ),
        )
        const held = heldOutPatients(rows, 0.3, 'seed')
        expect(held.size).toBe(Math.floor(rows.length * 0.3 + 0.5))
        for (const [site, count] of counts.entries()) {
          const ofSite = [...held].filter((patient) => patient.startsWith(`${site}/`)).length
          expect(Math.abs(ofSite - count * 0.3)).toBeLessThan(1)
        }
      }),
    )
  })
})
