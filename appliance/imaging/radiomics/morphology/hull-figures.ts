import type { Triple } from '../volume.ts'
import { convexHull } from './convex-hull.ts'

/** What the features need of the convex hull of a mesh. Lengths in mm. */
export interface HullFigures {
  readonly volume: number
  readonly area: number
  /** The longest distance between two mesh vertices, which are always corners of the hull. */
  readonly diameter: number
  /** The edge lengths of the axis-aligned bounding box of the mesh. */
  readonly box: Triple
}

/** @param candidates mesh vertices in half voxels, as the mesh gives them. @param spacing in mm */
export function hullFigures(candidates: Int32Array, spacing: Triple): HullFigures {
  const triangles = convexHull(candidates)
  const at = (p: number): Triple => [
    ((candidates[3 * p] ?? 0) * spacing[0]) / 2,
    ((candidates[3 * p + 1] ?? 0) * spacing[1]) / 2,
    ((candidates[3 * p + 2] ?? 0) * spacing[2]) / 2,
  ]
  let [volume, area] = [0, 0]
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [at(triangles[t] ?? 0), at(triangles[t + 1] ?? 0), at(triangles[t + 2] ?? 0)]
    const [ux, uy, uz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]]
    const [vx, vy, vz] = [c[0] - a[0], c[1] - a[1], c[2] - a[2]]
    const [px, py, pz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]
    area += Math.hypot(px, py, pz) / 2
    volume += (a[0] * px + a[1] * py + a[2] * pz) / 6
  }
  const corners = [...new Set(triangles)].map(at)
  return { volume, area, diameter: diameterOf(corners), box: extentOf(corners) }
}

function diameterOf(corners: readonly Triple[]): number {
  let longest = 0
  corners.forEach((a, index) => {
    for (let k = index + 1; k < corners.length; k++) {
      const b = corners[k] ?? a
      const square = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2
      if (square > longest) longest = square
    }
  })
  return Math.sqrt(longest)
}

function extentOf(corners: readonly Triple[]): Triple {
  const extent = (axis: 0 | 1 | 2) => {
    let [low, high] = [Infinity, -Infinity]
    for (const corner of corners) {
      if (corner[axis] < low) low = corner[axis]
      if (corner[axis] > high) high = corner[axis]
    }
    return high - low
  }
  return [extent(0), extent(1), extent(2)]
}
