import { describe, expect, it } from 'vitest'
import { bytesElement, type DataSet, type DecodedImage, dataSetOf } from '../imaging/index.ts'
import { greyFrame } from './frame.ts'
import { maskPixels } from './mask.ts'
import { visibleImage } from './palette.ts'

function words(...values: number[]): Buffer {
  return Buffer.from(Uint16Array.from(values).buffer)
}

/** A palette of three entries: white, black, grey. */
function palette(packed: boolean): DataSet {
  const table = packed ? Buffer.from([255, 0, 128, 0]) : words(0xff00, 0, 0x8000)
  return dataSetOf(
    [0, 1, 2].flatMap((colour) => [
      bytesElement(0x00281101 + colour, 'US', words(3, 0, packed ? 8 : 16)),
      bytesElement(0x00281201 + colour, 'OW', table),
    ]),
  )
}

const image: DecodedImage = {
  rows: 1,
  columns: 4,
  frames: 1,
  samplesPerPixel: 1,
  bitsStored: 8,
  signed: false,
  photometric: 'PALETTE COLOR',
  pixels: Uint8Array.from([0, 1, 2, 9]),
}

describe('images with a palette', () => {
  it.each([true, false])('are seen in their colours (8-bit entries packed: %s)', (packed) => {
    expect([...greyFrame(visibleImage(image, palette(packed)), 0, 'whole').values]).toEqual([255, 0, 128, 128])
  })

  it('are masked with the darkest entry', () => {
    const copy = { ...image, pixels: Uint8Array.from(image.pixels) }
    const box = { left: 0, top: 0, width: 2, height: 1 }
    maskPixels(visibleImage(copy, palette(false)), [{ frame: null, box }])
    expect([...copy.pixels]).toEqual([1, 1, 2, 9])
  })

  it('cannot be judged without their colours', () => {
    expect(() => visibleImage(image, dataSetOf([]))).toThrow('palette')
    const grey = { ...image, photometric: 'MONOCHROME2' } as const
    expect(visibleImage(grey, dataSetOf([]))).toBe(grey)
  })
})
