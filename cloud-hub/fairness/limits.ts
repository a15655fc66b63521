import { MINIMUM } from '../training/evaluation/minimum.ts'
import type { Disparity } from './disparities.ts'

/** Groups of fewer patients are not shown at all: as few as leave a site in one cell. */
export const SMALLEST_SHOWN = 11
/** What a group needs to be compared: cases, and for rates of one class cases of it. */
export const SMALLEST_COMPARED = { cases: MINIMUM.cases, perClass: MINIMUM.perClass } as const

/** Differences beyond these are too unequal. A ratio is shown beside them and raises nothing of its own. */
export const FAIRNESS_LIMITS: Readonly<Partial<Record<Disparity, number>>> = {
  'demographic-parity-difference': 0.2,
  'equalised-odds-difference': 0.1,
  'equal-opportunity-difference': 0.1,
  'sensitivity-gap': 0.1,
  'roc-auc-gap': 0.1,
  'calibration-gap': 0.1,
}

/** Missing the finding in one group is the harm that comes first. */
export const MOST_URGENT: readonly Disparity[] = ['equal-opportunity-difference', 'sensitivity-gap']
/** Groups may differ in how often they have the finding: a difference in how often it is said is a hint, no harm yet. */
export const LEAST_URGENT: readonly Disparity[] = ['demographic-parity-difference']

/** Resamples of the bootstrap. */
export const RESAMPLES = 400
