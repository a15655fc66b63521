import { DecodeError } from './errors.ts'

/** Photometric interpretations that are understood (PS3.3 C.7.6.3.1.2). */
export const PHOTOMETRIC = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_PARTIAL_420',
  'YBR_ICT',
  'YBR_RCT',
] as const
export type Photometric = (typeof PHOTOMETRIC)[number]

/** The Image Pixel module (PS3.3 C.7.6.3), as the header says it. */
export interface PixelDescription {
  readonly rows: number
  readonly columns: number
  readonly frames: number
  readonly samplesPerPixel: 1 | 3
  readonly bitsAllocated: 1 | 8 | 16 | 32
  readonly bitsStored: number
  readonly highBit: number
  readonly signed: boolean
  readonly planar: boolean
  readonly photometric: Photometric
}

/** Values read from a header before anything is believed. Absent numbers are `undefined`. */
export interface RawPixelDescription {
  readonly rows: number | undefined
  readonly columns: number | undefined
  readonly frames: number | undefined
  readonly samplesPerPixel: number | undefined
  readonly bitsAllocated: number | undefined
  readonly bitsStored: number | undefined
  readonly highBit: number | undefined
  readonly pixelRepresentation: number | undefined
  readonly planarConfiguration: number | undefined
  readonly photometric: string | undefined
}

/**
 * Checks the Image Pixel module.
 * @throws {DecodeError} `image-description-invalid` or `unsupported-pixel-format`.
 */
export function checkDescription(raw: RawPixelDescription): PixelDescription {
  const rows = wholeNumber(raw.rows, 1, 65_535, 'Rows')
  const columns = wholeNumber(raw.columns, 1, 65_535, 'Columns')
  const frames = wholeNumber(raw.frames ?? 1, 1, 2 ** 31 - 1, 'Number of Frames')
  const samplesPerPixel = oneOf(raw.samplesPerPixel ?? 1, [1, 3] as const, 'Samples per Pixel')
  const bitsAllocated = oneOf(raw.bitsAllocated, [1, 8, 16, 32] as const, 'Bits Allocated')
  const bitsStored = wholeNumber(raw.bitsStored ?? bitsAllocated, 1, bitsAllocated, 'Bits Stored')
  const highBit = wholeNumber(raw.highBit ?? bitsStored - 1, bitsStored - 1, bitsAllocated - 1, 'High Bit')
  const representation = oneOf(raw.pixelRepresentation ?? 0, [0, 1] as const, 'Pixel Representation')
  const planar = oneOf(raw.planarConfiguration ?? 0, [0, 1] as const, 'Planar Configuration') === 1
  const photometric = photometricOf(raw.photometric, samplesPerPixel)
  return {
    rows,
    columns,
    frames,
    samplesPerPixel,
    bitsAllocated,
    bitsStored,
    highBit,
    signed: representation === 1,
    planar: planar && samplesPerPixel > 1,
    photometric,
  }
}

function photometricOf(value: string | undefined, samples: 1 | 3): Photometric {
  const known = PHOTOMETRIC.find((candidate) => candidate === value)
  if (known === undefined) {
    throw new DecodeError('unsupported-pixel-format', 'the photometric interpretation is not known')
  }
  const grey = known === 'MONOCHROME1' || known === 'MONOCHROME2' || known === 'PALETTE COLOR'
  if (grey !== (samples === 1)) {
    throw new DecodeError('image-description-invalid', 'photometric interpretation and samples per pixel disagree')
  }
  return known
}

function wholeNumber(value: number | undefined, least: number, most: number, name: string): number {
  if (value === undefined || !Number.isInteger(value) || value < least || value > most) {
    throw new DecodeError('image-description-invalid', `${name} is absent or out of range`)
  }
  return value
}

function oneOf<T extends number>(value: number | undefined, allowed: readonly T[], name: string): T {
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined)
    throw new DecodeError('unsupported-pixel-format', `${name} has a value that is not supported`)
  return found
}
