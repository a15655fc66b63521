import type { Triple } from '../volume.ts'
import { CUBE_TRIANGLES } from './cube-triangles.ts'

/** What the features need of the surface mesh of a mask. */
export interface MeshFigures {
  /** mm3 */
  readonly volume: number
  /** mm2 */
  readonly area: number
  /**
   * Mesh vertices that can be corners of the convex hull, in half voxels, three figures each. Of the vertices on one line of
   * the grid only the two outermost can.
   */
  readonly candidates: Int32Array
}

/**
 * The closed surface of a mask by marching cubes (IBSI 3.1). A mesh vertex lies half-way between a voxel inside and one
 * outside. The image border counts as outside.
 * @param mask at least one voxel is set. @param spacing in mm
 */
export function meshFigures(mask: Uint8Array, dimensions: Triple, spacing: Triple): MeshFigures {
  const [nx, ny, nz] = dimensions
  const [hx, hy, hz] = [spacing[0] / 2, spacing[1] / 2, spacing[2] / 2]
  const rows = new RowExtremes(2 * ny + 1, 2 * nz + 1)
  let [volume, area] = [0, 0]
  for (let z = -1; z < nz; z++) {
    for (let y = -1; y < ny; y++) {
      for (let x = -1, inside = 0; x < nx; x++) {
        inside = ((inside & 0xaa) >> 1) | cornersAt(mask, dimensions, x + 1, y, z)
        const triangles = CUBE_TRIANGLES[inside]
        if (triangles === undefined) continue
        for (let t = 0; t < triangles.length; t += 9) {
          const a = corner(triangles, t, x, y, z)
          const b = corner(triangles, t + 3, x, y, z)
          const c = corner(triangles, t + 6, x, y, z)
          for (const p of [a, b, c]) rows.add(p)
          const [ax, ay, az] = [a[0] * hx, a[1] * hy, a[2] * hz]
          const [ux, uy, uz] = [b[0] * hx - ax, b[1] * hy - ay, b[2] * hz - az]
          const [vx, vy, vz] = [c[0] * hx - ax, c[1] * hy - ay, c[2] * hz - az]
          const [px, py, pz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]
          area += Math.hypot(px, py, pz) / 2
          volume += (ax * px + ay * py + az * pz) / 6
        }
      }
    }
  }
  return { volume, area, candidates: rows.candidates() }
}

/** The bits of the four corners at column x of the cube row (y, z): 2, 8, 32, 128. */
function cornersAt(mask: Uint8Array, [nx, ny, nz]: Triple, x: number, y: number, z: number): number {
  if (x >= nx) return 0
  const at = (row: number, slice: number) =>
    row < 0 || row >= ny || slice < 0 || slice >= nz || mask[(slice * ny + row) * nx + x] === 0 ? 0 : 1
  return (at(y, z) << 1) | (at(y + 1, z) << 3) | (at(y, z + 1) << 5) | (at(y + 1, z + 1) << 7)
}

/** Half voxels, with voxel centres at even figures; the lowest vertex of the grid is at -1. */
function corner(triangles: Int8Array, at: number, x: number, y: number, z: number): Triple {
  return [2 * x + (triangles[at] ?? 0), 2 * y + (triangles[at + 1] ?? 0), 2 * z + (triangles[at + 2] ?? 0)]
}

/** Keeps the outermost points of each line along x, and at the end of those the outermost of each line along y. */
class RowExtremes {
  readonly #rows: number
  readonly #low: Int32Array
  readonly #high: Int32Array

  constructor(rows: number, slices: number) {
    this.#rows = rows
    this.#low = new Int32Array(rows * slices).fill(0x7fffffff)
    this.#high = new Int32Array(rows * slices).fill(-0x7fffffff)
  }

  add([x, y, z]: Triple): void {
    const row = (z + 1) * this.#rows + y + 1
    if (x < (this.#low[row] ?? 0)) this.#low[row] = x
    if (x > (this.#high[row] ?? 0)) this.#high[row] = x
  }

  candidates(): Int32Array {
    const lines = new Map<number, { low: Triple; high: Triple }>()
    const offer = (point: Triple) => {
      const key = point[2] * 0x100000 + point[0]
      const line = lines.get(key)
      if (line === undefined) lines.set(key, { low: point, high: point })
      else line.high = point
    }
    for (let row = 0; row < this.#low.length; row++) {
      const [low, high] = [this.#low[row] ?? 0, this.#high[row] ?? 0]
      if (low > high) continue
      const [y, z] = [(row % this.#rows) - 1, Math.floor(row / this.#rows) - 1]
      offer([low, y, z])
      if (high !== low) offer([high, y, z])
    }
    const points = [...lines.values()].flatMap(({ low, high }) => (low === high ? [low] : [low, high]))
    return Int32Array.from(points.flat())
  }
}
