import type { AlertPriority, TriggerCause, TriggerPolicy } from './policy.ts'
import { TRIGGER_CAUSES } from './policy.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * What became of a trigger at one look.
 * - `fired`: it started a run.
 * - `cooling-down`: its condition holds, but it fired a short while ago.
 * - `daily-maximum`: its condition holds, but as many runs were started within 24 hours as are allowed.
 * - `run-under-way`: its condition holds, but a run of this finding is waiting or at work, and will use these labels.
 * - `not-first`: its condition holds, but another trigger fired at this look.
 * - `cannot-start`: its condition holds, but no run could be started; the reason is in the facts.
 * - `too-few`: not enough new labels.
 * - `none`: enough labels, but no alert, no time of the schedule, or nothing old enough.
 * - `disabled`: the policy is switched off.
 */
export const TRIGGER_OUTCOMES = [
  'fired',
  'cooling-down',
  'daily-maximum',
  'run-under-way',
  'not-first',
  'cannot-start',
  'too-few',
  'none',
  'disabled',
] as const
export type TriggerOutcome = (typeof TRIGGER_OUTCOMES)[number]

/** What the decision rests on. Instants are milliseconds since 1970. */
export interface TriggerFacts {
  /** Studies labelled with an answer that no dataset has yet. */
  readonly newLabels: number
  /** When the oldest of those labels arrived; null where there is none. */
  readonly oldestAt: number | null
  /** Alerts of the model that started no run yet. */
  readonly alerts: readonly { readonly alert: string; readonly priority: AlertPriority }[]
  /** A time of the schedule has come since the last look. */
  readonly scheduleDue: boolean
  readonly isRunUnderWay: boolean
  /** When each trigger fired last. */
  readonly firedAt: Readonly<Partial<Record<TriggerCause, number>>>
  /** Runs that triggers started within the last 24 hours. */
  readonly firedInDay: number
}

/** What was decided of one declared trigger. */
export interface TriggerDecision {
  readonly cause: TriggerCause
  readonly outcome: TriggerOutcome
}

/**
 * Decides of every declared trigger of a policy; at most one fires. Depends on its arguments alone.
 * @param now milliseconds since 1970.
 */
export function decide(policy: TriggerPolicy, facts: TriggerFacts, now: number): readonly TriggerDecision[] {
  let hasFired = false
  return TRIGGER_CAUSES.filter((cause) => policy[cause] !== undefined).map((cause) => {
    const outcome = outcomeOf(cause, policy, facts, now, hasFired)
    hasFired ||= outcome === 'fired'
    return { cause, outcome }
  })
}

function outcomeOf(
  cause: TriggerCause,
  policy: TriggerPolicy,
  facts: TriggerFacts,
  now: number,
  hasFired: boolean,
): TriggerOutcome {
  if (!policy.enabled) return 'disabled'
  const { atLeast = 0, cooldownHours = 0 } = policy[cause] ?? {}
  if (facts.newLabels < atLeast) return 'too-few'
  if (!isMet(cause, policy, facts, now)) return 'none'
  if (hasFired) return 'not-first'
  if (facts.isRunUnderWay) return 'run-under-way'
  const last = facts.firedAt[cause]
  // After a clock was set back the last firing may lie in the future: it must not hold the trigger until then.
  if (last !== undefined && last <= now && now - last < cooldownHours * HOUR_MS) return 'cooling-down'
  return facts.firedInDay >= policy.maximumPerDay ? 'daily-maximum' : 'fired'
}

function isMet(cause: TriggerCause, policy: TriggerPolicy, facts: TriggerFacts, now: number): boolean {
  switch (cause) {
    case 'labels':
      return true
    case 'age':
      return facts.oldestAt !== null && now - facts.oldestAt >= (policy.age?.olderThanDays ?? 0) * DAY_MS
    case 'drift':
      return facts.alerts.some((one) => policy.drift?.priorities.includes(one.priority))
    case 'schedule':
      return facts.scheduleDue
  }
}
