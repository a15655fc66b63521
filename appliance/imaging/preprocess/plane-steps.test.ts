import type { PreprocessingStep } from '@leadglass/models'
import { describe, expect, it } from 'vitest'
import { preprocess } from './index.ts'

const input = (rows: number, columns: number) => ({
  rows,
  columns,
  photometric: 'MONOCHROME2' as const,
  stored: Uint16Array.from({ length: rows * columns }, (_, i) => (i * 37) % 101),
  modalityLut: { kind: 'identity' } as const,
})

const grey = (rows: number, columns: number, steps: readonly PreprocessingStep[]): number[] => [
  ...preprocess(input(rows, columns), steps).grey,
]

/* Made by `models/training/preprocess.py` (numpy, float64) on the same planes. */
const BILINEAR_3X2 = [67.41666666666667, 52.75, 54.91666666666668, 33.166666666666664, 69.0, 54.33333333333336]
const BILINEAR_9X6_ROW = [
  42.75, 67.41666666666667, 62.52777777777778, 43.611111111111114, 52.75, 22.611111111111114, 34.55555555555555,
  54.916666666666664, 62.75,
]
const NEAREST_3X2 = [94.0, 67.0, 40.0, 6.0, 80.0, 53.0]
const SQUARE_ROW = [37.0, 74.0, 10.0, 47.0, 84.0]
const WINDOW_ROW = [0.0, 0.29166666666666663, 0.9083333333333333, 0.0, 0.4583333333333333, 1.0, 0.00833333333333336]

describe('steps of a plane, as Python has them', () => {
  it('resize by two nearest centres, up and down', () => {
    const bilinear = (width: number, height: number): number[] =>
      grey(5, 7, [{ step: 'resize', width, height, interpolation: 'bilinear' }])
    expect(bilinear(3, 2)).toHaveLength(6)
    for (const [i, value] of BILINEAR_3X2.entries()) expect(bilinear(3, 2)[i]).toBeCloseTo(value, 12)
    for (const [i, value] of BILINEAR_9X6_ROW.entries()) expect(bilinear(9, 6)[9 + i]).toBeCloseTo(value, 12)
  })

  it('resize by the cell of the centre', () => {
    expect(grey(5, 7, [{ step: 'resize', width: 3, height: 2, interpolation: 'nearest' }])).toEqual(NEAREST_3X2)
  })

  it('cut the centred square', () => {
    const whole = { step: 'resize', width: 5, height: 5, interpolation: 'nearest' } as const
    expect(grey(5, 8, [{ step: 'centre-square' }, whole]).slice(0, 5)).toEqual(SQUARE_ROW)
  })

  it('apply a declared window as PS3.3 C.11.2.1.2.1 has it, and a scale', () => {
    const same = { step: 'resize', width: 7, height: 5, interpolation: 'area' } as const
    const windowed = grey(5, 7, [{ step: 'voi-linear', centre: 50, width: 61 }, same])
    for (const [i, value] of WINDOW_ROW.entries()) expect(windowed[i]).toBeCloseTo(value, 12)
    const threshold = grey(5, 7, [{ step: 'voi-linear', centre: 50, width: 1 }, same])
    expect(threshold.slice(0, 7)).toEqual([0, 0, 1, 0, 0, 1, 0])
    const scaled = grey(5, 7, [same, { step: 'rescale', slope: 2, intercept: -5 }])
    expect(scaled.slice(0, 3)).toEqual([-5, 69, 143])
  })
})
