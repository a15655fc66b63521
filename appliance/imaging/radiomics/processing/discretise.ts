import { RadiomicsError } from '../errors.ts'
import type { Discretisation } from '../settings.ts'

/** Levels above this would make co-occurrence matrices of more than 16 million cells. */
const LARGEST_LEVEL = 4096

/** Discretised intensities: 0 outside the intensity mask, 1..levelCount within. */
export interface Levels {
  readonly levels: Uint16Array
  readonly levelCount: number
  /** Lower edge of bin 1 and bin width, in image intensity; width 0 where all intensities are equal. */
  readonly origin: number
  readonly width: number
}

/**
 * Discretises the voxels of the intensity mask (IBSI 2.7, 4R0B). With fixed bin number, N_g is the number of bins; else it
 * is the highest level present. A constant region has level N_g with fixed bin number, as the formula of K15C says.
 * @param lowerBound the lower re-segmentation bound, the origin of fixed bin size where the settings give none.
 * @throws {RadiomicsError} levels-invalid when intensities are no positive integers (`none`) or lie below bin 1; too-large
 */
export function discretise(
  values: Float64Array,
  mask: Uint8Array,
  discretisation: Discretisation,
  lowerBound: number | null,
): Levels {
  const { lowest, highest } = range(values, mask)
  switch (discretisation.kind) {
    case 'none':
      return assign(values, mask, (value) => value, { origin: 0.5, width: 1 })
    case 'FBN': {
      const { bins } = discretisation
      const span = highest - lowest
      // the quotient of a value just below the highest can round up to the number of bins
      const level = (value: number) =>
        value < highest ? Math.min(Math.floor((bins * (value - lowest)) / span) + 1, bins) : bins
      return { ...assign(values, mask, level, { origin: lowest, width: span / bins }), levelCount: bins }
    }
    case 'FBS': {
      const { width } = discretisation
      const origin = discretisation.origin ?? lowerBound ?? lowest
      return assign(values, mask, (value) => Math.floor((value - origin) / width) + 1, { origin, width })
    }
  }
}

function range(values: Float64Array, mask: Uint8Array): { lowest: number; highest: number } {
  let lowest = Infinity
  let highest = -Infinity
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue
    const value = values[i] ?? 0
    if (value < lowest) lowest = value
    if (value > highest) highest = value
  }
  return { lowest, highest }
}

function assign(
  values: Float64Array,
  mask: Uint8Array,
  level: (value: number) => number,
  bins: { origin: number; width: number },
): Levels {
  const levels = new Uint16Array(mask.length)
  let levelCount = 0
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue
    const assigned = level(values[i] ?? 0)
    if (!Number.isInteger(assigned) || assigned < 1)
      throw new RadiomicsError('levels-invalid', 'Grey levels are integers from 1; discretise this image differently.')
    if (assigned > LARGEST_LEVEL)
      throw new RadiomicsError('too-large', `The discretisation gives more than ${LARGEST_LEVEL} grey levels.`)
    levels[i] = assigned
    if (assigned > levelCount) levelCount = assigned
  }
  return { levels, levelCount, ...bins }
}
