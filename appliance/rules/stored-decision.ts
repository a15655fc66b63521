import { z } from 'zod'
import type { Records } from '../records/index.ts'
import type { Decision } from './decide.ts'
import { LANES } from './lanes.ts'

const choice = z.union([z.literal('all'), z.array(z.string())])

const storedDecision = z.object({
  rule: z.string().nullable(),
  lane: z.enum(LANES),
  models: choice,
  destinations: choice,
  processing: z.enum(['score', 'keep', 'hold']),
  profile: z.enum(['standard', 'local-only']),
  reason: z.string().nullable(),
})

/** What was decided when there were no rules, or before a revision was routed. */
const UNDECIDED: Decision = {
  rule: null,
  lane: 'routine',
  models: 'all',
  destinations: 'all',
  processing: 'score',
  profile: 'standard',
  reason: null,
}

/** The decision about a revision as the record has it. */
export function decisionAbout(records: Pick<Records, 'rules'>, revisionId: number): Decision {
  return decisionFrom(records.rules.routeOf(revisionId)?.decision ?? null)
}

/** A decision as it is stored; without one nothing was decided. */
export function decisionFrom(content: string | null): Decision {
  return content === null ? UNDECIDED : storedDecision.parse(JSON.parse(content))
}

/** True when a choice takes this name in. */
export function takesIn(choiceOfNames: Decision['models'], name: string): boolean {
  return choiceOfNames === 'all' || choiceOfNames.includes(name)
}

/** The reason of instances that are not scored because of a rule. */
export function reasonOf(decision: Decision): string {
  return `rule.${decision.rule ?? 'otherwise'}`
}
