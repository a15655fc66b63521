import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Ensemble, onExactGrid } from './ensemble.ts'
import { treeDraft } from './tree-draft.ts'

function leaves(...values: readonly number[]): Ensemble {
  const trees = values.slice(1).map((value) => {
    const draft = treeDraft()
    draft.leaf(draft.add(1), value)
    return draft.finish()
  })
  return { columns: 1, outputs: 1, base: Float64Array.of(values[0] ?? 0), trees }
}

describe('leaves on the exact grid', () => {
  it('add up in single precision, in any order, to what they do in double precision', () => {
    const values = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 400 })
    fc.assert(
      fc.property(values, (given) => {
        const { base, trees } = onExactGrid(leaves(...given))
        const rounded = [...base, ...trees.flatMap((tree) => [...tree.value])]
        const exact = rounded.reduce((sum, value) => sum + value, 0)
        const single = (list: readonly number[]): number => list.reduce((sum, value) => Math.fround(sum + value), 0)
        expect(rounded.map(Math.fround)).toEqual(rounded)
        for (const order of [rounded, rounded.toReversed(), rounded.toSorted((a, b) => a - b)]) {
          expect(single(order) + 0).toBe(exact + 0)
        }
      }),
    )
  })

  it('move by less than a millionth of the largest sum', () => {
    const { trees } = onExactGrid(leaves(1, 0.123456789, -3.3, 0))
    expect(trees.map((tree) => tree.value[0] ?? 0)[0]).toBeCloseTo(0.123456789, 5)
  })
})
