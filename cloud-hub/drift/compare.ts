import { chiSquareTail } from './chi-square.ts'
import { kolmogorovSmirnovTail } from './kolmogorov-smirnov.ts'
import { type DistributionMeasures, goodnessOfFit, homogeneity, measureCounts, total } from './measures.ts'
import { benjaminiHochberg, bonferroni } from './multiple-testing.ts'
import type { DriftRules } from './rules.ts'

/** The least cell that leaves a site: `appliance/egress` holds back what is below, and the contract takes no smaller one. */
const SMALLEST_CELL = 11

export type DriftVerdict = 'too-few' | 'stable' | 'moderate' | 'major'

/** Counts to compare, on the same bins. */
export interface ComparableCounts {
  readonly reference: readonly number[]
  readonly current: readonly number[]
  readonly positions: readonly number[]
  readonly isOrdered: boolean
  /** Cells in which the current counts left their site, and those of the reference; 0 for counts that no minimum held back. */
  readonly cells: number
  readonly referenceCells: number
}

/** A comparison by itself, before it is judged among all of its site and window. Null where there are too few observations. */
export interface Compared {
  readonly n: number
  /** The test whose probability decides: of order where bins have one. */
  readonly test: 'ks' | 'chi-square'
  readonly measures: DistributionMeasures | null
  /** Probabilities of so large a difference by chance: of order, of the counts, and of the counts against known shares. */
  readonly ksP: number | null
  readonly chiSquareP: number | null
  readonly fitP: number | null
  /** The stability index beyond what chance gives on samples of these sizes; never negative. */
  readonly shift: number | null
}

/** The verdict on a comparison among all of its site and window. */
export interface Judgement {
  readonly verdict: DriftVerdict
  /** Adjusted after Benjamini and Hochberg; and after Bonferroni, for what somebody is called for. */
  readonly q: number | null
  readonly familyP: number | null
}

/**
 * How much larger the variance of counts is that leave in cells of eleven or more. Of each cell up to ten wait at both ends
 * of a window, evenly spread, with a variance of (11^2 - 1) / 12 each. Numbers of observations are divided by this (the
 * first-order correction of Rao and Scott 1981 for counts of a design).
 */
export function designEffect(n: number, cells: number): number {
  return n === 0 ? 1 : 1 + (cells * (SMALLEST_CELL ** 2 - 1)) / 6 / n
}

/** Compares counts. @param minimum of observations. */
export function compareCounts(counts: ComparableCounts, minimum: number): Compared {
  const { reference, current, positions, isOrdered } = counts
  const [n, m] = [total(current), total(reference)]
  const test = isOrdered ? 'ks' : 'chi-square'
  if (n < minimum || m === 0) {
    return { n, test, measures: null, ksP: null, chiSquareP: null, fitP: null, shift: null }
  }
  const measures = measureCounts(reference, current, positions)
  const effective = n / designEffect(n, counts.cells)
  const effectiveReference = m / designEffect(m, counts.referenceCells)
  const both = homogeneity(reference, current)
  const noise = 1 / effective + 1 / effectiveReference
  const fit = goodnessOfFit(reference, current)
  const tail = (statistic: number, degrees: number): number => (degrees < 1 ? 1 : chiSquareTail(statistic, degrees))
  return {
    n,
    test,
    measures,
    ksP: kolmogorovSmirnovTail(measures.ks, ...sizes(effectiveReference, effective)),
    chiSquareP: tail((both.statistic * (1 / n + 1 / m)) / noise, both.degrees),
    fitP: tail(fit.statistic, fit.degrees),
    // The index of two samples of one distribution is (bins - 1)(1/n + 1/m) in the mean.
    shift: Math.max(0, measures.psi - both.degrees * noise),
  }
}

/** Judges all comparisons of one site, model version and window together. */
export function judgeFamily(
  family: readonly Compared[],
  rules: Pick<DriftRules, 'falseDiscovery' | 'moderate' | 'major'>,
): Judgement[] {
  const tested = family.flatMap((one) => {
    const p = probabilityOf(one)
    return p === null ? [] : [p]
  })
  const [adjusted, strict] = [benjaminiHochberg(tested), bonferroni(tested)]
  let place = -1
  return family.map((one) => {
    if (probabilityOf(one) === null || one.shift === null) return { verdict: 'too-few', q: null, familyP: null }
    place += 1
    const q = adjusted[place] ?? 1
    return { verdict: verdictOf(one.shift, q, rules), q, familyP: strict[place] ?? 1 }
  })
}

function probabilityOf({ test, ksP, chiSquareP }: Compared): number | null {
  return test === 'ks' ? ksP : chiSquareP
}

function verdictOf(
  shift: number,
  q: number,
  rules: Pick<DriftRules, 'falseDiscovery' | 'moderate' | 'major'>,
): DriftVerdict {
  if (shift < rules.moderate || q > rules.falseDiscovery) return 'stable'
  return shift < rules.major ? 'moderate' : 'major'
}

function sizes(first: number, second: number): [number, number] {
  return [Math.max(1, Math.round(first)), Math.max(1, Math.round(second))]
}
