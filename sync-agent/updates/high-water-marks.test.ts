import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type HighWaterMarksState, isBelow, type Mark, mergeMarks, NO_MARKS } from './high-water-marks.ts'

const height = fc.integer({ min: 0, max: 50 })
const mark: fc.Arbitrary<Mark> = fc.record({ height, scope: fc.constant('keys'), root: fc.constant(1) })
const state: fc.Arbitrary<HighWaterMarksState> = fc.record({
  schema: fc.constant('leadglass.high-water-marks/1' as const),
  root: height,
  timestamp: mark,
  snapshot: mark,
  targets: mark,
  approvedModels: mark,
  recalls: mark,
  timeFloor: mark,
  releaseCounters: fc.dictionary(fc.constantFrom('model-a', 'model-b'), height),
})

function with_(timestamp: Mark): HighWaterMarksState {
  return { ...NO_MARKS, root: timestamp.root, timestamp }
}

describe('mergeMarks', () => {
  it('lowers nothing under the same keys', () => {
    fc.assert(
      fc.property(state, state, (a, b) => {
        const merged = mergeMarks(a, b)
        expect(merged.root).toBe(Math.max(a.root, b.root))
        for (const role of ['timestamp', 'snapshot', 'targets', 'approvedModels', 'timeFloor'] as const) {
          expect(merged[role].height).toBe(Math.max(a[role].height, b[role].height))
        }
        for (const name of ['model-a', 'model-b']) {
          expect(merged.releaseCounters[name] ?? 0).toBe(
            Math.max(a.releaseCounters[name] ?? 0, b.releaseCounters[name] ?? 0),
          )
        }
      }),
    )
  })

  it('is idempotent and does not depend on order', () => {
    fc.assert(
      fc.property(state, state, (a, b) => {
        expect(mergeMarks(a, a)).toEqual(a)
        expect(mergeMarks(mergeMarks(a, b), b)).toEqual(mergeMarks(a, b))
      }),
    )
  })

  it('starts again when a newer root exchanged the keys, which ends a fast-forward attack', () => {
    const attacked = with_({ height: 2 ** 31, scope: 'old keys', root: 1 })
    const recovered = with_({ height: 5, scope: 'new keys', root: 2 })
    expect(mergeMarks(attacked, recovered).timestamp.height).toBe(5)
    expect(isBelow(attacked.timestamp, recovered.timestamp)).toBe(false)
  })

  it('does not start again for other keys under the same or an older root', () => {
    const known = with_({ height: 9, scope: 'old keys', root: 2 })
    for (const root of [1, 2]) {
      const other = with_({ height: 5, scope: 'other keys', root })
      expect(mergeMarks(known, other).timestamp.height).toBe(9)
      expect(isBelow(known.timestamp, other.timestamp)).toBe(true)
    }
  })
})
