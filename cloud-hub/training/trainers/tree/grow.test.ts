import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededNumbers } from '../seeded-numbers.ts'
import type { TrainingTable } from '../table.ts'
import { madeTable } from '../testing/made-tables.ts'
import { binColumns } from './bins.ts'
import { growTree } from './grow.ts'
import { addTree, type Tree } from './tree.ts'

/** A regression tree of the labels: a leaf is the mean of its rows. */
function meansTree(table: TrainingTable, depth: number, least: number, columnsPerNode = table.columns): Tree {
  const gradient = Float64Array.from(table.labels, (label) => -label)
  return growTree(
    binColumns(table, 255),
    {
      rows: Uint32Array.from({ length: table.rows }, (_, i) => i),
      gradient,
      hessian: new Float64Array(table.rows).fill(1),
    },
    {
      maximumDepth: depth,
      minimumChildWeight: least,
      lambda: 0,
      minimumGain: 0,
      columns: Int32Array.from({ length: table.columns }, (_, i) => i),
      columnsPerNode,
      numbers: seededNumbers(5),
    },
  )
}

function valuesOf(tree: Tree, table: TrainingTable): Float64Array {
  const sums = new Float64Array(table.rows)
  addTree(tree, table.values, table.columns, sums, 1, 0)
  return sums
}

describe('a tree', () => {
  it('leads every row, missing values or not, to the leaf that it was counted in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.constantFrom(0, 0.1, 0.6),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 7 }),
        (seed, missing, columnsPerNode, depth) => {
          const table = madeTable({ rows: 200, columns: 4, missing, seed })
          const tree = meansTree(table, depth, 3, columnsPerNode)
          // Shifted leaf values name the leaf, so that leaves of the same mean stay apart.
          const named = { ...tree, value: Float64Array.from(tree.value, (_, node) => node) }
          const leaves = Map.groupBy(valuesOf(named, table).entries(), ([, leaf]) => leaf)
          for (const [leaf, members] of leaves) {
            expect(members.length).toBeGreaterThanOrEqual(3)
            const mean = members.reduce((sum, [row]) => sum + (table.labels[row] ?? 0), 0) / members.length
            expect(tree.value[leaf]).toBeCloseTo(mean, 9)
          }
          expect(leaves.size).toBe([...tree.feature].filter((feature) => feature < 0).length)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('finds the best of all cuts and of both sides for missing values', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const table = madeTable({ rows: 40, columns: 3, missing: 0.3, seed })
        const errors = valuesOf(meansTree(table, 1, 1), table).map((p, row) => (p - (table.labels[row] ?? 0)) ** 2)
        const found = errors.reduce((sum, value) => sum + value, 0)
        expect(found).toBeCloseTo(leastSquares(table), 9)
      }),
      { numRuns: 60 },
    )
  })

  it('sends a missing value where no value was missing with the larger child', () => {
    const table = madeTable({ rows: 300, columns: 2, missing: 0 })
    const tree = meansTree(table, 1, 1)
    const goesLeft = [...table.values].filter(
      (value, i) => i % 2 === tree.feature[0] && value <= (tree.threshold[0] ?? 0),
    )
    expect(tree.missingLeft[0]).toBe(Number(goesLeft.length > 150))
  })

  it('is one leaf when nothing can be told apart', () => {
    const table = { ...madeTable({ rows: 20, columns: 1, missing: 1 }), labels: new Uint8Array(20).fill(1) }
    expect([...meansTree(table, 5, 1).value]).toEqual([1])
  })
})

/** Least squared error of one question, by trying each. */
function leastSquares(table: TrainingTable): number {
  const labels = [...table.labels]
  let least = squaresAround(labels)
  for (let c = 0; c < table.columns; c++) {
    const column = labels.map((_, row) => table.values[row * table.columns + c] ?? 0)
    for (const cut of column.filter((value) => !Number.isNaN(value))) {
      for (const missingLeft of [true, false]) {
        const left = column.map((value) => (Number.isNaN(value) ? missingLeft : value <= cut))
        const parts = [true, false].map((side) => labels.filter((_, row) => left[row] === side))
        least = Math.min(
          least,
          parts.reduce((sum, part) => sum + squaresAround(part), 0),
        )
      }
    }
  }
  return least
}

function squaresAround(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
}
