import type { GroupFigures, GroupMetric } from './group-figures.ts'

/** Gaps between groups. Differences are 0 at best, ratios 1. */
export const DISPARITIES = [
  'demographic-parity-difference',
  'demographic-parity-ratio',
  'equalised-odds-difference',
  'equalised-odds-ratio',
  'equal-opportunity-difference',
  'equal-opportunity-ratio',
  'sensitivity-gap',
  'roc-auc-gap',
  'calibration-gap',
] as const
export type Disparity = (typeof DISPARITIES)[number]
export type DisparityValues = Readonly<Record<Disparity, number | null>>

/** Smallest and largest of a figure, their difference and ratio, and the largest distance from all cases together. */
export interface Spread {
  readonly minimum: number
  readonly maximum: number
  readonly difference: number
  /** Null where the largest is 0. */
  readonly ratio: number | null
  readonly toOverall: number | null
}

/** How far groups are apart in one figure; undefined when fewer than two define it. */
export function spreadOf(
  groups: readonly GroupFigures[],
  overall: GroupFigures,
  metric: GroupMetric,
): Spread | undefined {
  const values = groups.flatMap((group) => group[metric] ?? [])
  if (values.length < 2) return undefined
  const minimum = Math.min(...values)
  const maximum = Math.max(...values)
  const whole = overall[metric]
  return {
    minimum,
    maximum,
    difference: maximum - minimum,
    ratio: maximum > 0 ? minimum / maximum : null,
    toOverall: whole === null ? null : Math.max(...values.map((value) => Math.abs(value - whole))),
  }
}

/**
 * The disparities of some groups. Equalised odds takes the worse of true and false positive rates; equal opportunity looks at
 * the true positive rate alone; the sensitivity gap is how far the farthest group is from all together; the calibration gap
 * is between mean score less frequency.
 */
export function disparitiesOf(groups: readonly GroupFigures[], overall: GroupFigures): DisparityValues {
  const of = (metric: GroupMetric): Spread | undefined => spreadOf(groups, overall, metric)
  const selection = of('selection-rate')
  const sensitivity = of('true-positive-rate')
  const falseAlarm = of('false-positive-rate')
  const odds = sensitivity === undefined || falseAlarm === undefined ? undefined : [sensitivity, falseAlarm]
  return {
    'demographic-parity-difference': selection?.difference ?? null,
    'demographic-parity-ratio': selection?.ratio ?? null,
    'equalised-odds-difference': odds === undefined ? null : Math.max(...odds.map((one) => one.difference)),
    'equalised-odds-ratio': odds === undefined ? null : smallest(odds.map((one) => one.ratio)),
    'equal-opportunity-difference': sensitivity?.difference ?? null,
    'equal-opportunity-ratio': sensitivity?.ratio ?? null,
    'sensitivity-gap': sensitivity?.toOverall ?? null,
    'roc-auc-gap': of('roc-auc')?.difference ?? null,
    'calibration-gap': of('calibration-in-the-large')?.difference ?? null,
  }
}

function smallest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length < values.length ? null : Math.min(...known)
}
