import { RadiomicsError } from '../errors.ts'
import type { Discretisation } from '../settings.ts'
import type { FeatureValues } from './statistics.ts'

/** More steps than this say that the discretisation does not fit the image. */
const MOST_STEPS = 1 << 20

/** The discretised intensity axis: `count` steps of `step` from `first` on. */
interface Axis {
  readonly first: number
  readonly step: number
  readonly count: number
  readonly index: (intensity: number) => number
}

/**
 * Intensity-volume histogram features (IBSI 3.5, P88C). `none` is for discrete calibrated intensities (step 1), fixed bin
 * size for continuous calibrated ones (bin centres), fixed bin number for arbitrary units (bin numbers).
 * @param bounds the re-segmentation range, which sets the total range of calibrated intensities where it is closed.
 * @throws {RadiomicsError} levels-invalid for `none` with intensities that are no integers; too-large
 */
export function volumeHistogramFeatures(
  intensities: Float64Array,
  discretisation: Discretisation,
  bounds: readonly [number | null, number | null] | null,
): FeatureValues {
  const axis = intensityAxis(intensities, discretisation, bounds)
  const volume = volumeFractions(intensities, axis)
  const at = (fraction: number) => volumeAtIntensity(volume, fraction)
  const of = (fraction: number) => intensityAtVolume(volume, axis, fraction)
  return {
    v10: at(0.1),
    v90: at(0.9),
    i10: of(0.1),
    i90: of(0.9),
    diff_v10_v90: at(0.1) - at(0.9),
    diff_i10_i90: of(0.1) - of(0.9),
    auc: areaUnderCurve(volume),
  }
}

function intensityAxis(
  intensities: Float64Array,
  discretisation: Discretisation,
  bounds: readonly [number | null, number | null] | null,
): Axis {
  let [lowest, highest] = [Infinity, -Infinity]
  for (const value of intensities) {
    if (value < lowest) lowest = value
    if (value > highest) highest = value
  }
  const [low, high] = [bounds?.[0] ?? lowest, bounds?.[1] ?? highest]
  const clamped = (index: number, count: number) => Math.min(Math.max(index, 0), count - 1)
  switch (discretisation.kind) {
    case 'none': {
      if (!intensities.every((value) => Number.isInteger(value - low)))
        throw new RadiomicsError(
          'levels-invalid',
          'An intensity-volume histogram without bins needs integer intensities.',
        )
      const count = checkedCount(Math.floor(high - low) + 1)
      return { first: low, step: 1, count, index: (value) => clamped(value - low, count) }
    }
    case 'FBS': {
      const { width } = discretisation
      const origin = discretisation.origin ?? low
      const count = checkedCount(Math.max(1, Math.ceil((high - origin) / width)))
      const index = (value: number) => clamped(Math.floor((value - origin) / width), count)
      return { first: origin + width / 2, step: width, count, index }
    }
    case 'FBN': {
      const { bins } = discretisation
      const span = highest - lowest
      const index = (value: number) =>
        value < highest ? clamped(Math.floor((bins * (value - lowest)) / span), bins) : bins - 1
      return { first: 1, step: 1, count: bins, index }
    }
  }
}

function checkedCount(count: number): number {
  if (count > MOST_STEPS) throw new RadiomicsError('too-large', 'The intensity-volume histogram has too many steps.')
  return count
}

/** For each step the fraction of voxels with at least its intensity. */
function volumeFractions(intensities: Float64Array, axis: Axis): Float64Array {
  const counts = new Float64Array(axis.count)
  for (const value of intensities) {
    const index = axis.index(value)
    counts[index] = (counts[index] ?? 0) + 1
  }
  let above = 0
  for (let i = axis.count - 1; i >= 0; i--) {
    above += counts[i] ?? 0
    counts[i] = above / intensities.length
  }
  return counts
}

/** BC2M: the largest volume fraction with an intensity fraction of at least `fraction`. */
function volumeAtIntensity(volume: Float64Array, fraction: number): number {
  return volume[Math.ceil(fraction * (volume.length - 1) - 1e-12)] ?? 0
}

/** GBPN: the lowest intensity present in at most `fraction` of the volume; one step above the range where none is. */
function intensityAtVolume(volume: Float64Array, axis: Axis, fraction: number): number {
  const index = volume.findIndex((part) => part <= fraction)
  return axis.first + axis.step * (index < 0 ? axis.count : index)
}

/** 9CMM: trapezoidal, over the intensity fraction; 0 for a single intensity. */
function areaUnderCurve(volume: Float64Array): number {
  let area = 0
  for (let i = 1; i < volume.length; i++) area += ((volume[i - 1] ?? 0) + (volume[i] ?? 0)) / 2
  return volume.length === 1 ? 0 : area / (volume.length - 1)
}
