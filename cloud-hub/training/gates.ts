import type { GateResult, TrainingReport } from './report.ts'

/**
 * The limits of the gates. `aucMargin` is how much the area may fall below the parent's on the same cases. On many cases a
 * smaller fall that is no chance stops a candidate too.
 */
export interface GateLimits {
  readonly heldOutPositives: number
  readonly heldOutNegatives: number
  readonly heldOutPatients: number
  readonly aucMargin: number
}

/** What a candidate must meet unless the hub is told otherwise. */
export const DEFAULT_GATES: GateLimits = {
  heldOutPositives: 10,
  heldOutNegatives: 10,
  heldOutPatients: 20,
  aucMargin: 0.05,
}

/** Judges a report. A candidate exists only when every gate is passed. */
export function judge(
  report: Pick<TrainingReport, 'cases' | 'comparison' | 'parity'>,
  limits: GateLimits,
): GateResult[] {
  const { positives, negatives, patients } = report.cases.heldOut
  return [
    atLeast('positives', positives, limits.heldOutPositives),
    atLeast('negatives', negatives, limits.heldOutNegatives),
    atLeast('patients', patients, limits.heldOutPatients),
    atLeast('not-worse-than-parent', report.comparison.difference, -limits.aucMargin),
    atLeast('not-significantly-worse', report.comparison.high, 0),
    {
      gate: 'export-parity',
      passed: report.parity.largestDifference <= report.parity.limit,
      measured: report.parity.largestDifference,
      limit: report.parity.limit,
    },
  ]
}

function atLeast(gate: GateResult['gate'], measured: number, limit: number): GateResult {
  return { gate, passed: measured >= limit, measured, limit }
}
