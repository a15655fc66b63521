import type { DecodedImage, PixelArray } from '../decode/index.ts'
import type { InstanceFacts } from '../facts.ts'
import { countValues, percentiles, percentilesOfCounts, type ValueCounts } from '../preprocess/index.ts'
import { bordersOf, collimatedShare } from './collimation.ts'
import { exposureFigures } from './exposure.ts'
import { countedFigures, distributionFigures } from './histogram.ts'
import { inversionLikelihood } from './inversion.ts'
import { type PixelPrint, pixelPrint } from './pixel-print.ts'
import { sharpnessAndNoise } from './sharpness-noise.ts'
import { letterLikeBlobs } from './side-marker.ts'
import { type Thumbnail, thumbnailOf } from './thumbnail.ts'

export { differingBits, type PixelPrint } from './pixel-print.ts'
export { viewDisagrees } from './view-agreement.ts'

/** Quality figures by vocabulary code. */
export type QualityFigures = Readonly<Record<string, number>>

/** The median, and the percentiles of the window on whose span the figures are scaled; the same as of the first model. */
const WINDOW = [0.5, 50, 99.5] as const

/** Projection radiographs: only these have markers, collimators and a look that is compared. */
const RADIOGRAPHY: readonly string[] = ['CR', 'DX']
/** Terms of View Position (0018,5101) of a chest that is not frontal. */
const LATERAL: readonly string[] = ['LL', 'RL', 'LATERAL', 'LAT']

/** What is measured of one frame, and what tells its object from others. */
export interface ImageMeasurement {
  readonly quality: QualityFigures
  readonly print: PixelPrint
}

/**
 * Figures of one grey frame as it was stored, and of its exposure where the detector reports it (IEC 62494-1), with the
 * print of the whole object. docs/quality.md says what each figure is and how far it can be trusted.
 */
export function imageQuality(
  image: DecodedImage,
  stored: PixelArray,
  facts: InstanceFacts,
  counted: ValueCounts | undefined = countValues(stored),
): ImageMeasurement {
  const [low = 0, median = 0, high = 0] =
    counted === undefined
      ? percentiles(new Float64Array(stored), WINDOW)
      : percentilesOfCounts(counted, ownValues(counted), WINDOW)
  const distribution =
    counted === undefined
      ? distributionFigures(stored, image.bitsStored, image.signed, { low, high })
      : countedFigures(counted, image.bitsStored, image.signed, { low, high })
  const { sharpness, noise } = sharpnessAndNoise(stored, image.rows, image.columns, high - low)
  const isRadiograph = RADIOGRAPHY.includes(facts.modality)
  const thumbnail = isRadiograph ? thumbnailOf(stored, image, { low, high }) : undefined
  const least = image.signed ? -(2 ** (image.bitsStored - 1)) : 0
  const quality = rounded({
    'quality.rows': image.rows,
    'quality.columns': image.columns,
    'quality.frames': image.frames,
    'quality.bits-stored': image.bitsStored,
    'quality.clipped-low': distribution.clippedLow,
    'quality.clipped-high': distribution.clippedHigh,
    'quality.range-use': distribution.rangeUse,
    'quality.entropy': distribution.entropy,
    'quality.sharpness': sharpness,
    'quality.noise': noise,
    // The window over the noise, as an amplitude ratio in decibels; without noise there is nothing to compare with.
    ...(noise > 0 ? { 'quality.dynamic-range': -20 * Math.log10(noise) } : {}),
    ...exposureFigures(facts),
    ...(isRadiograph ? { 'quality.relative-exposure': (median - least) / (2 ** image.bitsStored - 1) } : {}),
    ...(thumbnail === undefined ? {} : contentFigures(thumbnail, facts)),
  })
  return { quality, print: pixelPrint(image, thumbnail) }
}

/** Judgements about what a radiograph shows. */
function contentFigures(thumbnail: Thumbnail, facts: InstanceFacts): Record<string, number> {
  const isFrontalChest = facts.bodyPart === 'CHEST' && !LATERAL.includes(facts.view)
  return {
    'quality.collimated-share': collimatedShare(thumbnail, bordersOf(thumbnail)),
    'quality.side-marker': letterLikeBlobs(thumbnail).length > 0 ? 1 : 0,
    ...(isFrontalChest ? { 'quality.inversion': inversionLikelihood(thumbnail) } : {}),
  }
}

/**
 * Mean and contrast (standard deviation) of the windowed, resized grey plane that a model sees; its reference
 * distributions count the same two.
 */
export function greyQuality(grey: Float64Array): QualityFigures {
  let sum = 0
  for (let i = 0; i < grey.length; i += 1) sum += grey[i] as number
  const mean = sum / grey.length
  let squares = 0
  for (let i = 0; i < grey.length; i += 1) squares += ((grey[i] as number) - mean) * ((grey[i] as number) - mean)
  return rounded({ 'quality.mean': mean, 'quality.contrast': Math.sqrt(squares / grey.length) })
}

/** Each counted value as itself. */
function ownValues({ lowest, counts }: ValueCounts): Float64Array {
  const values = new Float64Array(counts.length)
  for (let cell = 0; cell < values.length; cell += 1) values[cell] = lowest + cell
  return values
}

/** Six decimals: more would say nothing of the image and could single one out. Figures beyond 1e9 are left out. */
function rounded(figures: Record<string, number>): QualityFigures {
  const kept = Object.entries(figures).filter(([, value]) => Number.isFinite(value) && Math.abs(value) <= 1e9)
  return Object.fromEntries(kept.map(([code, value]) => [code, Math.round(value * 1e6) / 1e6]))
}
