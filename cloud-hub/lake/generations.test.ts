import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldOfPatient, heldOutPatients } from '../training/partition.ts'
import { generationOfSites } from './generations.ts'
import { type Candidate, type LatestLabel, selectRows } from './selection.ts'

const RULES = { backboneOf: new Map([['m', 'b']]), backbone: 'b', embeddingLength: 1 }

const study = fc.record({
  site: fc.constantFrom('box-01', 'box-02'),
  /** Who the patient really is; nobody at the hub knows. */
  person: fc.integer({ min: 0, max: 9 }),
  generation: fc.constantFrom(1, 2, 3),
  value: fc.constantFrom('present' as const, 'absent' as const),
})

function datasetOf(
  studies: readonly { site: string; person: number; generation: number; value: 'present' | 'absent' }[],
) {
  const candidates = studies.map(
    ({ site, person, generation }, index): Candidate => ({
      envelope: index,
      site,
      study: `study ${index}`,
      patient: `${person} in ${generation}`,
      generation,
      revision: 1,
      instance: 0,
      modelDigest: 'm',
      month: '2020-01',
      view: 'PA',
      sex: 'F',
      ageDecade: 5,
      embedding: new Uint8Array(4),
    }),
  )
  const labels = studies.map(
    ({ site, value }, index): LatestLabel => ({ site, study: `study ${index}`, revision: 1, value }),
  )
  return { candidates, ...selectRows(candidates, labels, RULES) }
}

describe('generations of pseudonyms', () => {
  it('never meet in a dataset, so no person is on both sides of a split, and every envelope is accounted for', () => {
    fc.assert(
      fc.property(fc.array(study, { maxLength: 60 }), fc.string(), (studies, seed) => {
        const { candidates, rows, excluded } = datasetOf(studies)
        for (const site of ['box-01', 'box-02']) {
          expect(new Set(rows.filter((row) => row.site === site).map((row) => row.generation)).size).toBeLessThan(2)
        }
        const personOf = (row: Candidate): string => `${row.site}/${row.patient.split(' ')[0]}`
        const grouped = rows.map((row) => ({ patient: `${row.site}/${row.patient}`, label: row.label }))
        const held = heldOutPatients(grouped, 0.3, seed)
        const folds = foldOfPatient(grouped, 5, seed)
        const sides = new Map<string, Set<string>>()
        for (const row of rows) {
          const key = `${row.site}/${row.patient}`
          const side = `${held.has(key)}/${folds.get(key)}`
          sides.set(personOf(row), (sides.get(personOf(row)) ?? new Set()).add(side))
        }
        for (const side of sides.values()) expect(side.size).toBe(1)
        const left = [...excluded.values()].reduce((sum, count) => sum + count, 0)
        expect(rows.length + left).toBe(candidates.length)
      }),
    )
  })

  it('the one with more patients counts, of two with as many the later one', () => {
    const row = (patient: string, generation: number, site = 'box-01') => ({ site, patient, generation })
    expect(generationOfSites([row('a', 1), row('b', 1), row('c', 2)]).get('box-01')).toBe(1)
    expect(generationOfSites([row('a', 1), row('a', 1), row('c', 2)]).get('box-01')).toBe(2)
    expect(generationOfSites([row('a', 1), row('b', 3, 'box-02')])).toEqual(
      new Map([
        ['box-01', 1],
        ['box-02', 3],
      ]),
    )
  })
})
