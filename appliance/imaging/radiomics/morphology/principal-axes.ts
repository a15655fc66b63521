import type { Region } from '../processing/resample.ts'
import type { Triple } from '../volume.ts'

/** A symmetric 3 x 3 matrix: xx, yy, zz, xy, xz, yz. */
type Symmetric = readonly [number, number, number, number, number, number]

/** Centre and spread of the voxels of a mask, in mm. */
export interface Spread {
  readonly centre: Triple
  /** Variances along the principal axes, largest first. */
  readonly variances: Triple
}

/** The geometric centre of a mask's voxel centres and the eigenvalues of their covariance (IBSI 3.1),
 * with divisor n - 1 as the reference values need it; a single voxel has no spread. */
export function spreadOf(region: Region, mask: Uint8Array): Spread {
  const [nx, ny, nz] = region.dimensions
  const [sx, sy, sz] = region.spacing
  let [n, x1, y1, z1, xx, yy, zz, xy, xz, yz] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  // about the middle of the box, so that the squares stay small against the variances
  const [mx, my, mz] = [(nx - 1) / 2, (ny - 1) / 2, (nz - 1) / 2]
  for (let k = 0, i = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let c = 0; c < nx; c++, i++) {
        if (mask[i] === 0) continue
        const [x, y, z] = [(c - mx) * sx, (j - my) * sy, (k - mz) * sz]
        n += 1
        x1 += x
        y1 += y
        z1 += z
        xx += x * x
        yy += y * y
        zz += z * z
        xy += x * y
        xz += x * z
        yz += y * z
      }
    }
  }
  const [ax, ay, az] = [x1 / n, y1 / n, z1 / n]
  const divisor = Math.max(n - 1, 1)
  const covariance: Symmetric = [
    (xx - n * ax * ax) / divisor,
    (yy - n * ay * ay) / divisor,
    (zz - n * az * az) / divisor,
    (xy - n * ax * ay) / divisor,
    (xz - n * ax * az) / divisor,
    (yz - n * ay * az) / divisor,
  ]
  return { centre: [ax + mx * sx, ay + my * sy, az + mz * sz], variances: eigenvalues(covariance) }
}

/** The eigenvalues of a symmetric positive matrix by cyclic Jacobi rotations, largest first, never below 0. */
export function eigenvalues([xx, yy, zz, xy, xz, yz]: Symmetric): Triple {
  const m = [
    [xx, xy, xz],
    [xy, yy, yz],
    [xz, yz, zz],
  ]
  const get = (i: number, j: number) => m[i]?.[j] ?? 0
  const set = (i: number, j: number, value: number) => {
    const [row, column] = [m[i], m[j]]
    if (row !== undefined) row[j] = value
    if (column !== undefined) column[i] = value
  }
  const scale = Math.abs(xx) + Math.abs(yy) + Math.abs(zz)
  for (let sweep = 0; sweep < 50; sweep++) {
    if (Math.abs(get(0, 1)) + Math.abs(get(0, 2)) + Math.abs(get(1, 2)) <= 1e-15 * scale) break
    for (const [p, q, r] of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 2, 0],
    ] as const) {
      const off = get(p, q)
      if (off === 0) continue
      const theta = (get(q, q) - get(p, p)) / (2 * off)
      const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
      const c = 1 / Math.sqrt(t * t + 1)
      const s = t * c
      const [rp, rq] = [get(r, p), get(r, q)]
      set(p, p, get(p, p) - t * off)
      set(q, q, get(q, q) + t * off)
      set(p, q, 0)
      set(r, p, c * rp - s * rq)
      set(r, q, s * rp + c * rq)
    }
  }
  const [a = 0, b = 0, c = 0] = [get(0, 0), get(1, 1), get(2, 2)].map((v) => Math.max(v, 0)).sort((u, v) => v - u)
  return [a, b, c]
}
