import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DecodedImage } from '../decode/index.ts'
import { bordersOf, collimatedShare } from './collimation.ts'
import { exposureFigures } from './exposure.ts'
import { inversionLikelihood } from './inversion.ts'
import { differingBits, pixelPrint } from './pixel-print.ts'
import { letterLikeBlobs } from './side-marker.ts'
import { cellMeans, type Thumbnail, thumbnailOf } from './thumbnail.ts'
import { viewDisagrees } from './view-agreement.ts'

/** A grey slope with some texture, so that nothing is a border. */
function plane(rows: number, columns: number, of: (row: number, column: number) => number): Thumbnail {
  const values = Float32Array.from({ length: rows * columns }, (_, i) => of(Math.floor(i / columns), i % columns))
  return { rows, columns, values }
}
const slope = (row: number, column: number): number => 0.3 + 0.3 * Math.sin(row / 9) * Math.cos(column / 11)

describe('exposure', () => {
  it('computes the deviation index of IEC 62494-1 and holds the header against it', () => {
    const twice = exposureFigures({ exposureIndex: 400, targetExposureIndex: 200, deviationIndex: 3 })
    expect(twice['quality.deviation-index-computed']).toBeCloseTo(3.0103, 4)
    expect(twice['quality.deviation-index-differs']).toBe(0)
    const wrong = exposureFigures({ exposureIndex: 400, targetExposureIndex: 200, deviationIndex: -3 })
    expect(wrong['quality.deviation-index-differs']).toBe(1)
  })

  it('says nothing of what is not reported, nor of an index that is none', () => {
    expect(exposureFigures({ exposureIndex: undefined, deviationIndex: undefined })).toEqual({})
    expect(exposureFigures({ exposureIndex: 0, targetExposureIndex: 200, deviationIndex: 1 })).toEqual({
      'quality.exposure-index': 0,
      'quality.target-exposure-index': 200,
      'quality.deviation-index': 1,
    })
  })
})

describe('collimation', () => {
  it('finds black and white borders of every depth to the line', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20), fc.nat(20)),
        fc.constantFrom(0.01, 0.99),
        ([top, bottom, left, right], shade) => {
          const image = plane(90, 110, (row, column) =>
            row < top || row >= 90 - bottom || column < left || column >= 110 - right
              ? shade
              : slope(row, column) + 0.1,
          )
          expect(bordersOf(image)).toEqual({ top, bottom, left, right })
        },
      ),
    )
  })

  it('takes an image without anything in it for no border', () => {
    const black = plane(40, 40, () => 0)
    expect(collimatedShare(black, bordersOf(black))).toBe(0)
  })
})

describe('side marker', () => {
  const letter = (row: number, column: number, at: readonly [number, number]): boolean => {
    const [y, x] = [row - at[0], column - at[1]]
    return y >= 0 && y < 12 && x >= 0 && x < 8 && (x < 2 || y >= 10)
  }

  it('sees an L near the border and not in the middle', () => {
    const withL = (at: readonly [number, number]) =>
      letterLikeBlobs(plane(256, 256, (row, column) => (letter(row, column, at) ? 0.95 : slope(row, column) / 2)))
    expect(withL([20, 225])).toMatchObject([{ row: 20, column: 225, height: 12, width: 8 }])
    expect(withL([128, 128])).toEqual([])
  })

  it('sees nothing on smooth ground', () => {
    expect(letterLikeBlobs(plane(256, 256, slope))).toEqual([])
  })
})

describe('thumbnail', () => {
  it('averages whole blocks and turns MONOCHROME1 round', () => {
    const stored = Uint16Array.from({ length: 512 * 512 }, (_, i) => (i % 512 < 256 ? 1000 : 3000))
    const frame = { rows: 512, columns: 512 }
    const window = { low: 1000, high: 3000 }
    const plain = thumbnailOf(stored, { ...frame, photometric: 'MONOCHROME2' }, window)
    expect(plain).toMatchObject({ rows: 256, columns: 256 })
    expect([plain?.values[0], plain?.values[255]]).toEqual([0, 1])
    const inverse = thumbnailOf(stored, { ...frame, photometric: 'MONOCHROME1' }, window)
    expect([inverse?.values[0], inverse?.values[255]]).toEqual([1, 0])
    expect(thumbnailOf(stored, { ...frame, photometric: 'MONOCHROME2' }, { low: 5, high: 5 })).toBeUndefined()
  })

  it('has the same mean in cells as in pixels', () => {
    const image = plane(64, 64, slope)
    const mean = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(cellMeans(image, 8, 8))).toBeCloseTo(mean(image.values), 6)
  })
})

it('gives an image and its negative opposite likelihoods of inversion', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 256, maxLength: 256 }), (levels) => {
      const image = { rows: 16, columns: 16, values: Float32Array.from(levels) }
      const negative = { ...image, values: image.values.map((level) => 1 - level) }
      expect(inversionLikelihood(image) + inversionLikelihood(negative)).toBeCloseTo(1, 5)
    }),
  )
})

describe('pixel print', () => {
  const image: DecodedImage = {
    rows: 4,
    columns: 4,
    frames: 1,
    samplesPerPixel: 1,
    bitsStored: 12,
    signed: false,
    photometric: 'MONOCHROME2',
    pixels: Uint16Array.from({ length: 16 }, (_, i) => i * 17),
  }

  it('is the same for the same pixels and another for one that differs', () => {
    const print = pixelPrint(image, undefined)
    expect(pixelPrint({ ...image, pixels: image.pixels.slice() }, undefined)).toEqual(print)
    const other = image.pixels.slice()
    other[3] = 5
    expect(pixelPrint({ ...image, pixels: other }, undefined).digest).not.toBe(print.digest)
    expect(pixelPrint({ ...image, rows: 2, columns: 8 }, undefined).digest).not.toBe(print.digest)
    expect(print.look).toBeUndefined()
  })

  it('has a look that brightness does not change', () => {
    const look = (factor: number) =>
      pixelPrint(
        image,
        plane(64, 64, (row, column) => factor * slope(row, column)),
      ).look
    expect(look(1)).toMatch(/^[0-9a-f]{64}$/)
    expect(differingBits(look(1) ?? '', look(0.7) ?? '')).toBe(0)
    expect(differingBits('0'.repeat(64), 'f'.repeat(64))).toBe(256)
  })
})

describe('view against header', () => {
  const score = (code: string, value: number, above = value >= 0.5) => ({ code, value, above })

  it.each([
    ['PA', [score('view.pa', 0.9), score('view.ap', 0.1)], false],
    ['PA', [score('view.pa', 0.1), score('view.ap', 0.9)], true],
    ['AP', [score('view.ap', 0.9)], false],
    ['PA', [score('view.ap', 0.9)], true],
    ['PA', [score('view.ap', 0.2)], false],
    ['AP', [score('view.ap', 0.2)], true],
    ['LL', [score('view.lateral', 0.8), score('view.pa', 0.2)], false],
    ['PA', [score('view.pa', 0.4), score('view.ap', 0.3)], undefined],
    ['', [score('view.ap', 0.9)], undefined],
    ['PA', [score('pneumonia', 0.9)], undefined],
  ] as const)('%s with %j: %s', (header, scores, expected) => {
    expect(viewDisagrees(header, scores)).toBe(expected)
  })
})
