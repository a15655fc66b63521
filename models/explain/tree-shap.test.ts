import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { numbersOf, randomEnsemble } from './testing/random-trees.ts'
import { shapleyByDefinition } from './testing/shapley.ts'
import { goesTrue, type TreeEnsemble } from './tree-ensemble.ts'
import { treeShap } from './tree-shap.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 })
const COLUMNS = 5

function rowOf(next: () => number): Float64Array {
  return Float64Array.from({ length: COLUMNS }, () => (next() < 0.2 ? Number.NaN : next()))
}

function score({ base, trees }: TreeEnsemble, row: Float64Array): number {
  return trees.reduce((sum, tree) => {
    let node = 0
    while ((tree.feature[node] as number) >= 0) {
      node = (goesTrue(tree, node, row) ? tree.whenTrue[node] : tree.whenFalse[node]) as number
    }
    return sum + (tree.leaves[node] as number)
  }, base[0] as number)
}

describe('TreeSHAP', () => {
  it('gives the Shapley values of the definition, missing values and repeated questions included', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const next = numbersOf(seed)
        const ensemble = randomEnsemble(next, COLUMNS, 1 + (seed % 4), 6)
        const row = rowOf(next)
        const { contributions } = treeShap(ensemble, row, 0, COLUMNS)
        const defined = shapleyByDefinition(ensemble, row, 0, COLUMNS)
        for (const [i, value] of contributions.entries())
          expect(Math.abs(value - (defined[i] as number))).toBeLessThan(1e-9)
      }),
      { numRuns: 100 },
    )
  })

  it('is locally accurate: expected value and contributions add up to the score', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const next = numbersOf(seed)
        const ensemble = randomEnsemble(next, COLUMNS, 6, 8)
        const row = rowOf(next)
        const { expected, contributions } = treeShap(ensemble, row, 0, COLUMNS)
        const total = contributions.reduce((sum, value) => sum + value, expected)
        expect(Math.abs(total - score(ensemble, row))).toBeLessThan(1e-9)
      }),
      { numRuns: 60 },
    )
  })

  it('gives nothing to a feature that no tree asks, and the same to features that do the same', () => {
    const next = numbersOf(3)
    const ensemble = randomEnsemble(next, 3, 10, 6)
    expect([...treeShap(ensemble, rowOf(next), 0, COLUMNS).contributions.slice(3)]).toEqual([0, 0])
    // f = [x0 > 1/2 and x1 > 1/2], and its mirror with the questions exchanged.
    const mirrored = [
      [0, 1],
      [1, 0],
    ].map(([first = 0, second = 0]) => ({
      feature: Int32Array.of(first, -1, second, -1, -1),
      threshold: Float64Array.of(0.5, 0, 0.5, 0, 0),
      comparison: ['BRANCH_LEQ', 'LEAF', 'BRANCH_LEQ', 'LEAF', 'LEAF'],
      whenTrue: Int32Array.of(1, 0, 3, 0, 0),
      whenFalse: Int32Array.of(2, 0, 4, 0, 0),
      missingIsTrue: new Uint8Array(5),
      cover: Float64Array.of(4, 2, 2, 1, 1),
      leaves: Float64Array.of(0, 0, 0, 0, 1),
    }))
    const same = treeShap({ outputs: 1, base: Float64Array.of(0), trees: mirrored }, [1, 1], 0, 2)
    expect(same).toEqual({ expected: 0.5, contributions: Float64Array.of(0.75, 0.75) })
  })

  it('refuses trees that do not say how many rows reached each node', () => {
    const ensemble = randomEnsemble(numbersOf(1), COLUMNS, 3, 4)
    const flat = { ...ensemble, trees: ensemble.trees.map((tree) => ({ ...tree, cover: tree.cover.map(() => 1) })) }
    expect(() => treeShap(flat, new Float64Array(COLUMNS), 0, COLUMNS)).toThrow('how many rows')
  })
})
