import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowsOf, splitByGroup, trainingTable } from './table.ts'
import { madeTable } from './testing/made-tables.ts'

describe('a training table', () => {
  it('holds the values as the exported graph will see them', () => {
    const table = trainingTable({ columns: 2, values: [0.1, Number.NaN, 1e-50, -3], labels: [0, 1] })
    expect([...table.values]).toEqual([Math.fround(0.1), Number.NaN, 0, -3])
    expect([...table.weights]).toEqual([1, 1])
    expect([...table.groups]).toEqual([0, 1])
  })

  it.each([
    ['no row', { columns: 1, values: [], labels: [] }],
    ['no column', { columns: 0, values: [], labels: [1] }],
    ['too few values', { columns: 2, values: [1, 2, 3], labels: [0, 1] }],
    ['an infinite value', { columns: 1, values: [Infinity, 0], labels: [0, 1] }],
    ['a value beyond float32', { columns: 1, values: [1e39, 0], labels: [0, 1] }],
    ['an unknown class', { columns: 1, values: [1, 0], labels: [0, 2] }],
    ['half a class', { columns: 1, values: [1, 0], labels: [0, 0.5] }],
    ['one class', { columns: 1, values: [1, 0], labels: [0, 0], classes: 1 }],
    ['a weight of 0', { columns: 1, values: [1, 0], labels: [0, 1], weights: [1, 0] }],
    ['too few weights', { columns: 1, values: [1, 0], labels: [0, 1], weights: [1] }],
    ['too few groups', { columns: 1, values: [1, 0], labels: [0, 1], groups: [1] }],
  ])('with %s is refused', (_, content) => {
    expect(() => trainingTable(content)).toThrow(expect.objectContaining({ code: 'table-invalid' }))
  })

  it('gives chosen rows in the order asked', () => {
    const table = trainingTable({
      columns: 1,
      values: [5, 6, 7],
      labels: [0, 1, 0],
      weights: [1, 2, 3],
      groups: [9, 9, 8],
    })
    const chosen = rowsOf(table, [2, 1])
    expect([[...chosen.values], [...chosen.labels], [...chosen.weights], [...chosen.groups]]).toEqual([
      [7, 6],
      [0, 1],
      [3, 2],
      [8, 9],
    ])
  })
})

describe('a split by group', () => {
  it('shares no group, loses no row, and is the same for the same seed', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.1, max: 0.5, noNaN: true }), (seed, share) => {
        const made = madeTable({ rows: 300, columns: 1, seed: 4 })
        const table = { ...made, groups: Int32Array.from({ length: 300 }, (_, i) => i % 60) }
        const { fit, validation } = splitByGroup(table, share, seed)
        const inFit = new Set(fit.groups)
        expect([...validation.groups].filter((group) => inFit.has(group))).toEqual([])
        expect(fit.rows + validation.rows).toBe(300)
        expect(new Set(validation.groups).size).toBe(Math.round(60 * share))
        expect(splitByGroup(table, share, seed)).toEqual({ fit, validation })
      }),
      { numRuns: 25 },
    )
  })

  it('refuses a part without a class', () => {
    const table = trainingTable({ columns: 1, values: [1, 2, 3, 4], labels: [0, 1, 0, 0] })
    expect(() => splitByGroup(table, 0.5, 1)).toThrow(expect.objectContaining({ code: 'too-few-cases' }))
  })
})
