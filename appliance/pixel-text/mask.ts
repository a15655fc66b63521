import type { DecodedImage } from '../imaging/index.ts'
import type { MaskBox, NativePixels } from './messages.ts'
import { darkestValue, type VisibleImage } from './palette.ts'
import type { Box } from './regions.ts'

/** Blacks out boxes in decoded pixels, in place. Boxes are cut to the picture. */
export function maskPixels(image: VisibleImage, boxes: readonly MaskBox[]): void {
  const black = blackOf(image)
  for (const { frame, box } of boxes) {
    const [first, last] = frame === null ? [0, image.frames - 1] : [frame, frame]
    for (let at = first; at <= Math.min(last, image.frames - 1); at += 1) maskFrame(image, at, box, black)
  }
}

function maskFrame(image: DecodedImage, frame: number, box: Box, black: readonly number[]): void {
  const { rows, columns, samplesPerPixel: samples, pixels } = image
  const [right, bottom] = [Math.min(columns, box.left + box.width), Math.min(rows, box.top + box.height)]
  for (let y = box.top; y < bottom; y += 1)
    for (let x = box.left; x < right; x += 1) {
      const at = ((frame * rows + y) * columns + x) * samples
      for (let sample = 0; sample < samples; sample += 1) pixels[at + sample] = black[sample] ?? 0
    }
}

/**
 * The stored values of what is shown black: the least stored value (the greatest for MONOCHROME1), and mid chroma for
 * YBR (PS3.3 C.7.6.3.1.2); the darkest entry of a palette.
 */
function blackOf(image: VisibleImage): readonly number[] {
  const { photometric, bitsStored, signed, pixels, samplesPerPixel, palette } = image
  if (palette !== undefined) return [darkestValue(palette, bitsStored)]
  if (samplesPerPixel === 3)
    return photometric.startsWith('YBR') ? [0, 2 ** (bitsStored - 1), 2 ** (bitsStored - 1)] : [0, 0, 0]
  if (photometric === 'MONOCHROME1') return [greatest(pixels)]
  return [signed ? least(pixels) : 0]
}

function least(values: ArrayLike<number>): number {
  let found = Number.POSITIVE_INFINITY
  for (let i = 0; i < values.length; i += 1) found = Math.min(found, values[i] ?? found)
  return Number.isFinite(found) ? found : 0
}

function greatest(values: ArrayLike<number>): number {
  let found = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i += 1) found = Math.max(found, values[i] ?? found)
  return Number.isFinite(found) ? found : 0
}

/** The pixels as native Pixel Data (PS3.5 8.1, little endian, an even number of bytes), and what they are. */
export function nativeForm(image: DecodedImage): { readonly bytes: Uint8Array; readonly pixels: NativePixels } {
  const { rows, columns, frames, samplesPerPixel, bitsStored, signed, photometric, pixels } = image
  const content = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength)
  const bytes = content.length % 2 === 0 ? content : Buffer.concat([content, Buffer.alloc(1)])
  const bitsAllocated = (pixels.BYTES_PER_ELEMENT * 8) as 8 | 16 | 32
  return {
    bytes,
    pixels: {
      rows,
      columns,
      frames,
      samplesPerPixel,
      bitsAllocated,
      bitsStored,
      signed,
      photometric,
      bytes: bytes.length,
    },
  }
}
