import type { FeatureValues } from '../intensity/statistics.ts'
import type { Region } from '../processing/resample.ts'
import type { Triple } from '../volume.ts'
import { type ComplexGrid, fourier3d, powerOfTwo } from './fourier.ts'

/** Up to this many voxels all pairs are visited; above, the sums come from Fourier transforms. */
const PAIRWISE_LIMIT = 2000

/** The largest transform, in cells: 2^25 cells need 1 GiB. */
const LARGEST_TRANSFORM = 1 << 25

/** Sums over all ordered pairs of different voxels, weighted by the inverse of their distance. */
export interface PairSums {
  readonly weights: number
  /** of z_i z_j, with z the deviation from the mean */
  readonly products: number
  /** of (z_i - z_j) squared */
  readonly squaredGaps: number
}

/**
 * Moran's I (N365) and Geary's C (NPT7) of the intensity mask, with inverse distance weights (IBSI 3.1.28, 3.1.29).
 * Both are `null` for a single voxel, for a constant region, and where the box of the region is too large to transform.
 */
export function spatialAutocorrelation(region: Region, mask: Uint8Array): FeatureValues {
  const { deviations, count, squares } = deviationsOf(region.values, mask)
  const sums = count <= PAIRWISE_LIMIT ? pairwiseSums(region, mask, deviations) : fourierSums(region, mask, deviations)
  if (sums === undefined || sums.weights === 0 || squares === 0) return { moran_i: null, geary_c: null }
  return {
    moran_i: ((count / sums.weights) * sums.products) / squares,
    geary_c: (((count - 1) / (2 * sums.weights)) * sums.squaredGaps) / squares,
  }
}

function deviationsOf(values: Float64Array, mask: Uint8Array) {
  let [count, sum, low, high] = [0, 0, Infinity, -Infinity]
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue
    const value = values[i] ?? 0
    count += 1
    sum += value
    if (value < low) low = value
    if (value > high) high = value
  }
  const deviations = new Float64Array(mask.length)
  let squares = 0
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0 || low === high) continue
    const deviation = (values[i] ?? 0) - sum / count
    deviations[i] = deviation
    squares += deviation * deviation
  }
  return { deviations, count, squares }
}

/** Visits every pair once. */
export function pairwiseSums(region: Region, mask: Uint8Array, deviations: Float64Array): PairSums {
  const [nx, ny] = region.dimensions
  const [sx, sy, sz] = region.spacing
  const voxels: { at: Triple; z: number }[] = []
  mask.forEach((inside, i) => {
    if (inside === 0) return
    const at: Triple = [(i % nx) * sx, (Math.floor(i / nx) % ny) * sy, Math.floor(i / (nx * ny)) * sz]
    voxels.push({ at, z: deviations[i] ?? 0 })
  })
  let [weights, products, squaredGaps] = [0, 0, 0]
  voxels.forEach((a, index) => {
    for (let k = index + 1; k < voxels.length; k++) {
      const b = voxels[k] ?? a
      const weight = 2 / Math.hypot(a.at[0] - b.at[0], a.at[1] - b.at[1], a.at[2] - b.at[2])
      weights += weight
      products += weight * a.z * b.z
      squaredGaps += weight * (a.z - b.z) ** 2
    }
  })
  return { weights, products, squaredGaps }
}

/**
 * The same sums as correlations with the inverse distance kernel, taken in the frequency domain (Parseval), on a grid of at
 * least twice the box so that nothing wraps around. Two real signals share each transform: mask and deviations in the first,
 * squared deviations and the kernel, whose spectrum is real, in the second.
 * @returns `undefined` when the grid would be too large.
 */
export function fourierSums(region: Region, mask: Uint8Array, deviations: Float64Array): PairSums | undefined {
  const sides = region.dimensions.map((n) => (n === 1 ? 1 : powerOfTwo(2 * n - 1)))
  const [wx = 1, wy = 1, wz = 1] = sides
  const cells = wx * wy * wz
  if (cells > LARGEST_TRANSFORM) return undefined
  const first = emptyGrid([wx, wy, wz])
  const second = emptyGrid([wx, wy, wz])
  const [nx, ny, nz] = region.dimensions
  for (let z = 0, from = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, from++) {
        const to = (z * wy + y) * wx + x
        const deviation = deviations[from] ?? 0
        first.re[to] = mask[from] === 0 ? 0 : 1
        first.im[to] = deviation
        second.re[to] = deviation * deviation
      }
    }
  }
  fillKernel(second.im, [wx, wy, wz], region.spacing)
  fourier3d(first, region.dimensions)
  fourier3d(second, second.sides)
  return spectralSums(first, second)
}

function emptyGrid(sides: Triple): ComplexGrid {
  const cells = sides[0] * sides[1] * sides[2]
  return { sides, re: new Float64Array(cells), im: new Float64Array(cells) }
}

/** The inverse distance in mm for each shift, negative ones wrapped around; no weight for no shift. */
function fillKernel(kernel: Float64Array, [wx, wy, wz]: Triple, [sx, sy, sz]: Triple): void {
  for (let z = 0, i = 0; z < wz; z++) {
    const dz = Math.min(z, wz - z) * sz
    for (let y = 0; y < wy; y++) {
      const dy = Math.min(y, wy - y) * sy
      for (let x = 0; x < wx; x++, i++) {
        const dx = Math.min(x, wx - x) * sx
        const square = dx * dx + dy * dy + dz * dz
        kernel[i] = square === 0 ? 0 : 1 / Math.sqrt(square)
      }
    }
  }
}

/** Unpacks A = M + iZ and B = Q + iK by the symmetry of spectra of real signals, and sums K |M|2, K |Z|2, K Re(Q M*). */
function spectralSums({ sides: [wx, wy, wz], re: ar, im: ai }: ComplexGrid, { re: br, im: bi }: ComplexGrid): PairSums {
  let [weights, products, crossed] = [0, 0, 0]
  for (let z = 0, i = 0; z < wz; z++) {
    const slice = ((wz - z) % wz) * wy
    for (let y = 0; y < wy; y++) {
      const row = (slice + ((wy - y) % wy)) * wx
      for (let x = 0; x < wx; x++, i++) {
        const j = row + ((wx - x) % wx)
        const kernel = ((bi[i] ?? 0) + (bi[j] ?? 0)) / 2
        const mRe = ((ar[i] ?? 0) + (ar[j] ?? 0)) / 2
        const mIm = ((ai[i] ?? 0) - (ai[j] ?? 0)) / 2
        const zRe = ((ai[i] ?? 0) + (ai[j] ?? 0)) / 2
        const zIm = ((ar[j] ?? 0) - (ar[i] ?? 0)) / 2
        const qRe = ((br[i] ?? 0) + (br[j] ?? 0)) / 2
        const qIm = ((bi[i] ?? 0) - (bi[j] ?? 0)) / 2
        weights += kernel * (mRe * mRe + mIm * mIm)
        products += kernel * (zRe * zRe + zIm * zIm)
        crossed += kernel * (qRe * mRe + qIm * mIm)
      }
    }
  }
  const cells = wx * wy * wz
  return { weights: weights / cells, products: products / cells, squaredGaps: (2 * (crossed - products)) / cells }
}
