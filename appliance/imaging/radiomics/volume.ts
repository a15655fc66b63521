import { RadiomicsError } from './errors.ts'

/** Three figures in the order x (columns), y (rows), z (slices). */
export type Triple = readonly [number, number, number]

/** Stored intensities; any numeric array will do. */
export type VolumeValues =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Uint8Array

/** An image on a regular grid: x runs fastest, then y, then z. `spacing` is in mm. A single slice has z dimension 1. */
export interface Volume {
  readonly dimensions: Triple
  readonly spacing: Triple
  readonly values: VolumeValues
}

/** A box of grid indices, both ends included. */
export interface Box {
  readonly low: Triple
  readonly high: Triple
}

/** The largest volume taken, in voxels: 1024 x 1024 x 512. */
export const LARGEST_VOLUME = 1 << 29

/**
 * Checks that dimensions are positive integers, spacing is positive and finite, and image and mask have one value a voxel.
 * @throws {RadiomicsError} dimensions-invalid, too-large
 */
export function checkVolume(image: Volume, mask: Uint8Array): void {
  const [nx, ny, nz] = image.dimensions
  if (!image.dimensions.every((n) => Number.isSafeInteger(n) && n > 0))
    throw new RadiomicsError('dimensions-invalid', 'A volume has three positive integer dimensions.')
  if (!image.spacing.every((s) => Number.isFinite(s) && s > 0))
    throw new RadiomicsError('dimensions-invalid', 'The voxel spacing is positive and finite.')
  const count = nx * ny * nz
  if (count > LARGEST_VOLUME)
    throw new RadiomicsError('too-large', `The volume has more than ${LARGEST_VOLUME} voxels.`)
  if (image.values.length !== count || mask.length !== count)
    throw new RadiomicsError('dimensions-invalid', 'Image and mask have one value for each voxel of the dimensions.')
}

/**
 * The smallest box that holds every voxel of a mask (any value but 0).
 * @returns `undefined` for an empty mask.
 */
export function boundingBox(mask: Uint8Array, dimensions: Triple): Box | undefined {
  const [nx, ny, nz] = dimensions
  let [x0, y0, z0, x1, y1, z1] = [nx, ny, nz, -1, -1, -1]
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        if (mask[i] === 0) continue
        if (x < x0) x0 = x
        if (x > x1) x1 = x
        if (y < y0) y0 = y
        if (y > y1) y1 = y
        if (z < z0) z0 = z
        z1 = z
      }
    }
  }
  return x1 < 0 ? undefined : { low: [x0, y0, z0], high: [x1, y1, z1] }
}

/** The dimensions of a box. */
export function boxDimensions(box: Box): Triple {
  return [box.high[0] - box.low[0] + 1, box.high[1] - box.low[1] + 1, box.high[2] - box.low[2] + 1]
}
