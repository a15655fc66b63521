import { DDSketch } from '@datadog/sketches-js'

/**
 * The bins of a DDSketch with logarithmic mapping (Masson, Rim, Lee: "DDSketch", VLDB 2019), as the library has them: bin i
 * holds the times in (least * growth^(i - 1), least * growth^i], growth = (1 + accuracy) / (1 - accuracy). Counts on these
 * bins can be added without loss, and every quantile of them is right within the accuracy.
 */
export const LATENCY_ACCURACY = 0.01
/** Bins 0 to 1000: what the contract can carry. */
export const LATENCY_SKETCH_BINS = 1001
/** In milliseconds; with it the last bin ends beyond thirteen hours. */
const LEAST_MS = 0.1
const { mapping } = new DDSketch({ relativeAccuracy: LATENCY_ACCURACY })

/** The bin of a time in milliseconds; times outside the range stand in the outermost bins. */
export function latencySketchBin(ms: number): number {
  if (ms <= LEAST_MS) return 0
  return Math.min(LATENCY_SKETCH_BINS - 1, mapping.key(ms / LEAST_MS))
}

/** The time that stands for a bin, in milliseconds: none of the bin is further from it than the accuracy. */
export function latencySketchValue(bin: number): number {
  return LEAST_MS * mapping.value(bin)
}

/**
 * A quantile of counts on these bins, in milliseconds, or null without any: the time of rank q (n - 1), within 1 %.
 * @param quantile between 0 and 1.
 */
export function latencySketchQuantile(counts: readonly number[], quantile: number): number | null {
  const sketch = new DDSketch({ relativeAccuracy: LATENCY_ACCURACY })
  for (const [bin, count] of counts.entries()) if (count > 0) sketch.accept(mapping.value(bin), count)
  return sketch.count === 0 ? null : LEAST_MS * sketch.getValueAtQuantile(quantile)
}
