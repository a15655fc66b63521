import { type FeatureValues, quotient } from '../intensity/statistics.ts'
import type { Region } from '../processing/resample.ts'
import type { Triple } from '../volume.ts'
import { spatialAutocorrelation } from './autocorrelation.ts'
import { ellipsoidArea, ellipsoidVolume } from './ellipsoid.ts'
import { hullFigures } from './hull-figures.ts'
import { meshFigures } from './mesh.ts'
import { spreadOf } from './principal-axes.ts'

/**
 * Morphological features (IBSI 3.1, HCUG) in three dimensions. A single slice is a body of one voxel's thickness.
 * The oriented minimum bounding box and the minimum volume enclosing ellipsoid (ZH1A, IQYR, SWZ1, BRI8) are left out: IBSI
 * has no reference values for them and says that they should not be used.
 * @param region cropped to its morphological mask. @param intensityMask the re-segmented mask, never empty
 */
export function morphologyFeatures(region: Region, intensityMask: Uint8Array): FeatureValues {
  const mesh = meshFigures(region.mask, region.dimensions, region.spacing)
  const hull = hullFigures(mesh.candidates, region.spacing)
  const { centre, variances } = spreadOf(region, region.mask)
  const weighted = intensityMoments(region, intensityMask)
  const { volume, area } = mesh
  const [boxX, boxY, boxZ] = hull.box
  return {
    volume,
    vol_approx: voxelCount(region.mask) * region.spacing[0] * region.spacing[1] * region.spacing[2],
    area_mesh: area,
    ...compactness(volume, area),
    com: weighted.centre === null ? null : distance(centre, weighted.centre),
    diam: hull.diameter,
    ...axisFeatures(variances, volume, area),
    vol_dens_aabb: volume / (boxX * boxY * boxZ),
    area_dens_aabb: area / (2 * (boxX * boxY + boxX * boxZ + boxY * boxZ)),
    vol_dens_conv_hull: volume / hull.volume,
    area_dens_conv_hull: area / hull.area,
    integ_int: weighted.mean * volume,
    ...spatialAutocorrelation(region, intensityMask),
  }
}

/** 3.1.4 to 3.1.9: seven ways to say how far a body is from a sphere of its volume. */
function compactness(volume: number, area: number): FeatureValues {
  const ratio = (36 * Math.PI * volume * volume) / area ** 3
  return {
    av: area / volume,
    comp_1: volume / (Math.sqrt(Math.PI) * area ** 1.5),
    comp_2: ratio,
    sph_dispr: 1 / Math.cbrt(ratio),
    sphericity: Math.cbrt(ratio),
    asphericity: 1 / Math.cbrt(ratio) - 1,
  }
}

/** 3.1.12 to 3.1.16 and 3.1.21, 3.1.22: the ellipsoid that has the spread of the voxels. A flat body has none. */
function axisFeatures([major, minor, least]: Triple, volume: number, area: number): FeatureValues {
  const [a, b, c] = [2 * Math.sqrt(major), 2 * Math.sqrt(minor), 2 * Math.sqrt(least)]
  return {
    pca_maj_axis: 2 * a,
    pca_min_axis: 2 * b,
    pca_least_axis: 2 * c,
    pca_elongation: quotient(b, a),
    pca_flatness: quotient(c, a),
    vol_dens_aee: quotient(volume, ellipsoidVolume([a, b, c])),
    area_dens_aee: a === 0 ? null : quotient(area, ellipsoidArea([a, b, c])),
  }
}

function voxelCount(mask: Uint8Array): number {
  let count = 0
  for (const inside of mask) if (inside !== 0) count += 1
  return count
}

/** The mean intensity and the intensity-weighted centre in mm; `null` where the intensities sum to 0. */
function intensityMoments(region: Region, mask: Uint8Array): { mean: number; centre: Triple | null } {
  const [nx, ny, nz] = region.dimensions
  const [sx, sy, sz] = region.spacing
  let [count, sum, x1, y1, z1] = [0, 0, 0, 0, 0]
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        if (mask[i] === 0) continue
        const value = region.values[i] ?? 0
        count += 1
        sum += value
        x1 += value * x
        y1 += value * y
        z1 += value * z
      }
    }
  }
  return { mean: sum / count, centre: sum === 0 ? null : [(x1 * sx) / sum, (y1 * sy) / sum, (z1 * sz) / sum] }
}

function distance(a: Triple, b: Triple): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}
