import { createHash } from 'node:crypto'
import type { DecodedImage } from '../decode/index.ts'
import { cellMeans, type Thumbnail } from './thumbnail.ts'

/**
 * What tells whether two instances show the same pixels. It is for the box alone: the contract has no field for it, and
 * the record keeps the digest under a key of the site.
 */
export interface PixelPrint {
  /** SHA-256 of size, depth, sign, photometric interpretation and every pixel value of every frame, hexadecimal. */
  readonly digest: string
  /** Difference hash of 16 x 16 neighbours in 64 hexadecimal digits; absent for an image of one value. */
  readonly look?: string
}

const LOOK_SIDE = 16

/** The print of a decoded object; however it was compressed without loss, equal pixels give equal prints. */
export function pixelPrint(image: DecodedImage, thumbnail: Thumbnail | undefined): PixelPrint {
  const { rows, columns, frames, bitsStored, signed, photometric, pixels } = image
  const hash = createHash('sha256')
  hash.update(`${rows}x${columns}x${frames}:${bitsStored}:${signed}:${photometric}:${pixels.BYTES_PER_ELEMENT}\n`)
  hash.update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength))
  const digest = hash.digest('hex')
  return thumbnail === undefined ? { digest } : { digest, look: differenceHash(thumbnail) }
}

/** Bit by bit, whether a cell is darker than its right neighbour. */
function differenceHash(thumbnail: Thumbnail): string {
  const cells = cellMeans(thumbnail, LOOK_SIDE, LOOK_SIDE + 1)
  let digits = ''
  for (let row = 0; row < LOOK_SIDE; row += 1) {
    for (let column = 0; column < LOOK_SIDE; column += 4) {
      let digit = 0
      for (let k = 0; k < 4; k += 1) {
        const at = row * (LOOK_SIDE + 1) + column + k
        digit = digit * 2 + ((cells[at] ?? 0) < (cells[at + 1] ?? 0) ? 1 : 0)
      }
      digits += digit.toString(16)
    }
  }
  return digits
}

/** How many bits of two difference hashes differ. */
export function differingBits(a: string, b: string): number {
  let bits = 0
  for (let k = 0; k < a.length; k += 8) {
    let difference = (Number.parseInt(a.slice(k, k + 8), 16) ^ Number.parseInt(b.slice(k, k + 8), 16)) >>> 0
    while (difference !== 0) {
      bits += difference & 1
      difference >>>= 1
    }
  }
  return bits
}
