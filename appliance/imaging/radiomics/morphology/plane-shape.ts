import { type FeatureValues, quotient } from '../intensity/statistics.ts'
import type { Region } from '../processing/resample.ts'
import { spreadOf } from './principal-axes.ts'

/** A point of an outline in half pixels, with pixel centres at even figures. */
type Point = readonly [number, number]

/** The corners of a square of four pixels, anticlockwise, and the middle of the side that follows each, in half pixels. */
const CORNERS: readonly Point[] = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
]
const SIDES: readonly Point[] = [
  [1, 0],
  [2, 1],
  [1, 2],
  [0, 1],
]

/**
 * The shape of a region in one slice. IBSI defines morphology in the volume only; these are the two-dimensional counterparts
 * (outline by marching squares) with the definitions that PyRadiomics uses, so no IBSI reference speaks for them.
 * @param region one slice, cropped to its mask
 */
export function planeShapeFeatures(region: Region): FeatureValues {
  const [sx, sy] = region.spacing
  const outline = outlineOf(region)
  const spread = spreadOf(region, region.mask).variances
  const [major, minor] = [4 * Math.sqrt(spread[0]), 4 * Math.sqrt(spread[1])]
  let pixels = 0
  for (const inside of region.mask) if (inside !== 0) pixels += 1
  const { area, perimeter } = outline
  return {
    area_mesh: area,
    area_pixels: pixels * sx * sy,
    perimeter,
    perimeter_area_ratio: quotient(perimeter, area),
    sphericity: quotient(2 * Math.sqrt(Math.PI * area), perimeter),
    diam: diameterOf(outline.points, sx, sy),
    pca_maj_axis: major,
    pca_min_axis: minor,
    pca_elongation: quotient(minor, major),
  }
}

/** Area (mm2), perimeter (mm) and points of the outline at half-way between pixels inside and outside. */
function outlineOf(region: Region): { area: number; perimeter: number; points: Point[] } {
  const [nx, ny] = region.dimensions
  const [hx, hy] = [region.spacing[0] / 2, region.spacing[1] / 2]
  const isInside = (x: number, y: number) => x >= 0 && x < nx && y >= 0 && y < ny && region.mask[y * nx + x] !== 0
  let [area, perimeter] = [0, 0]
  const points: Point[] = []
  for (let y = -1; y < ny; y++) {
    for (let x = -1; x < nx; x++) {
      for (const [from, to] of segments(CORNERS.map(([cx, cy]) => isInside(x + cx, y + cy)))) {
        const [a, b]: [Point, Point] = [
          [2 * x + from[0], 2 * y + from[1]],
          [2 * x + to[0], 2 * y + to[1]],
        ]
        points.push(a)
        perimeter += Math.hypot((b[0] - a[0]) * hx, (b[1] - a[1]) * hy)
        area += ((a[0] * b[1] - a[1] * b[0]) * hx * hy) / 2
      }
    }
  }
  return { area: Math.abs(area), perimeter, points }
}

/** The pieces of outline in one square, each around one run of inside corners, all in the same sense. */
function segments(inside: readonly boolean[]): [Point, Point][] {
  const at = (k: number) => inside[k & 3] === true
  const found: [Point, Point][] = []
  for (let k = 0; k < 4; k++) {
    if (at(k) || !at(k + 1)) continue
    let leave = k + 1
    while (at(leave + 1)) leave += 1
    const [enter, exit] = [SIDES[k], SIDES[leave & 3]]
    if (enter !== undefined && exit !== undefined) found.push([enter, exit])
  }
  return found
}

/** The longest distance between two points of the outline in mm; of each row only the two outermost points can have it. */
function diameterOf(points: readonly Point[], sx: number, sy: number): number {
  const rows = new Map<number, [number, number]>()
  for (const [x, y] of points) {
    const [low, high] = rows.get(y) ?? [x, x]
    rows.set(y, [Math.min(low, x), Math.max(high, x)])
  }
  const outermost = [...rows].flatMap(([y, [low, high]]): Point[] => [
    [low, y],
    [high, y],
  ])
  let longest = 0
  for (const a of outermost)
    for (const b of outermost) longest = Math.max(longest, ((a[0] - b[0]) * sx) ** 2 + ((a[1] - b[1]) * sy) ** 2)
  return Math.sqrt(longest) / 2
}
