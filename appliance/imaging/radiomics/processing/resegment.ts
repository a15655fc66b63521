import { RadiomicsError } from '../errors.ts'
import type { CompleteSettings } from '../settings.ts'
import type { Region } from './resample.ts'

/**
 * The intensity mask (IBSI 2.5, ECJF): the voxels of the morphological mask whose intensity is within the range and not an
 * outlier. Both bounds are taken from the mask as it was drawn; the intersection of the two stays (IF9H).
 * @throws {RadiomicsError} values-invalid when an intensity in the mask is not finite, intensity-mask-empty
 */
export function intensityMask(
  region: Region,
  settings: Pick<CompleteSettings, 'resegmentationRange' | 'outlierSigma'>,
): Uint8Array {
  const [rangeLow, rangeHigh] = settings.resegmentationRange ?? [null, null]
  const outliers = outlierBounds(region, settings.outlierSigma)
  const low = Math.max(rangeLow ?? -Infinity, outliers.low)
  const high = Math.min(rangeHigh ?? Infinity, outliers.high)
  const mask = new Uint8Array(region.mask.length)
  let kept = 0
  for (let i = 0; i < mask.length; i++) {
    if (region.mask[i] === 0) continue
    const value = region.values[i] ?? Number.NaN
    if (!Number.isFinite(value))
      throw new RadiomicsError('values-invalid', 'An intensity within the mask is not a finite number.')
    if (value < low || value > high) continue
    mask[i] = 1
    kept += 1
  }
  if (kept === 0)
    throw new RadiomicsError('intensity-mask-empty', 'No voxel of the mask is left after re-segmentation.')
  return mask
}

/** The intensities of a mask, in grid order. */
export function intensitiesOf(values: Float64Array, mask: Uint8Array): Float64Array {
  let count = 0
  for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) count += 1
  const chosen = new Float64Array(count)
  for (let i = 0, to = 0; i < mask.length; i++) if (mask[i] !== 0) chosen[to++] = values[i] ?? 0
  return chosen
}

/** IBSI 2.5, 7ACA: mean plus and minus so many population standard deviations of the drawn region. */
function outlierBounds(region: Region, sigma: number | null): { low: number; high: number } {
  if (sigma === null) return { low: -Infinity, high: Infinity }
  const values = intensitiesOf(region.values, region.mask)
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  const reach = sigma * Math.sqrt(squares / values.length)
  return { low: mean - reach, high: mean + reach }
}
