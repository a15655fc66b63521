import type { Photometric } from './description.ts'

/** Stored values in the narrowest array that holds them. */
export type PixelArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array

/**
 * Decoded pixels: stored values, row-major, frames one after another. With three samples the samples of a pixel lie
 * together (planar data has been interleaved).
 */
export interface DecodedImage {
  readonly rows: number
  readonly columns: number
  readonly frames: number
  readonly samplesPerPixel: 1 | 3
  readonly bitsStored: number
  readonly signed: boolean
  /** After decoding: YBR of lossy JPEG and of JPEG 2000 has become RGB where the codec undoes it. */
  readonly photometric: Photometric
  readonly pixels: PixelArray
}

/** Bounds on what a decoder may be asked to make. */
export interface DecodeLimits {
  /** Largest size of all decoded frames together, in bytes. */
  readonly maximumBytes: number
}

/** One frame as a codec returns it: samples interleaved, 8 or 16 bits each. */
export interface DecodedFrame {
  readonly rows: number
  readonly columns: number
  readonly samples: number
  readonly bits: number
  readonly signed: boolean
  readonly values: Uint8Array | Int8Array | Uint16Array | Int16Array
  /** Set when the codec has changed the colour space. */
  readonly photometric?: Photometric
}

/** An empty array of the narrowest type for stored values of this kind. */
export function pixelArray(length: number, bits: number, signed: boolean): PixelArray {
  if (bits <= 8) return signed ? new Int8Array(length) : new Uint8Array(length)
  if (bits <= 16) return signed ? new Int16Array(length) : new Uint16Array(length)
  return signed ? new Int32Array(length) : new Uint32Array(length)
}
