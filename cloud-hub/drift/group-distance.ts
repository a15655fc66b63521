import { seededRandom } from '@leadglass/models'
import { measureCounts, total } from './measures.ts'

/** Resamples by which the distance that chance gives is known, as in CheXstray. */
const RESAMPLES = 20
/** Larger samples are drawn at this size, and scaled by the root law of their distances. */
const LARGEST_DRAW = 1000
/** A single feature counts for no more than this many standard deviations. */
const CLIP = 10

/** Mean and standard deviation of the distance between two samples of one distribution. */
export interface ChanceDistance {
  readonly mean: number
  readonly deviation: number
}

/** A feature's distance from its reference. */
export interface FeatureDistance {
  readonly distance: number
  readonly chance: ChanceDistance
  readonly weight: number
}

/** The distance of a feature: of Kolmogorov and Smirnov where bins have an order, else of Jensen and Shannon. */
export function featureDistance(reference: readonly number[], current: readonly number[], isOrdered: boolean): number {
  const measures = measureCounts(
    reference,
    current,
    reference.map((_, bin) => bin),
  )
  return isOrdered ? measures.ks : measures.jensenShannon
}

/**
 * What chance gives: both samples are drawn again from the reference, with a seed of their own, so that it is always the same.
 * @param n @param m effective sizes of the current counts and the reference.
 */
export function chanceDistance(reference: readonly number[], isOrdered: boolean, n: number, m: number): ChanceDistance {
  const [drawnN, drawnM] = [drawn(n), drawn(m)]
  const random = seededRandom(total(reference) * 31 + reference.length * 7 + drawnN)
  const upTo = cumulative(reference)
  const distances = Array.from({ length: RESAMPLES }, () =>
    featureDistance(sample(upTo, drawnM, random), sample(upTo, drawnN, random), isOrdered),
  )
  const scale = Math.sqrt((1 / n + 1 / m) / (1 / drawnN + 1 / drawnM))
  const mean = distances.reduce((sum, one) => sum + one, 0) / RESAMPLES
  const variance = distances.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (RESAMPLES - 1)
  return { mean: mean * scale, deviation: Math.sqrt(variance) * scale }
}

/**
 * The multi-modal concordance of CheXstray (MMC, Soin et al. 2022) over the features of a group: minus the weighted mean of
 * the distances, each in standard deviations of chance and clipped at 10. 0 is no drift, -3 three deviations of it.
 * @returns null without a feature that has a weight.
 */
export function concordance(features: readonly FeatureDistance[]): number | null {
  const weight = features.reduce((sum, one) => sum + one.weight, 0)
  if (weight === 0) return null
  const sum = features.reduce((all, one) => all + one.weight * standardised(one), 0)
  return -sum / weight
}

function standardised({ distance, chance }: FeatureDistance): number {
  const value =
    chance.deviation === 0 ? Math.sign(distance - chance.mean) * CLIP : (distance - chance.mean) / chance.deviation
  return Math.max(-CLIP, Math.min(CLIP, value))
}

function drawn(size: number): number {
  // Steps of a root of two: few sizes are ever drawn, and each is drawn once (`Drift` remembers them).
  const step = 2 ** (Math.round(Math.log2(Math.max(1, size)) * 2) / 2)
  return Math.max(2, Math.min(LARGEST_DRAW, Math.round(step)))
}

function cumulative(counts: readonly number[]): number[] {
  let sum = 0
  return counts.map((count) => (sum += count))
}

function sample(upTo: readonly number[], size: number, random: () => number): number[] {
  const all = upTo.at(-1) ?? 0
  const counts = new Array<number>(upTo.length).fill(0)
  for (let i = 0; i < size; i += 1) {
    const place = random() * all
    const bin = upTo.findIndex((edge) => place < edge)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return counts
}
