import type { Region } from '../processing/resample.ts'
import type { FeatureValues } from './statistics.ts'

/** Radius in mm of the sphere of 1 cm3 in which a peak is averaged (IBSI 3.2). */
export const PEAK_RADIUS = 10 * Math.cbrt(3 / (4 * Math.PI))

/** One row of the sphere: its offset from the centre in rows and slices, and its half length in columns. */
interface SphereRow {
  readonly dy: number
  readonly dz: number
  readonly half: number
}

/**
 * Local intensity features (IBSI 3.2, 9ST6). The mean is of all voxels of the image within the sphere, in the mask or not,
 * so the region must reach PEAK_RADIUS beyond the mask where the image does.
 * @param mask the intensity mask: only its voxels are centres.
 */
export function localIntensityFeatures(region: Region, mask: Uint8Array): FeatureValues {
  const [nx, ny, nz] = region.dimensions
  const rows = sphereRows(region)
  const sums = rowSums(region)
  const line = { sums: new Float64Array(nx), counts: new Float64Array(nx) }
  let [highest, local, global] = [-Infinity, -Infinity, -Infinity]
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const start = (z * ny + y) * nx
      if (!mask.subarray(start, start + nx).some((inside) => inside !== 0)) continue
      sphereSums(region, sums, rows, y, z, line)
      for (let x = 0; x < nx; x++) {
        if (mask[start + x] === 0) continue
        const mean = (line.sums[x] ?? 0) / (line.counts[x] ?? 1)
        if (mean > global) global = mean
        // VJGA: of several voxels with the highest intensity, the one with the highest mean counts
        const value = region.values[start + x] ?? 0
        if (value > highest) [highest, local] = [value, mean]
        else if (value === highest && mean > local) local = mean
      }
    }
  }
  return { peak_loc: local, peak_glob: global }
}

function sphereRows(region: Region): SphereRow[] {
  const [sx, sy, sz] = region.spacing
  const rows: SphereRow[] = []
  const [reachY, reachZ] = [Math.floor(PEAK_RADIUS / sy), Math.floor(PEAK_RADIUS / sz)]
  for (let dz = -reachZ; dz <= reachZ; dz++) {
    for (let dy = -reachY; dy <= reachY; dy++) {
      const rest = PEAK_RADIUS ** 2 - (dy * sy) ** 2 - (dz * sz) ** 2
      if (rest >= 0) rows.push({ dy, dz, half: Math.floor(Math.sqrt(rest) / sx) })
    }
  }
  return rows
}

/** For each row of the grid, the sums of its first 0, 1, ... nx values. */
function rowSums(region: Region): Float64Array {
  const [nx, ny, nz] = region.dimensions
  const sums = new Float64Array((nx + 1) * ny * nz)
  for (let row = 0; row < ny * nz; row++) {
    let sum = 0
    for (let x = 0; x < nx; x++) {
      sum += region.values[row * nx + x] ?? 0
      sums[row * (nx + 1) + x + 1] = sum
    }
  }
  return sums
}

/** Sum and number of the voxels in the sphere around each voxel of one row. */
function sphereSums(
  region: Region,
  sums: Float64Array,
  rows: readonly SphereRow[],
  y: number,
  z: number,
  into: { readonly sums: Float64Array; readonly counts: Float64Array },
): void {
  const [nx, ny, nz] = region.dimensions
  into.sums.fill(0)
  into.counts.fill(0)
  for (const { dy, dz, half } of rows) {
    if (y + dy < 0 || y + dy >= ny || z + dz < 0 || z + dz >= nz) continue
    const start = ((z + dz) * ny + y + dy) * (nx + 1)
    for (let x = 0; x < nx; x++) {
      const low = Math.max(x - half, 0)
      const high = Math.min(x + half + 1, nx)
      into.sums[x] = (into.sums[x] ?? 0) + (sums[start + high] ?? 0) - (sums[start + low] ?? 0)
      into.counts[x] = (into.counts[x] ?? 0) + high - low
    }
  }
}
