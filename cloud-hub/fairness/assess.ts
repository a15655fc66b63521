import type { FairnessDimension, FairnessGroup } from '@leadglass/ui/contract/hub-api'
import { slopeAndIntercept } from '../training/evaluation/calibration.ts'
import { tableOf } from '../training/evaluation/case-table.ts'
import { MINIMUM } from '../training/evaluation/minimum.ts'
import { percentiles, resample } from './bootstrap.ts'
import { type CaseColumns, type GroupRows, groupsOf } from './case-columns.ts'
import { DISPARITIES, type Disparity, disparitiesOf } from './disparities.ts'
import { figuresOf, GROUP_METRICS, type GroupFigures, type GroupMetric } from './group-figures.ts'
import { FAIRNESS_LIMITS, RESAMPLES, SMALLEST_COMPARED, SMALLEST_SHOWN } from './limits.ts'

/** A group that may be shown. */
interface Shown {
  readonly parts: readonly string[]
  readonly rows: GroupRows
  readonly patients: number
  readonly positives: number
  /** Large enough to be compared with others. */
  readonly compared: boolean
}

/** Dimensions looked at, alone and two by two. */
export function dimensionsOf(names: readonly string[]): (readonly string[])[] {
  return [
    ...names.map((name) => [name]),
    ...names.flatMap((first, place) => names.slice(place + 1).map((second) => [first, second])),
  ]
}

/**
 * Table of the groups of a dimension, or of two crossed, with their gaps. Groups of fewer than eleven patients are only
 * counted; what is said of all together is said of the groups that are shown. Intervals come from patients drawn again.
 * @param seed of the draws.
 */
export async function assessDimension(
  columns: CaseColumns,
  names: readonly string[],
  seed: number,
): Promise<FairnessDimension> {
  const all = [...groupsOf(columns, names).values()].map((group) => described(columns, group))
  const shown = all.filter((group) => group.patients >= SMALLEST_SHOWN)
  const compared = shown.filter((group) => group.compared)
  const together = rowsTogether(shown)
  const overall = figuresOf(columns, together)
  const values = shown.map((group) => figuresOf(columns, group.rows))
  const gaps = disparitiesOf(comparedFigures(shown, values), overall)
  const draws = { groups: shown.map(() => emptyDraws(GROUP_METRICS)), gaps: emptyDraws(DISPARITIES) }
  await resample(columns, { times: shown.length === 0 ? 0 : RESAMPLES, seed }, (weights) => {
    const drawn = shown.map((group) => figuresOf(columns, group.rows, weights))
    for (const [place, figures] of drawn.entries()) note(draws.groups[place], figures)
    if (compared.length > 1) {
      note(draws.gaps, disparitiesOf(comparedFigures(shown, drawn), figuresOf(columns, together, weights)))
    }
  })
  return {
    dimension: names.join(' × '),
    withheld: all.length - shown.length,
    n: toTens(together.length),
    overall: GROUP_METRICS.map((metric) => ({ metric, value: rounded(overall[metric]) })),
    groups: shown.map((group, place) => groupView(columns, group, values[place] as GroupFigures, draws.groups[place])),
    disparities: DISPARITIES.map((measure) => disparityView(measure, gaps[measure], draws.gaps.get(measure) ?? [])),
  }
}

function described(
  { labels, patients }: CaseColumns,
  { parts, rows }: { readonly parts: readonly string[]; readonly rows: GroupRows },
): Shown {
  const positives = rows.reduce((sum, row) => sum + (labels[row] as number), 0)
  const ofClass = Math.min(positives, rows.length - positives)
  const compared = rows.length >= SMALLEST_COMPARED.cases && ofClass >= SMALLEST_COMPARED.perClass
  return { parts, rows, positives, compared, patients: new Set(rows.map((row) => patients[row] as number)).size }
}

function comparedFigures(shown: readonly Shown[], figures: readonly GroupFigures[]): GroupFigures[] {
  return figures.filter((_, place) => shown[place]?.compared === true)
}

/** Places of all shown cases, in the order of the columns. */
function rowsTogether(shown: readonly Shown[]): GroupRows {
  return Int32Array.from(shown.flatMap((group) => [...group.rows])).sort()
}

function emptyDraws<Name extends string>(names: readonly Name[]): Map<Name, number[]> {
  return new Map(names.map((name) => [name, []]))
}

function note<Name extends string>(
  draws: Map<Name, number[]> | undefined,
  figures: Readonly<Record<Name, number | null>>,
): void {
  for (const [name, list] of draws ?? []) {
    const value = figures[name]
    if (value !== null) list.push(value)
  }
}

function groupView(
  columns: CaseColumns,
  group: Shown,
  figures: GroupFigures,
  draws: Map<GroupMetric, number[]> | undefined,
): FairnessGroup {
  return {
    group: group.parts.join(' × '),
    n: toTens(group.rows.length),
    patients: toTens(group.patients),
    compared: group.compared,
    calibrationSlope: rounded(slopeOf(columns, group)),
    figures: GROUP_METRICS.map((metric) => {
      const value = group.compared ? figures[metric] : null
      const interval = value === null ? undefined : percentiles(draws?.get(metric) ?? [])
      const { low = null, high = null } = interval ?? {}
      return { metric, value: rounded(value), low: rounded(low), high: rounded(high) }
    }),
  }
}

/** Cox's slope; null of few cases, of scores that are no probabilities, or where there is no finite one. */
function slopeOf({ cases, scores }: CaseColumns, group: Shown): number | null {
  if (!group.compared || group.rows.length < MINIMUM.calibrationCases) return null
  if ([...group.rows].some((row) => (scores[row] as number) < 0 || (scores[row] as number) > 1)) return null
  const table = tableOf(
    [...group.rows].map((row) => {
      const { score, label, patient } = cases[row] as (typeof cases)[number]
      return { score, label, patient, site: '', view: '', sex: '', ageDecade: null }
    }),
  )
  // The columns are by rising score, so the places of the table are too.
  const order = Int32Array.from({ length: table.n }, (_, place) => place)
  return slopeAndIntercept(table, table.scores, order).slope?.value ?? null
}

function disparityView(
  measure: Disparity,
  value: number | null,
  draws: readonly number[],
): FairnessDimension['disparities'][number] {
  const limit = FAIRNESS_LIMITS[measure] ?? null
  const interval = value === null ? undefined : percentiles(draws)
  if (value === null || interval === undefined) {
    return { measure, value: rounded(value), low: null, high: null, limit, verdict: 'too-few' }
  }
  // The largest of several gaps is too large on average, and more so in a resample: the pivotal end takes that back.
  const low = limit === null ? interval.low : Math.max(0, 2 * value - interval.high)
  const verdict = limit === null || value <= limit ? 'within' : low > limit ? 'beyond' : 'watch'
  return { measure, value: rounded(value), low: rounded(low), high: rounded(interval.high), limit, verdict }
}

/** Counts are given in tens, so that no small group follows from the difference of two large ones. */
function toTens(count: number): number {
  return Math.round(count / 10) * 10
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000
}
