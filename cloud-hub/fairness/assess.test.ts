import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { madeCases } from '../performance/testing/made-cases.ts'
import { auc } from '../training/math/auc.ts'
import { expectedCalibrationError } from '../training/math/calibration.ts'
import { assessDimension, dimensionsOf } from './assess.ts'
import { columnsOf, type FairnessCase, groupsOf } from './case-columns.ts'
import { figuresOf } from './group-figures.ts'
import { SMALLEST_SHOWN } from './limits.ts'

const ODD_NAMES = ['__proto__', 'constructor', '', ' × ', '<script>', '"],["', 'ä\u0000']

function inGroups(count: number, seed: number, groupOf: (place: number) => string): FairnessCase[] {
  return madeCases({ count, seed }).map((one, place) => ({
    ...one,
    patient: `patient ${place >> 1}`,
    groups: new Map([['group', groupOf(place)]]),
  }))
}

const gapOf = (found: Awaited<ReturnType<typeof assessDimension>>, measure: string) =>
  found.disparities.find((one) => one.measure === measure)

describe('tables by group', () => {
  it('are those of the hub’s other figures where cases count once, and of repeated cases where they count twice', () => {
    const cases = inGroups(300, 1, () => 'a')
    const columns = columnsOf(cases)
    const rows = Int32Array.from({ length: columns.n }, (_, i) => i)
    const [scores, labels] = [[...columns.scores], [...columns.labels]]
    const once = figuresOf(columns, rows)
    expect(once['roc-auc']).toBeCloseTo(auc(scores, labels), 12)
    expect(once['calibration-error']).toBeCloseTo(expectedCalibrationError(scores, labels), 12)
    const doubled = columnsOf([...cases, ...cases])
    const all = Int32Array.from({ length: doubled.n }, (_, i) => i)
    const twice = figuresOf(columns, rows, new Float64Array(columns.n).fill(2))
    for (const [metric, value] of Object.entries(figuresOf(doubled, all))) {
      expect(twice[metric as keyof typeof twice], metric).toBeCloseTo(value ?? Number.NaN, 12)
    }
  })

  it('never fail and never show a group of fewer than eleven patients, whatever its name, class or score', async () => {
    const odd = fc.record({
      score: fc.oneof(fc.double(), fc.double({ min: 0, max: 1 })),
      positive: fc.boolean(),
      label: fc.constantFrom(0 as const, 1 as const),
      patient: fc.integer({ min: 0, max: 60 }).map(String),
      group: fc.constantFrom(...ODD_NAMES),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(odd, { maxLength: 120 }), async (list) => {
        const columns = columnsOf(list.map(({ group, ...one }) => ({ ...one, groups: new Map([['group', group]]) })))
        const found = await assessDimension(columns, ['group'], 1)
        const sizes = [...groupsOf(columns, ['group']).values()].map(
          ({ rows }) => new Set(rows.map((row) => columns.patients[row] ?? -1)).size,
        )
        expect(found.groups).toHaveLength(sizes.filter((size) => size >= SMALLEST_SHOWN).length)
        expect(found.withheld + found.groups.length).toBe(sizes.length)
        expect(found.groups.every((group) => group.n % 10 === 0 && group.patients % 10 === 0)).toBe(true)
        expect(JSON.stringify(found)).not.toMatch(/NaN|Infinity/)
      }),
      { numRuns: 25 },
    )
  }, 60_000)

  it('give no rate of a group of one class, and no gap without two groups to compare', async () => {
    const cases = inGroups(200, 2, (place) => (place < 100 ? 'a' : 'b')).map((one) =>
      one.groups.get('group') === 'b' ? { ...one, label: 0 as const } : one,
    )
    const found = await assessDimension(columnsOf(cases), ['group'], 1)
    expect(found.groups.map((group) => group.compared)).toEqual([true, false])
    expect(found.groups[1]?.figures.every((one) => one.value === null)).toBe(true)
    expect(found.disparities.every((one) => one.verdict === 'too-few')).toBe(true)
  })

  it('cross dimensions two by two', () => {
    expect(dimensionsOf(['a', 'b', 'c']).map((one) => one.join())).toEqual(['a', 'b', 'c', 'a,b', 'a,c', 'b,c'])
  })
})

describe('gaps between groups', () => {
  it('are the same for the same seed', async () => {
    const columns = columnsOf(inGroups(300, 3, (place) => (place % 2 === 0 ? 'a' : 'b')))
    expect(await assessDimension(columns, ['group'], 7)).toEqual(await assessDimension(columns, ['group'], 7))
  })

  it('are beyond a limit by chance in fewer than one of twenty draws of equal groups, and found where there are some', async () => {
    let [byChance, found] = [0, 0]
    for (let seed = 1; seed <= 40; seed++) {
      const equal = inGroups(400, seed, (place) => 'abc'[place % 3] ?? '')
      const null_ = await assessDimension(columnsOf(equal), ['group'], 1)
      byChance += Number(null_.disparities.some((one) => one.verdict === 'beyond'))
      const missed = equal.map((one) =>
        one.groups.get('group') === 'c' ? { ...one, positive: one.score >= 0.85 } : one,
      )
      const unequal = await assessDimension(columnsOf(missed), ['group'], 1)
      found += Number(gapOf(unequal, 'equal-opportunity-difference')?.verdict === 'beyond')
    }
    expect(byChance).toBeLessThanOrEqual(2)
    expect(found).toBe(40)
  }, 120_000)
})
