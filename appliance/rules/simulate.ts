import { type Decision, decideWhole, differences } from './decide.ts'
import type { RoutingFacts } from './facts.ts'
import type { RuleFile } from './rule-file.ts'

/** A past revision with the facts that were recorded of it. */
export interface PastRevision {
  readonly study: string
  readonly revision: number
  readonly facts: RoutingFacts
}

/** A past revision about which the rules would have decided otherwise. */
export interface SimulatedChange {
  readonly study: string
  readonly revision: number
  readonly completedAt: number
  readonly members: readonly (keyof Decision)[]
  readonly before: Decision
  readonly after: Decision
}

export interface Simulation {
  readonly examined: number
  readonly changed: number
  /** The first ones; `changed` counts them all. */
  readonly changes: readonly SimulatedChange[]
  /** How many revisions each rule would have decided; the empty name stands for none. */
  readonly decidedBy: Readonly<Record<string, number>>
}

/**
 * What other rules would have done with past studies. Both sets of rules judge the same recorded facts, so the difference
 * is the rules' alone.
 */
export function simulateRules(
  past: Iterable<PastRevision>,
  current: RuleFile | null,
  candidate: RuleFile,
  mostChanges: number,
): Simulation {
  const changes: SimulatedChange[] = []
  const decidedBy: Record<string, number> = {}
  let examined = 0
  let changed = 0
  for (const { study, revision, facts } of past) {
    examined += 1
    const before = decideWhole(current, facts)
    const after = decideWhole(candidate, facts)
    decidedBy[after.rule ?? ''] = (decidedBy[after.rule ?? ''] ?? 0) + 1
    const members = differences(before, after)
    if (members.length === 0) continue
    changed += 1
    if (changes.length < mostChanges) {
      changes.push({ study, revision, completedAt: facts.completedAt, members, before, after })
    }
  }
  return { examined, changed, changes, decidedBy }
}
