import { canonicalJson, type JsonValue } from '@leadglass/sync-agent/foundation'
import type { Rule, RuleFile } from './rule-file.ts'

/** One difference between two versions of the rules. */
export interface RuleChange {
  /** The rule's name, or the member of the file. */
  readonly name: string
  readonly kind: 'added' | 'removed' | 'changed' | 'moved'
  /** Canonical JSON; null where there is none. A rule that only moved has its places here, counted from 1. */
  readonly before: string | null
  readonly after: string | null
}

/** What another version changes. Rules are known by their names; their order matters, because the first that matches decides. */
export function compareRules(before: RuleFile | null, after: RuleFile): RuleChange[] {
  const old = before?.rules ?? []
  const names = [...new Set([...old, ...after.rules].map((rule) => rule.name))]
  const kept = (list: readonly Rule[], others: readonly Rule[]): string[] =>
    list.map((rule) => rule.name).filter((name) => others.some((other) => other.name === name))
  const [oldOrder, newOrder] = [kept(old, after.rules), kept(after.rules, old)]
  const rules = names.flatMap((name): RuleChange[] => {
    const was = textOf(old.find((rule) => rule.name === name))
    const is = textOf(after.rules.find((rule) => rule.name === name))
    if (was === null || is === null) {
      return [{ name, kind: was === null ? 'added' : 'removed', before: was, after: is }]
    }
    const changed: RuleChange[] = was === is ? [] : [{ name, kind: 'changed', before: was, after: is }]
    const [from, to] = [oldOrder.indexOf(name), newOrder.indexOf(name)]
    if (from === to) return changed
    return [...changed, { name, kind: 'moved', before: String(from + 1), after: String(to + 1) }]
  })
  const members = (['timeZone', 'offPeak', 'afterScoring', 'otherwise', 'about'] as const).flatMap(
    (name): RuleChange[] => {
      const [was, is] = [textOf(before?.[name]), textOf(after[name])]
      return was === is ? [] : [{ name, kind: 'changed', before: was, after: is }]
    },
  )
  return [...rules, ...members]
}

function textOf(value: unknown): string | null {
  // Without members that are undefined, which JSON does not have.
  return value === undefined ? null : canonicalJson(JSON.parse(JSON.stringify(value)) as JsonValue)
}
