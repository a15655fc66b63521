import type { ShortcutCheck } from '@leadglass/ui/contract/hub-api'
import { type Area, areaDifference, areaEstimate, areaOf, type RankedCases, ranked } from '../math/area.ts'
import { type CaseTable, keep } from './case-table.ts'
import { enoughArea } from './subgroups.ts'

/** A fall of the area within strata that is smaller than this is of no interest, however certain it is. */
const DROP_OF_INTEREST = 0.02
const MOST_STRATA = 30

/** Ways in which a picture was taken, that a model could recognise instead of the disease. */
const AXES = ['view', 'scanner', 'site'] as const

/**
 * For each way of taking pictures: what is left of the area when only cases taken the same way are compared. A fall that
 * is beyond chance means that part of the figure comes from telling the ways apart.
 */
export function shortcutsOf(table: CaseTable, order: RankedCases): ShortcutCheck[] {
  const overall = areaOf(table, table.scores, order)
  if (overall === undefined) return []
  return AXES.flatMap((by) => {
    const values = table.axes.get(by)
    return values === undefined || new Set(values).size < 2 ? [] : [checkOf(table, order, overall, by, values)]
  })
}

function checkOf(
  table: CaseTable,
  order: RankedCases,
  overall: Area,
  by: ShortcutCheck['by'],
  values: readonly string[],
): ShortcutCheck {
  const strata = [...new Set(values)].sort().map((value) => {
    const members = keep(order, (index) => values[index] === value)
    return { value, members, area: areaOf(table, table.scores, members) }
  })
  const shown = strata.slice(0, MOST_STRATA).map(({ value, members }) => {
    const area = enoughArea(table, table.scores, members)
    return { value: value.slice(0, 80), n: members.length, auc: area === undefined ? null : areaEstimate(area) }
  })
  const stratified = pooled(strata.flatMap(({ area }) => area ?? []))
  const enough = shown.some(({ auc }) => auc !== null) && stratified !== undefined
  const drop = enough ? areaDifference(overall, stratified) : null
  return {
    by,
    overall: areaEstimate(overall),
    stratified: enough ? areaEstimate(stratified) : null,
    drop,
    axisAlone: axisAlone(table, values),
    strata: shown,
    verdict: drop === null ? 'too-few' : drop.low > 0 && drop.value >= DROP_OF_INTEREST ? 'suspected' : 'not-seen',
  }
}

/**
 * The share of pairs in the right order among pairs of the same stratum: strata weighed by their pairs. Sums of placement
 * values add up when each stratum's are weighed as its pairs are.
 */
function pooled(areas: readonly Area[]): Area | undefined {
  const pairs = areas.reduce((sum, { positives, negatives }) => sum + positives * negatives, 0)
  const first = areas[0]
  if (first === undefined) return undefined
  const patients = first.positiveSums.length
  const total = {
    value: 0,
    positives: areas.reduce((sum, { positives }) => sum + positives, 0),
    negatives: areas.reduce((sum, { negatives }) => sum + negatives, 0),
    positiveSums: new Float64Array(patients),
    negativeSums: new Float64Array(patients),
    positiveCases: new Int32Array(patients),
    negativeCases: new Int32Array(patients),
  }
  for (const area of areas) {
    const weight = (area.positives * area.negatives) / pairs
    total.value += weight * area.value
    for (let patient = 0; patient < patients; patient++) {
      const add = (sums: Float64Array, of: Float64Array, scale: number): void => {
        sums[patient] = (sums[patient] ?? 0) + weight * scale * (of[patient] ?? 0)
      }
      add(total.positiveSums, area.positiveSums, total.positives / area.positives)
      add(total.negativeSums, area.negativeSums, total.negatives / area.negatives)
      total.positiveCases[patient] = (total.positiveCases[patient] ?? 0) + (area.positiveCases[patient] ?? 0)
      total.negativeCases[patient] = (total.negativeCases[patient] ?? 0) + (area.negativeCases[patient] ?? 0)
    }
  }
  return total
}

/** The area of the score "share of positives of my stratum". */
function axisAlone(table: CaseTable, values: readonly string[]): number {
  const sums = new Map<string, { n: number; positives: number }>()
  for (const [i, value] of values.entries()) {
    const known = sums.get(value) ?? { n: 0, positives: 0 }
    sums.set(value, { n: known.n + 1, positives: known.positives + (table.labels[i] ?? 0) })
  }
  const shares = Float64Array.from(values, (value) => {
    const { n, positives } = sums.get(value) ?? { n: 1, positives: 0 }
    return positives / n
  })
  return areaOf(table, shares, ranked(shares))?.value ?? 0.5
}
