import { matchesPattern } from '../rules/glob.ts'
import type { RetentionRule } from '../settings-retention.ts'

const DAY_MS = 86_400_000

/** What is known of a study when it is judged. */
export interface RetentionFacts {
  readonly modalities: readonly string[]
  readonly callingAeTitles: readonly string[]
  readonly processing: 'score' | 'keep'
  readonly isOpen: boolean
  readonly completedAt: number | null
  readonly pendingDeliveries: number
  readonly deadDeliveries: number
  readonly deliveredAt: number | null
  readonly unacknowledged: number
  readonly holds: number
}

/** Why a study stays; the first of these that holds is told. */
export type KeptBecause =
  | 'legal-hold'
  | 'no-rule'
  | 'not-yet'
  | 'still-working'
  | 'undelivered'
  | 'dead-letter'
  | 'unacknowledged'

export type RetentionVerdict =
  | { readonly kind: 'due'; readonly rule: string; readonly since: number }
  | {
      readonly kind: 'kept'
      readonly because: KeptBecause
      readonly rule: string | null
      readonly until: number | null
    }

/**
 * Whether a study may go. A legal hold wins over everything; then a rule must name the study and its days be over; and
 * nothing goes that is still worked on, not delivered, waits for a person, or is not acknowledged by the hub.
 * @param now milliseconds since 1970.
 */
export function judgeRetention(facts: RetentionFacts, rules: readonly RetentionRule[], now: number): RetentionVerdict {
  const rule = rules.find((one) => fits(one, facts)) ?? null
  const kept = (because: KeptBecause, until: number | null = null): RetentionVerdict => ({
    kind: 'kept',
    because,
    rule: rule?.name ?? null,
    until,
  })
  if (facts.holds > 0) return kept('legal-hold')
  if (rule === null) return kept('no-rule')
  if (facts.isOpen || facts.completedAt === null) return kept('still-working')
  if (facts.pendingDeliveries > 0) return kept('undelivered')
  if (facts.deadDeliveries > 0) return kept('dead-letter')
  const start = rule.from === 'complete' ? facts.completedAt : Math.max(facts.completedAt, facts.deliveredAt ?? 0)
  const until = start + rule.keepDays * DAY_MS
  if (now < until) return kept('not-yet', until)
  if (facts.unacknowledged > 0) return kept('unacknowledged')
  return { kind: 'due', rule: rule.name, since: until }
}

function fits(rule: RetentionRule, facts: RetentionFacts): boolean {
  return (
    (rule.modalities === undefined || rule.modalities.some((one) => facts.modalities.includes(one))) &&
    (rule.callingAeTitles === undefined ||
      rule.callingAeTitles.some((one) => facts.callingAeTitles.some((title) => matchesPattern(title.trim(), one)))) &&
    (rule.processing === undefined || rule.processing === facts.processing)
  )
}
