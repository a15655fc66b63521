import { RadiomicsError } from '../errors.ts'
import type { Interpolation } from '../settings.ts'
import { type Box, boundingBox, boxDimensions, type Triple, type Volume } from '../volume.ts'

/** The largest region that is computed, in voxels: 1 GiB of intensities. */
const LARGEST_REGION = 1 << 27

/** The part of an image around a region, with the region's morphological mask, on the grid that features are read from. */
export interface Region {
  readonly dimensions: Triple
  readonly spacing: Triple
  readonly values: Float64Array
  readonly mask: Uint8Array
}

/** A point of one axis of the new grid: the two old indices beside it and the weight of the second. */
interface AxisPoint {
  readonly first: number
  readonly second: number
  readonly weight: number
}

/**
 * Resamples an image and its mask (IBSI 2.4, "align grid centres" 3WE3) and cuts out the region with `margin` mm around it.
 * Outside the old grid the boundary voxels are repeated. The mask keeps voxels with a partial volume of at least one half.
 * Only the part that is cut out is computed. Without interpolation it is only cut out.
 * @throws {RadiomicsError} mask-empty, too-large
 */
export function extractRegion(image: Volume, mask: Uint8Array, interpolation: Interpolation, margin: number): Region {
  const box = boundingBox(mask, image.dimensions)
  if (box === undefined) throw new RadiomicsError('mask-empty', 'The mask holds no voxel.')
  const spacing = newSpacing(image.spacing, interpolation)
  const axes = [0, 1, 2].map((axis) => axisPart(image, spacing, box, axis, margin))
  if (axes.reduce((voxels, { first, last }) => voxels * (last - first + 1), 1) > LARGEST_REGION)
    throw new RadiomicsError(
      'too-large',
      `The region has more than ${LARGEST_REGION} voxels on the grid it is read from.`,
    )
  const [xs = [], ys = [], zs = []] = axes.map(axisPoints)
  const region = {
    dimensions: [xs.length, ys.length, zs.length] as const,
    spacing,
    values: new Float64Array(xs.length * ys.length * zs.length),
    mask: new Uint8Array(xs.length * ys.length * zs.length),
  }
  fill(region, image, mask, [xs, ys, zs])
  if (interpolation.kind !== 'none' && interpolation.round) roundAll(region.values)
  if (boundingBox(region.mask, region.dimensions) === undefined)
    throw new RadiomicsError('mask-empty', 'No voxel of the new grid lies half within the mask.')
  return region
}

/** The smaller region that holds the mask and nothing around it. */
export function cropToMask(region: Region): Region {
  const box = boundingBox(region.mask, region.dimensions)
  if (box === undefined) throw new RadiomicsError('mask-empty', 'The mask holds no voxel.')
  const dimensions = boxDimensions(box)
  const [nx, ny, nz] = dimensions
  const values = new Float64Array(nx * ny * nz)
  const mask = new Uint8Array(nx * ny * nz)
  for (let z = 0, to = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++, to += nx) {
      const row = (z + box.low[2]) * region.dimensions[1] + y + box.low[1]
      const from = row * region.dimensions[0] + box.low[0]
      values.set(region.values.subarray(from, from + nx), to)
      mask.set(region.mask.subarray(from, from + nx), to)
    }
  }
  return { dimensions, spacing: region.spacing, values, mask }
}

function newSpacing(old: Triple, interpolation: Interpolation): Triple {
  switch (interpolation.kind) {
    case 'none':
      return old
    case 'bilinear':
      return [interpolation.spacing[0], interpolation.spacing[1], old[2]]
    case 'trilinear':
      return interpolation.spacing
  }
}

/** One axis of the new grid: where its points lie in old indices, and which of them are near the mask. */
interface AxisPart {
  readonly origin: number
  readonly step: number
  readonly oldCount: number
  readonly first: number
  readonly last: number
}

/** IBSI 2.4, 026Q (dimensions) and QCY4 (position). */
function axisPart(image: Volume, spacing: Triple, box: Box, axis: number, margin: number): AxisPart {
  const oldCount = image.dimensions[axis] ?? 1
  const [oldStep, newStep] = [image.spacing[axis] ?? 1, spacing[axis] ?? 1]
  const step = newStep / oldStep
  const newCount = Math.ceil((oldCount * oldStep) / newStep)
  const origin = (oldCount - 1 - step * (newCount - 1)) / 2
  const reach = 1 + margin / oldStep
  const first = Math.max(0, Math.floor(((box.low[axis] ?? 0) - reach - origin) / step))
  const last = Math.min(newCount - 1, Math.ceil(((box.high[axis] ?? 0) + reach - origin) / step))
  return { origin, step, oldCount, first, last }
}

function axisPoints({ origin, step, oldCount, first, last }: AxisPart): AxisPoint[] {
  const points: AxisPoint[] = []
  for (let k = first; k <= last; k++) {
    const position = Math.min(Math.max(origin + k * step, 0), oldCount - 1)
    const below = Math.floor(position)
    points.push({ first: below, second: Math.min(below + 1, oldCount - 1), weight: position - below })
  }
  return points
}

function fill(region: Region, image: Volume, mask: Uint8Array, axes: readonly [AxisPoint[], AxisPoint[], AxisPoint[]]) {
  const [nx, ny] = image.dimensions
  const [xs, ys, zs] = axes
  const inside = (i: number) => (mask[i] === 0 ? 0 : 1)
  const value = (i: number) => image.values[i] ?? 0
  let to = 0
  for (const z of zs) {
    for (const y of ys) {
      const rows = [
        { start: (z.first * ny + y.first) * nx, weight: (1 - z.weight) * (1 - y.weight) },
        { start: (z.first * ny + y.second) * nx, weight: (1 - z.weight) * y.weight },
        { start: (z.second * ny + y.first) * nx, weight: z.weight * (1 - y.weight) },
        { start: (z.second * ny + y.second) * nx, weight: z.weight * y.weight },
      ].filter((row) => row.weight > 0)
      for (const x of xs) {
        let intensity = 0
        let partial = 0
        for (const { start, weight } of rows) {
          intensity += weight * (1 - x.weight) * value(start + x.first)
          partial += weight * (1 - x.weight) * inside(start + x.first)
          if (x.weight === 0) continue
          intensity += weight * x.weight * value(start + x.second)
          partial += weight * x.weight * inside(start + x.second)
        }
        region.values[to] = intensity
        region.mask[to] = partial >= 0.5 - 1e-9 ? 1 : 0
        to += 1
      }
    }
  }
}

/** Half away from zero, so that an image and its negative stay each other's negative. */
function roundAll(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0
    values[i] = Math.sign(value) * Math.round(Math.abs(value))
  }
}
