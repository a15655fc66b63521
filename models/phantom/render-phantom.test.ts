import { describe, expect, it } from 'vitest'
import { phantomDicom } from './phantom-dicom.ts'
import { renderPhantom } from './render-phantom.ts'

describe('a phantom', () => {
  it('is the same for the same seed and another for another', () => {
    const request = { seed: 3, rows: 96, columns: 80, bits: 12 }
    expect(renderPhantom(request)).toEqual(renderPhantom(request))
    expect(renderPhantom(request)).not.toEqual(renderPhantom({ ...request, seed: 4 }))
  })

  it.each([8, 10, 12, 16])('keeps to %i bits and says PHANTOM in the largest value', (bits) => {
    const columns = 160
    const pixels = renderPhantom({ seed: 1, rows: 120, columns, bits })
    const largest = 2 ** bits - 1
    expect(pixels.every((value) => value <= largest)).toBe(true)
    const rows = Array.from({ length: 7 }, (_, row) =>
      Array.from(pixels.subarray((4 + row) * columns + 4, (4 + row) * columns + 9), (value) =>
        value === largest ? '#' : '.',
      ).join(''),
    )
    expect(rows).toEqual(['####.', '#...#', '#...#', '####.', '#....', '#....', '#....'])
  })

  it('gives a DICOM object whose bytes and UIDs follow from the seed alone', () => {
    const first = phantomDicom({ seed: 5, index: 2, rows: 64, columns: 64 })
    const second = phantomDicom({ seed: 5, index: 2, rows: 64, columns: 64 })
    expect(Buffer.from(first.bytes).equals(second.bytes)).toBe(true)
    expect(first.instance).toMatch(/^2\.25\.\d{1,39}$/)
    expect(new Set([first.study, first.series, first.instance]).size).toBe(3)
    expect(phantomDicom({ seed: 5, index: 3, rows: 64, columns: 64 }).study).not.toBe(first.study)
  })
})
