import { type DeclaredGate, type GateMeasure, POINT_IN_USE } from '@leadglass/models'
import type { DeclaredOutcome, EvaluationAxis, EvaluationDocument } from '@leadglass/ui/contract/hub-api'
import { groupsMeasured, type Measured, measuredGap, measuredPaired, measuredWhole } from './gate-figures.ts'

/** A declared gate as a report records it: its name, the verdict, and everything that led to it. */
export interface JudgedGate {
  readonly gate: string
  readonly passed: boolean
  /** What was held against the limit; null when it could not be evaluated. */
  readonly measured: number | null
  readonly limit: number
  readonly declared: DeclaredOutcome
}

/** A figure that may be judged, or why there is none. */
type Candidate = Measured | { readonly missing: string; readonly group?: string }

/** Judges the gates that are about this finding. Pure: the same document and declaration give the same verdicts. */
export function judgeGates(
  evaluation: EvaluationDocument,
  gates: readonly DeclaredGate[],
  finding: string,
): JudgedGate[] {
  return gates
    .filter((gate) => gate.finding === undefined || gate.finding === finding)
    .map((gate) => judgeGate(evaluation, gate))
}

/** Of several groups the worst verdict decides: failed before not evaluable before passed, then the figure nearest to failing. */
export function judgeGate(evaluation: EvaluationDocument, gate: DeclaredGate): JudgedGate {
  const verdicts = candidatesOf(evaluation, gate).map((candidate) => verdictOf(gate, candidate))
  const worst = verdicts.reduce((a, b) => (isWorse(b, a) ? b : a))
  const { limit, direction } = limitOf(gate)
  const { value = null, low = null, high = null, n = null } = worst.figure ?? {}
  const by = gate.subgroup?.by ?? (gate.comparison.kind === 'subgroup-gap' ? gate.comparison.by : undefined)
  return {
    gate: gate.id,
    passed: worst.outcome === 'passed' || (worst.outcome === 'not-evaluable' && gate.whenNotEvaluable === 'pass'),
    measured: worst.judged,
    limit,
    declared: {
      measure: gate.measure,
      operatingPoint: isAtPoint(gate.measure) ? (gate.operatingPoint ?? POINT_IN_USE) : null,
      subgroup: by === undefined || worst.group === undefined ? null : { by, value: worst.group },
      comparison: gate.comparison.kind === 'absolute-ceiling' ? 'absolute' : gate.comparison.kind,
      judgedBy: gate.judgedBy,
      direction,
      value,
      low,
      high,
      n,
      minimumCases: gate.minimumCases,
      outcome: worst.outcome,
      reason: worst.reason,
    },
  }
}

interface Verdict {
  readonly outcome: DeclaredOutcome['outcome']
  /** Null when not evaluable. */
  readonly judged: number | null
  /** How far inside the limit; negative outside. */
  readonly margin: number
  readonly figure: Measured | null
  readonly group: string | undefined
  readonly reason: string
}

function verdictOf(gate: DeclaredGate, candidate: Candidate): Verdict {
  const { group } = candidate
  if ('missing' in candidate) return notEvaluable(candidate.missing, null, group)
  const { n } = candidate
  if (n < gate.minimumCases) return notEvaluable(`${n} cases, ${gate.minimumCases} are needed`, candidate, group)
  const judged = boundOf(gate, candidate)
  if (judged === undefined) return notEvaluable('the figure has no interval', candidate, group)
  const { limit, direction } = limitOf(gate)
  const margin = direction === 'at-least' ? judged - limit : limit - judged
  const outcome = margin >= 0 ? 'passed' : 'failed'
  return { outcome, judged, margin, figure: candidate, group, reason: outcome === 'passed' ? 'met' : 'not met' }
}

function notEvaluable(reason: string, figure: Measured | null, group: string | undefined): Verdict {
  return { outcome: 'not-evaluable', judged: null, margin: 0, figure, group, reason }
}

const RANK = { failed: 0, 'not-evaluable': 1, passed: 2 } as const

function isWorse(a: Verdict, b: Verdict): boolean {
  return RANK[a.outcome] - RANK[b.outcome] < 0 || (a.outcome === b.outcome && a.margin < b.margin)
}

function candidatesOf(evaluation: EvaluationDocument, gate: DeclaredGate): readonly Candidate[] {
  const point = gate.operatingPoint ?? POINT_IN_USE
  const { comparison, measure, subgroup } = gate
  const one = (found: Measured | undefined, missing: string): readonly Candidate[] => [found ?? { missing }]
  if (comparison.kind === 'against-running') {
    return one(measuredPaired(evaluation, measure, point), 'nothing was compared with a running version')
  }
  if (comparison.kind === 'subgroup-gap') {
    return groupsOr(
      groupsMeasured(evaluation, comparison.by, (group) => measuredGap(group, measure)),
      comparison.by,
    )
  }
  if (subgroup === undefined) {
    return one(measuredWhole(evaluation, measure, point), 'the figure does not exist of these cases')
  }
  const { by, value } = subgroup
  const groups = groupsMeasured(evaluation, by, undefined, measure)
  return groupsOr(value === undefined ? groups : groups.filter(({ group }) => group === value), by)
}

function groupsOr(
  groups: readonly { readonly group: string; readonly n: number; readonly figure: Measured | undefined }[],
  by: EvaluationAxis,
): readonly Candidate[] {
  if (groups.length === 0) return [{ missing: `no such group by ${by}` }]
  return groups.map(
    ({ group, n, figure }) => figure ?? { group, missing: `${group}: too few of its ${n} cases, or of the others` },
  )
}

/** Which number is held against the limit. A gap is judged by its size, whichever way it points. */
function boundOf(gate: DeclaredGate, { value, low, high }: Measured): number | undefined {
  const isGap = gate.comparison.kind === 'subgroup-gap'
  if (gate.judgedBy === 'estimate') return isGap ? Math.abs(value) : value
  if (low === null || high === null) return undefined
  const unfavourable = gate.judgedBy === 'unfavourable-bound'
  if (isGap) {
    const nearest = low <= 0 && high >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high))
    return unfavourable ? Math.max(Math.abs(low), Math.abs(high)) : nearest
  }
  return unfavourable === (limitOf(gate).direction === 'at-least') ? low : high
}

function limitOf({ comparison }: DeclaredGate): { readonly limit: number; readonly direction: 'at-least' | 'at-most' } {
  switch (comparison.kind) {
    case 'absolute':
      return { limit: comparison.atLeast, direction: 'at-least' }
    case 'absolute-ceiling':
    case 'subgroup-gap':
      return { limit: comparison.atMost, direction: 'at-most' }
    case 'against-running':
      // Differences are turned so that more is better; minus nothing is nothing.
      return { limit: 0 - comparison.worseByAtMost, direction: 'at-least' }
  }
}

function isAtPoint(measure: GateMeasure): boolean {
  return (
    measure === 'sensitivity' ||
    measure === 'specificity' ||
    measure === 'positive-predictive-value' ||
    measure === 'negative-predictive-value' ||
    measure === 'net-benefit'
  )
}
