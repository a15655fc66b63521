import { holds } from './evaluate.ts'
import type { RoutingFacts } from './facts.ts'
import type { Lane } from './lanes.ts'
import type { RuleAction, RuleFile } from './rule-file.ts'

/** All, or these names. */
export type Choice = 'all' | readonly string[]

/** What is done with one revision, and which rule said so; null when none did. */
export interface Decision {
  readonly rule: string | null
  readonly lane: Lane
  readonly models: Choice
  readonly destinations: Choice
  readonly processing: 'score' | 'keep' | 'hold'
  readonly profile: 'standard' | 'local-only'
  readonly reason: string | null
}

/**
 * Decides about one revision. The first rule that matches decides alone: what it does not say is as it is without rules,
 * never taken from another rule, so that one name explains the whole decision.
 * @param file the rules in force; null when there are none.
 */
export function decide(file: RuleFile | null, facts: RoutingFacts): Decision {
  if (file === null) return decisionOf(null, {}, facts)
  const rule = file.rules.find((one) => holds(one.when, facts, file.timeZone))
  if (rule === undefined) return decisionOf(null, file.otherwise, facts)
  return decisionOf(rule.name, rule.do, facts)
}

/**
 * Decides again once the figures of the instances are known. The first rule of `afterScoring` that matches changes what it
 * names and nothing else; it can keep results here or hold the study, never loosen what was decided before.
 * @returns `before` itself when no rule matches.
 */
export function decideMeasured(file: RuleFile, facts: RoutingFacts, before: Decision): Decision {
  if (before.processing !== 'score') return before
  const rule = file.afterScoring?.find((one) => holds(one.when, facts, file.timeZone))
  if (rule === undefined) return before
  const { destinations, processing, profile, reason } = rule.do
  return {
    ...before,
    rule: rule.name,
    destinations: destinations ?? before.destinations,
    processing: processing ?? before.processing,
    profile: profile ?? before.profile,
    reason: reason ?? before.reason,
  }
}

/** Both stages, for facts whose figures may have been recorded. */
export function decideWhole(file: RuleFile | null, facts: RoutingFacts): Decision {
  const first = decide(file, facts)
  return file === null || facts.quality === undefined ? first : decideMeasured(file, facts, first)
}

function decisionOf(rule: string | null, action: RuleAction, facts: RoutingFacts): Decision {
  return {
    rule,
    lane: action.lane ?? (facts.urgent ? 'stat' : 'routine'),
    models: action.models ?? 'all',
    destinations: action.destinations ?? 'all',
    processing: action.processing ?? 'score',
    profile: action.profile ?? 'standard',
    reason: action.reason ?? null,
  }
}

/** The members in which two decisions differ; the rule's name alone is no difference. */
export function differences(before: Decision, after: Decision): (keyof Decision)[] {
  const members = ['lane', 'models', 'destinations', 'processing', 'profile'] as const
  return members.filter((member) => textOf(before[member]) !== textOf(after[member]))
}

/** The order of names in a choice means nothing. */
function textOf(value: string | readonly string[]): string {
  return typeof value === 'string' ? value : JSON.stringify([...new Set(value)].toSorted())
}
