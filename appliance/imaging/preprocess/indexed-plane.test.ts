import type { PreprocessingStep } from '@leadglass/models'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Photometric } from '../decode/index.ts'
import type { ValueMap } from '../luts.ts'
import { countValues, percentilesOfCounts, preprocess } from './index.ts'

const ENDS: readonly (readonly PreprocessingStep[])[] = [
  [],
  [{ step: 'resize', height: 3, width: 5, interpolation: 'area' }],
  [{ step: 'resize', height: 3, width: 5, interpolation: 'bilinear' }],
  [
    { step: 'resize', height: 4, width: 4, interpolation: 'area' },
    { step: 'replicate-channels', channels: 3 },
    { step: 'normalise', mean: [0.5, 0.5, 0.2], std: [0.25, 0.25, 2] },
  ],
]
const TABLE: ValueMap = { kind: 'table', first: -3, entries: Float64Array.of(5, 1, 9, 9, 2, 7) }
const MAPS: readonly ValueMap[] = [
  { kind: 'identity' },
  { kind: 'linear', slope: 0.37, intercept: -1024 },
  { kind: 'linear', slope: -2, intercept: 3 },
  TABLE,
]

describe('steps on a table of values', () => {
  it('give exactly what they give on a plane', () => {
    const image = fc.record({
      rows: fc.integer({ min: 1, max: 9 }),
      columns: fc.integer({ min: 1, max: 9 }),
      seed: fc.integer({ min: 0, max: 1000 }),
      photometric: fc.constantFrom<Photometric>('MONOCHROME1', 'MONOCHROME2'),
      modalityLut: fc.constantFrom(...MAPS),
      end: fc.constantFrom(...ENDS),
      middle: fc.constantFrom<PreprocessingStep>(
        { step: 'percentile-window', low: 0.5, high: 99.5 },
        { step: 'percentile-window', low: 0, high: 100 },
        { step: 'voi-linear', centre: 4, width: 6 },
        { step: 'rescale', slope: 0.1, intercept: 2 },
      ),
    })
    fc.assert(
      fc.property(image, ({ rows, columns, seed, photometric, modalityLut, end, middle }) => {
        const stored = Int16Array.from({ length: rows * columns }, (_, i) => ((i * 7919 + seed * 31) % 23) - 8)
        const steps: PreprocessingStep[] = [{ step: 'modality-lut' }, { step: 'monochrome2' }, middle, ...end]
        const frame = { rows, columns, photometric, modalityLut }
        // Wider values are not counted: they go the plain way.
        const plain = preprocess({ ...frame, stored: Int32Array.from(stored) }, steps)
        const indexed = preprocess({ ...frame, stored }, steps)
        expect(indexed).toEqual(plain)
      }),
      { numRuns: 300 },
    )
  })

  it('count every value once, whatever its sign', () => {
    const counted = countValues(Int8Array.of(-128, 127, 0, 0))
    expect(counted?.lowest).toBe(-128)
    expect([counted?.counts[0], counted?.counts[128], counted?.counts[255], counted?.counts.length]).toEqual([
      1, 2, 1, 256,
    ])
    expect(countValues(new Uint32Array(4))).toBeUndefined()
  })

  it('find percentiles of a table that falls, and of one that turns round', () => {
    const counted = { lowest: 0, counts: Uint32Array.of(1, 2, 3), total: 6 }
    expect(percentilesOfCounts(counted, Float64Array.of(9, 4, 1), [0, 50, 100])).toEqual([1, 1, 9])
    expect(percentilesOfCounts(counted, Float64Array.of(5, 1, 7), [0, 30, 50, 100])).toEqual([1, 1, 5, 7])
  })
})
