/** One slice of a series: values in output units, and where it lies in the patient (PS3.3 C.7.6.2). */
export interface VolumeSlice {
  readonly rows: number
  readonly columns: number
  /** Row-major, after the modality LUT. */
  readonly values: Float32Array
  /** Image Position (Patient) in mm: x to the left, y to the back, z to the head. */
  readonly position: readonly number[]
  /** Image Orientation (Patient): direction cosines along a row, then down a column. */
  readonly orientation: readonly number[]
  /** Pixel Spacing in mm: between rows, between columns. */
  readonly spacing: readonly number[]
}

/** A volume on a regular grid; axes are depth, rows, columns. */
export interface BodyVolume {
  readonly size: readonly [number, number, number]
  /** mm between voxel centres along each axis. */
  readonly spacing: readonly [number, number, number]
  /** Unit vector of growing index along each axis, in patient coordinates; absent when the source says none. */
  readonly directions?: readonly [readonly number[], readonly number[], readonly number[]]
  readonly values: Float32Array
}

/** Why slices are no volume. */
export type VolumeFault =
  | 'slice-geometry-missing'
  | 'slices-too-few'
  | 'slices-differ'
  | 'slices-coincide'
  | 'slices-irregular'

/** The volume, and the place of each given slice in it. */
export type VolumeAssembly =
  | { readonly kind: 'volume'; readonly volume: BodyVolume; readonly order: readonly number[] }
  | { readonly kind: 'fault'; readonly fault: VolumeFault }

const FEWEST_SLICES = 4
/** Direction cosines are written with six decimals or so. */
const COSINE_TOLERANCE = 1e-3
const SPACING_TOLERANCE_MM = 1e-3
/** Share of the mean distance by which one distance may differ: rounding of positions, but no missing slice. */
const GAP_TOLERANCE = 0.05

/**
 * Sorts slices by where they lie along the normal of their planes, never by number or time, and joins them. Nothing is
 * invented: a missing, doubled or tilted slice is a fault.
 */
export function assembleVolume(slices: readonly VolumeSlice[]): VolumeAssembly {
  const [first] = slices
  if (first === undefined || slices.length < FEWEST_SLICES) return { kind: 'fault', fault: 'slices-too-few' }
  if (!slices.every(hasGeometry)) return { kind: 'fault', fault: 'slice-geometry-missing' }
  if (!slices.every((slice) => isAlike(slice, first))) return { kind: 'fault', fault: 'slices-differ' }
  const along = first.orientation.slice(0, 3)
  const down = first.orientation.slice(3, 6)
  const normal = cross(along, down)
  const placed = slices
    .map((slice, index) => ({ index, slice, at: dot(slice.position, normal) }))
    .toSorted((a, b) => a.at - b.at)
  const distances = placed.slice(1).map(({ at }, i) => at - (placed[i]?.at ?? 0))
  const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length
  if (distances.some((distance) => distance < SPACING_TOLERANCE_MM)) return { kind: 'fault', fault: 'slices-coincide' }
  if (distances.some((distance) => Math.abs(distance - mean) > GAP_TOLERANCE * mean)) {
    return { kind: 'fault', fault: 'slices-irregular' }
  }
  const perSlice = first.rows * first.columns
  const values = new Float32Array(perSlice * placed.length)
  for (const [depth, { slice }] of placed.entries()) values.set(slice.values, depth * perSlice)
  const [betweenRows = 1, betweenColumns = 1] = first.spacing
  return {
    kind: 'volume',
    volume: {
      size: [placed.length, first.rows, first.columns],
      spacing: [mean, betweenRows, betweenColumns],
      directions: [normal, down, along],
      values,
    },
    order: placed.map(({ index }) => index),
  }
}

function hasGeometry({ position, orientation, spacing }: VolumeSlice): boolean {
  const [betweenRows = 0, betweenColumns = 0] = spacing
  const along = orientation.slice(0, 3)
  const down = orientation.slice(3, 6)
  const isUnit = (vector: readonly number[]): boolean => Math.abs(dot(vector, vector) - 1) < 10 * COSINE_TOLERANCE
  return (
    position.length === 3 &&
    orientation.length === 6 &&
    betweenRows > 0 &&
    betweenColumns > 0 &&
    isUnit(along) &&
    isUnit(down) &&
    Math.abs(dot(along, down)) < 10 * COSINE_TOLERANCE
  )
}

function isAlike(slice: VolumeSlice, first: VolumeSlice): boolean {
  const near = (a: readonly number[], b: readonly number[], tolerance: number): boolean =>
    a.every((value, i) => Math.abs(value - (b[i] ?? Number.NaN)) <= tolerance)
  return (
    slice.rows === first.rows &&
    slice.columns === first.columns &&
    near(slice.orientation, first.orientation, COSINE_TOLERANCE) &&
    near(slice.spacing, first.spacing, SPACING_TOLERANCE_MM)
  )
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}

function cross(a: readonly number[], b: readonly number[]): readonly number[] {
  const [ax = 0, ay = 0, az = 0] = a
  const [bx = 0, by = 0, bz = 0] = b
  return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
}
