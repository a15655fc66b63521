import type { EvaluationAxis } from '@leadglass/ui/contract/hub-api'
import { type LabelledCases, numbered, type RankedCases } from '../math/area.ts'

/** One labelled case: a study, or whatever a decision is made about. */
export interface EvaluationCase {
  /** Probability, 0 to 1. */
  readonly score: number
  /** Of the running version on the same case. All cases have one, or none. */
  readonly runningScore?: number
  readonly label: 0 | 1
  /** Whose case it is, across sites; cases of one patient belong together in every interval. */
  readonly patient: string
  readonly site: string
  readonly view: string
  readonly sex: string
  /** 0 is 0-9 years, 9 is 90 and above; null: not known. */
  readonly ageDecade: number | null
  /** Not part of what sites send today; an axis that no case knows is left out. */
  readonly scanner?: string
}

/** The cases by columns. */
export interface CaseTable extends LabelledCases {
  readonly n: number
  readonly scores: Float64Array
  readonly runningScores: Float64Array | null
  readonly axes: ReadonlyMap<EvaluationAxis, readonly string[]>
}

/**
 * @throws {RangeError} without cases of both classes, with a score outside 0..1, or when only some cases have a score of
 * the running version.
 */
export function tableOf(cases: readonly EvaluationCase[]): CaseTable {
  const labels = Uint8Array.from(cases, ({ label }) => label)
  const positives = labels.reduce((sum, label) => sum + label, 0)
  if (positives === 0 || positives === cases.length) throw new RangeError('an evaluation needs cases of both classes')
  const compared = cases.filter(({ runningScore }) => runningScore !== undefined).length
  if (compared !== 0 && compared !== cases.length) {
    throw new RangeError('a paired comparison needs a score of the running version of every case')
  }
  return {
    n: cases.length,
    labels,
    ...numbered(cases.map(({ patient }) => patient)),
    scores: probabilities(cases.map(({ score }) => score)),
    runningScores: compared === 0 ? null : probabilities(cases.map(({ runningScore }) => runningScore ?? Number.NaN)),
    axes: axesOf(cases),
  }
}

/** Those of the ranked cases that the test keeps, still ranked. */
export function keep(order: RankedCases, test: (index: number) => boolean): RankedCases {
  return order.filter(test)
}

/** `20 to 39`, of the two decades that it begins with. Children, and people of 80 and above, are bands of their own. */
export function ageBand(decade: number | null): string {
  if (decade === null) return 'unknown'
  const from = Math.floor(decade / 2) * 20
  return from >= 80 ? '80 and over' : from === 0 ? 'under 20' : `${from} to ${from + 19}`
}

function axesOf(cases: readonly EvaluationCase[]): ReadonlyMap<EvaluationAxis, readonly string[]> {
  const axes = new Map<EvaluationAxis, readonly string[]>([
    ['sex', cases.map(({ sex }) => sex)],
    ['age-band', cases.map(({ ageDecade }) => ageBand(ageDecade))],
    ['view', cases.map(({ view }) => view)],
    ['site', cases.map(({ site }) => site)],
  ])
  if (cases.some(({ scanner }) => scanner !== undefined)) {
    axes.set(
      'scanner',
      cases.map(({ scanner }) => scanner ?? 'unknown'),
    )
  }
  return axes
}

function probabilities(values: readonly number[]): Float64Array {
  if (!values.every((value) => value >= 0 && value <= 1)) throw new RangeError('a score lies outside 0..1')
  return Float64Array.from(values)
}
