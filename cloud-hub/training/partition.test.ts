import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldOfPatient, type Grouped, heldOutPatients } from './partition.ts'

const cases = fc.array(
  fc.record({ patient: fc.integer({ min: 0, max: 40 }).map(String), label: fc.constantFrom<0 | 1>(0, 1) }),
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
    const rows: Grouped[] = Array.from({ length: 200 }, (_, i) => ({ patient: `${i % 100}`, label: i < 40 ? 1 : 0 }))
    const held = heldOutPatients(rows, 0.3, 'seed')
    expect([...held].filter((patient) => Number(patient) < 40)).toHaveLength(12)
    expect(held.size).toBe(30)
    expect(heldOutPatients(rows, 0.3, 'other')).not.toEqual(held)
  })
})
