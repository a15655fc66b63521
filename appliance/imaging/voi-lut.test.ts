import type { PreprocessingStep } from '@leadglass/models'
import { sequence, text, unsigned, type WriteElement, writePart10 } from '@leadglass/models/dicom'
import { describe, expect, it } from 'vitest'
import { parsePart10 } from './dataset/index.ts'
import { preprocess } from './preprocess/index.ts'
import { type VoiLut, voiLut } from './voi-lut.ts'

const voiOf = (...elements: WriteElement[]): VoiLut | undefined =>
  voiLut(parsePart10(writePart10('1.2.3', '1.2.4', elements)).dataSet, { signed: false })
const window = (centre: string, width: string, shape?: string): WriteElement[] => [
  text('00281050', 'DS', centre),
  text('00281051', 'DS', width),
  ...(shape === undefined ? [] : [text('00281056', 'CS', shape)]),
]
const table = (...entries: number[]): WriteElement =>
  sequence('00283010', [unsigned('00283002', entries.length, 10, 8), { tag: '00283006', vr: 'US', value: entries }])

const input = (voi: VoiLut | undefined, photometric: 'MONOCHROME1' | 'MONOCHROME2' = 'MONOCHROME2') => ({
  rows: 5,
  columns: 7,
  photometric,
  stored: Uint16Array.from({ length: 35 }, (_, i) => (i * 37) % 101),
  modalityLut: { kind: 'identity' } as const,
  voiLut: voi,
})
const same: PreprocessingStep = { step: 'resize', width: 7, height: 5, interpolation: 'nearest' }
const shown: readonly PreprocessingStep[] = [{ step: 'voi-lut', fallback: { low: 0, high: 100 } }, same]
const row = (voi: VoiLut | undefined, photometric?: 'MONOCHROME1'): number[] => [
  ...preprocess(input(voi, photometric), shown).grey.subarray(0, 7),
]

/* Made by `models/training/preprocess.py` (numpy, float64) on the same plane. */
const EXACT = [0.0, 0.28688524590163933, 0.8934426229508197, 0.0, 0.45081967213114754, 1.0, 0.008196721311475419]
const SIGMOID = [
  0.036309578567697585, 0.2989172772623026, 0.8283204575518109, 0.06767587142249185, 0.45097766432453934,
  0.9028682377959408, 0.12268854089115296,
]
const TABLE = [
  0.0, 0.4235294117647059, 0.9882352941176471, 0.0, 0.5803921568627451, 0.9882352941176471, 0.1568627450980392,
]
const CROP = [94, 30, 67, 3, 50, 87, 23, 60, 6, 43, 80, 16]

function expectClose(given: readonly number[], wanted: readonly number[]): void {
  expect(given).toHaveLength(wanted.length)
  for (const [i, value] of wanted.entries()) expect(given[i]).toBeCloseTo(value, 12)
}

describe('the VOI LUT of a header (PS3.3 C.11.2)', () => {
  it('is the first window with its function, LINEAR where none is said', () => {
    expect(voiOf(...window('40\\600', '400\\1500'))).toEqual({
      kind: 'window',
      shape: 'LINEAR',
      centre: 40,
      width: 400,
    })
    expect(voiOf(...window('40', '0.5', 'LINEAR_EXACT'))).toMatchObject({ shape: 'LINEAR_EXACT', width: 0.5 })
    expect(voiOf(...window('40', '400', 'SIGMOID'))).toMatchObject({ shape: 'SIGMOID' })
  })

  it('is a table before any window, its entries scaled to 0..1', () => {
    const found = voiOf(...window('40', '400'), table(0, 51, 255))
    expect(found).toEqual({ kind: 'table', first: 10, entries: Float64Array.of(0, 0.2, 1) })
  })

  it.each<[string, WriteElement[]]>([
    ['nothing', []],
    ['a centre alone', [text('00281050', 'DS', '40')]],
    ['a width of 0', window('40', '0')],
    ['a width below 1 for LINEAR', window('40', '0.5')],
    ['a function that is none', window('40', '400', 'CUBIC')],
    ['a table cut short', [sequence('00283010', [unsigned('00283002', 9, 0, 8), unsigned('00283006', 1, 2)])]],
    ['a table of 4 bits', [sequence('00283010', [unsigned('00283002', 2, 0, 4), unsigned('00283006', 1, 2)])]],
  ])('is absent with %s', (_, elements) => {
    expect(voiOf(...elements)).toBeUndefined()
  })

  it('shows values as Python has it', () => {
    expectClose(row({ kind: 'window', shape: 'LINEAR_EXACT', centre: 50, width: 61 }), EXACT)
    expectClose(row({ kind: 'window', shape: 'SIGMOID', centre: 50, width: 61 }), SIGMOID)
    const entries = Float64Array.from({ length: 64 }, (_, i) => (4 * i) / 255)
    expectClose(row({ kind: 'table', first: 10, entries }), TABLE)
  })

  it('turns MONOCHROME1 round after the window, and falls back to percentiles', () => {
    const exact: VoiLut = { kind: 'window', shape: 'LINEAR_EXACT', centre: 50, width: 61 }
    expectClose(
      row(exact, 'MONOCHROME1'),
      EXACT.map((value) => 1 - value),
    )
    const fallback = preprocess(input(undefined), [{ step: 'percentile-window', low: 0, high: 100 }, same])
    expectClose(row(undefined), [...fallback.grey.subarray(0, 7)])
  })
})

describe('a declared box', () => {
  it('is cut as Python cuts it, and is never empty', () => {
    const box: PreprocessingStep = { step: 'crop', top: 0.2, bottom: 0.9, left: 0.25, right: 0.75 }
    const size: PreprocessingStep = { step: 'resize', width: 4, height: 3, interpolation: 'nearest' }
    expectClose([...preprocess(input(undefined), [box, size]).grey], CROP)
    const one: PreprocessingStep = { step: 'crop', top: 0.99, bottom: 1, left: 0.5, right: 0.51 }
    const single: PreprocessingStep = { step: 'resize', width: 1, height: 1, interpolation: 'nearest' }
    expectClose([...preprocess(input(undefined), [one, single]).grey], [((4 * 7 + 3) * 37) % 101])
  })
})
