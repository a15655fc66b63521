import type { z } from 'zod'
import { decide } from './decide.ts'
import { holds } from './evaluate.ts'
import type { RoutingFacts } from './facts.ts'
import { recordedTag } from './recorded-attributes.ts'
import { LARGEST_RULE_FILE, type RuleExample, type RuleFile, ruleFile } from './rule-file.ts'

/** What is wrong with a rule file, and where. No part of a study is ever repeated. */
export interface RuleFault {
  readonly where: string
  readonly what: string
}

export type RuleVerdict =
  | { readonly kind: 'valid'; readonly file: RuleFile }
  | { readonly kind: 'invalid'; readonly faults: readonly RuleFault[] }

const MOST_FAULTS = 50

/**
 * Reads and judges a rule file: its form, then every rule's examples. An example that must match is decided by this very
 * rule: one that an earlier rule takes away is a fault, because the rule would never speak.
 * @param value parsed JSON.
 */
export function validateRules(value: unknown): RuleVerdict {
  if (JSON.stringify(value ?? null).length > LARGEST_RULE_FILE) {
    return { kind: 'invalid', faults: [{ where: '', what: `is larger than ${LARGEST_RULE_FILE} characters` }] }
  }
  const parsed = ruleFile.safeParse(value)
  if (!parsed.success) return { kind: 'invalid', faults: parsed.error.issues.slice(0, MOST_FAULTS).map(faultOf) }
  const faults = [
    ...parsed.data.rules.flatMap((_, index) => exampleFaults(parsed.data, 'rules', index)),
    ...(parsed.data.afterScoring ?? []).flatMap((_, index) => exampleFaults(parsed.data, 'afterScoring', index)),
  ].slice(0, MOST_FAULTS)
  return faults.length > 0 ? { kind: 'invalid', faults } : { kind: 'valid', file: parsed.data }
}

/**
 * Names of destinations that a file mentions and the settings do not know: results would go nowhere.
 * @param known names in the settings.
 */
export function unknownDestinations(file: RuleFile, known: readonly string[]): RuleFault[] {
  const actions = [
    ...file.rules.map((rule, index) => ({ where: `rules.${index}.do.destinations`, action: rule.do })),
    ...(file.afterScoring ?? []).map((rule, index) => ({
      where: `afterScoring.${index}.do.destinations`,
      action: rule.do,
    })),
    { where: 'otherwise.destinations', action: file.otherwise },
  ]
  return actions.flatMap(({ where, action }) => {
    const names = action.destinations === undefined || action.destinations === 'all' ? [] : action.destinations
    return names
      .filter((name) => !known.includes(name))
      .map((name) => ({ where, what: `"${name}" is no destination in the settings` }))
  })
}

/** The facts that an example describes; what it does not say is one instance of one series, without a caller. */
export function factsOfExample(example: RuleExample): RoutingFacts {
  const series = example.series ?? [example.tags ?? {}]
  return {
    schema: 'leadglass.routing-facts/1',
    completedAt: example.at === undefined ? 0 : Date.parse(example.at),
    callingAeTitles: example.callingAeTitle === undefined ? [] : [example.callingAeTitle],
    addresses: example.sourceAddress === undefined ? [] : [example.sourceAddress],
    instances: example.instances ?? series.length,
    urgent: example.urgent ?? false,
    ...(example.quality === undefined ? {} : { quality: [example.quality] }),
    series: series.map((tags) => ({
      instances: 1,
      tags: Object.fromEntries(
        Object.entries(tags).map(([name, value]) => [
          recordedTag(name) ?? '',
          Array.isArray(value) ? value : [String(value)],
        ]),
      ),
    })),
  }
}

function exampleFaults(file: RuleFile, stage: 'rules' | 'afterScoring', index: number): RuleFault[] {
  const rule = file[stage]?.[index]
  if (rule === undefined) return []
  const place = (kind: string, at: number): string => `${stage}.${index}.examples.${kind}.${at} (${rule.name})`
  const missing = rule.examples.match.flatMap((example, at): RuleFault[] => {
    const facts = factsOfExample(example)
    const where = place('match', at)
    if (!holds(rule.when, facts, file.timeZone)) return [{ where, what: 'must match and does not' }]
    const taker = stage === 'rules' ? decide(file, facts).rule : firstMeasured(file, facts)
    return taker === rule.name ? [] : [{ where, what: `the earlier rule ${taker ?? ''} decides about it` }]
  })
  const wrong = rule.examples.noMatch.flatMap((example, at): RuleFault[] =>
    holds(rule.when, factsOfExample(example), file.timeZone)
      ? [{ where: place('noMatch', at), what: 'must not match and does' }]
      : [],
  )
  return [...missing, ...wrong]
}

/** The rule of `afterScoring` that decides about facts with figures. */
function firstMeasured(file: RuleFile, facts: RoutingFacts): string | null {
  return file.afterScoring?.find((one) => holds(one.when, facts, file.timeZone))?.name ?? null
}

/** Where a union fails, the fault of the branch that came furthest is the one worth telling. */
function faultOf(issue: z.core.$ZodIssue): RuleFault {
  const where = issue.path.map(String).join('.')
  if (issue.code !== 'invalid_union') return { where, what: issue.message }
  const deepest = issue.errors
    .flat()
    .map((inner) => faultOf({ ...inner, path: [...issue.path, ...inner.path] }))
    .filter((one) => one.where.length > where.length)
    .toSorted((a, b) => b.where.length - a.where.length)[0]
  return deepest ?? { where, what: 'has none of the forms that are allowed here' }
}
