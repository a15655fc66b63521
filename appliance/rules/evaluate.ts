import { addressIsIn } from '../intake/caller-policy.ts'
import type { Condition } from './condition.ts'
import type { RoutingFacts, SeriesFacts } from './facts.ts'
import { matchesPattern } from './glob.ts'
import { recordedTag } from './recorded-attributes.ts'
import { isInWindow, minutesOf, wallTimeOf } from './site-time.ts'

const MODALITY = '00080060'
const BODY_PART = '00180015'
const DAY_MS = 86_400_000

type TagCondition = Extract<Condition, { tag: string }>

/** What a condition is judged over: the facts, the series that count, and the clock on the wall. */
interface Scope {
  readonly facts: RoutingFacts
  readonly series: readonly SeriesFacts[]
  readonly timeZone: string
}

/**
 * Whether a condition holds. Total and without side effects: the same condition and facts give the same answer, whatever
 * the values are. A condition on an attribute holds when some value in some series satisfies it; under `sameSeries` one
 * series must satisfy all of what is inside.
 */
export function holds(condition: Condition, facts: RoutingFacts, timeZone: string): boolean {
  return holdsIn(condition, { facts, series: facts.series, timeZone })
}

function holdsIn(condition: Condition, scope: Scope): boolean {
  if ('all' in condition) return condition.all.every((one) => holdsIn(one, scope))
  if ('any' in condition) return condition.any.some((one) => holdsIn(one, scope))
  if ('not' in condition) return !holdsIn(condition.not, scope)
  if ('sameSeries' in condition) {
    return scope.series.some((one) => holdsIn(condition.sameSeries, { ...scope, series: [one] }))
  }
  if ('tag' in condition) return tagHolds(condition, scope)
  const { facts } = scope
  if ('modality' in condition) return valuesOf(MODALITY, scope).some((value) => isAmong(value, condition.modality))
  if ('bodyPart' in condition) return valuesOf(BODY_PART, scope).some((value) => isAmong(value, condition.bodyPart))
  if ('callingAeTitle' in condition) {
    const { callingAeTitle } = condition
    return facts.callingAeTitles.some((title) => callingAeTitle.some((one) => matchesPattern(title.trim(), one)))
  }
  if ('sourceAddress' in condition) return facts.addresses.some((one) => addressIsIn(one, condition.sourceAddress))
  if ('received' in condition) return isInWindow(condition.received, facts.completedAt, scope.timeZone)
  if ('instances' in condition) return isWithin(facts.instances, condition.instances)
  if ('quality' in condition) return figureHolds(condition, facts)
  if ('urgent' in condition) return facts.urgent === condition.urgent
  return condition.always
}

/** Some instance has the figure within the bounds; one that was not measured satisfies nothing. */
function figureHolds(condition: Extract<Condition, { quality: string }>, facts: RoutingFacts): boolean {
  return (facts.quality ?? []).some((figures) => {
    const value = Object.hasOwn(figures, condition.quality) ? figures[condition.quality] : undefined
    return value !== undefined && isWithin(value, condition.number)
  })
}

function tagHolds(condition: TagCondition, scope: Scope): boolean {
  const values = valuesOf(recordedTag(condition.tag) ?? '', scope)
  if ('exists' in condition) return values.length > 0 === condition.exists
  return values.some((value) => valueHolds(condition, value, scope))
}

function valueHolds(condition: Exclude<TagCondition, { exists: boolean }>, value: string, scope: Scope): boolean {
  if ('equals' in condition) {
    if (typeof condition.equals === 'number') return numberOf(value) === condition.equals
    return isAmong(value, [condition.equals])
  }
  if ('in' in condition) return isAmong(value, condition.in)
  if ('startsWith' in condition) return value.toLowerCase().startsWith(condition.startsWith.toLowerCase())
  if ('matches' in condition) return matchesPattern(value, condition.matches)
  if ('number' in condition) {
    const number = numberOf(value)
    return number !== undefined && isWithin(number, condition.number)
  }
  if ('date' in condition) return dateHolds(condition.date, value, scope)
  return timeHolds(condition.time, value)
}

/** PS3.5 6.2, DA: YYYYMMDD. What is no date satisfies nothing. */
function dateHolds(bounds: Extract<TagCondition, { date: object }>['date'], value: string, scope: Scope): boolean {
  const parts = /^([0-9]{4})([0-9]{2})([0-9]{2})$/.exec(value)
  if (parts === null) return false
  const date = `${parts[1] ?? ''}-${parts[2] ?? ''}-${parts[3] ?? ''}`
  const at = Date.parse(`${date}T00:00:00Z`)
  if (!Number.isFinite(at)) return false
  const age = wallTimeOf(scope.facts.completedAt, scope.timeZone).day - at / DAY_MS
  const { from, to, olderThanDays, notOlderThanDays } = bounds
  return (
    (from === undefined || date >= from) &&
    (to === undefined || date <= to) &&
    (olderThanDays === undefined || age > olderThanDays) &&
    (notOlderThanDays === undefined || age <= notOlderThanDays)
  )
}

/** PS3.5 6.2, TM: HH, HHMM or HHMMSS with a fraction. A range whose end is not after its beginning runs over midnight. */
function timeHolds(bounds: { readonly from: string; readonly to: string }, value: string): boolean {
  const parts = /^([01][0-9]|2[0-3])([0-5][0-9])?/.exec(value)
  if (parts === null) return false
  const minute = Number(parts[1]) * 60 + Number(parts[2] ?? 0)
  const [from, to] = [minutesOf(bounds.from), minutesOf(bounds.to)]
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

function valuesOf(tag: string, { series }: Scope): string[] {
  return series.flatMap((one) => one.tags[tag] ?? [])
}

function isAmong(value: string, wanted: readonly string[]): boolean {
  const folded = value.toLowerCase()
  return wanted.some((one) => one.toLowerCase() === folded)
}

/** PS3.5 6.2, DS and IS; an age (AS) counts in years. */
function numberOf(value: string): number | undefined {
  const age = /^([0-9]{3})([DWMY])$/.exec(value)
  if (age !== null) {
    const perYear = { D: 365.25, W: 52.18, M: 12, Y: 1 }[age[2] as 'D' | 'W' | 'M' | 'Y']
    return Number(age[1]) / perYear
  }
  if (!/^[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?$/.test(value)) return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

function isWithin(
  number: number,
  { atLeast, atMost }: { readonly atLeast?: number | undefined; readonly atMost?: number | undefined },
): boolean {
  return (atLeast === undefined || number >= atLeast) && (atMost === undefined || number <= atMost)
}
