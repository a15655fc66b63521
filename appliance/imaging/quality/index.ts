import type { DecodedImage, PixelArray } from '../decode/index.ts'
import type { InstanceFacts } from '../facts.ts'
import { percentiles } from '../preprocess/index.ts'
import { distributionFigures } from './histogram.ts'
import { sharpnessAndNoise } from './sharpness-noise.ts'

/** Quality figures by vocabulary code. */
export type QualityFigures = Readonly<Record<string, number>>

/** Percentiles of the window on whose span the figures are scaled; the same as of the first model's preprocessing. */
const WINDOW = [0.5, 99.5] as const

/**
 * Figures of one grey frame as it was stored, and of its exposure where the detector reports it (IEC 62494-1).
 * All are dimensionless but `quality.entropy` (bits), `quality.exposure-index` and `quality.deviation-index`.
 */
export function imageQuality(image: DecodedImage, stored: PixelArray, facts: InstanceFacts): QualityFigures {
  const [low = 0, high = 0] = percentiles(new Float64Array(stored), WINDOW)
  const distribution = distributionFigures(stored, image.bitsStored, image.signed, { low, high })
  const { sharpness, noise } = sharpnessAndNoise(stored, image.rows, image.columns, high - low)
  return rounded({
    'quality.clipped-low': distribution.clippedLow,
    'quality.clipped-high': distribution.clippedHigh,
    'quality.range-use': distribution.rangeUse,
    'quality.entropy': distribution.entropy,
    'quality.sharpness': sharpness,
    'quality.noise': noise,
    ...(facts.exposureIndex === undefined ? {} : { 'quality.exposure-index': facts.exposureIndex }),
    ...(facts.deviationIndex === undefined ? {} : { 'quality.deviation-index': facts.deviationIndex }),
  })
}

/**
 * Mean and contrast (standard deviation) of the windowed, resized grey plane that a model sees; its reference
 * distributions count the same two.
 */
export function greyQuality(grey: Float64Array): QualityFigures {
  let sum = 0
  for (const value of grey) sum += value
  const mean = sum / grey.length
  let squares = 0
  for (const value of grey) squares += (value - mean) ** 2
  return rounded({ 'quality.mean': mean, 'quality.contrast': Math.sqrt(squares / grey.length) })
}

/** Six decimals: more would say nothing of the image and could single one out. Figures beyond 1e9 are left out. */
function rounded(figures: Record<string, number>): QualityFigures {
  const kept = Object.entries(figures).filter(([, value]) => Number.isFinite(value) && Math.abs(value) <= 1e9)
  return Object.fromEntries(kept.map(([code, value]) => [code, Math.round(value * 1e6) / 1e6]))
}
