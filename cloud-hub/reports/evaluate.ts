import type { Collected, Evidence } from './evidence.ts'
import { FACTS, type Fact } from './facts.ts'

/** A requirement of a framework: the clause, what it asks in our words, and the facts that have to be shown for it. */
export interface Control {
  readonly clause: string
  readonly asks: string
  readonly needs: readonly [Fact, ...Fact[]]
}

/** A list that cannot be empty. */
type Some<Item> = readonly [Item, ...Item[]]

/** What a control came to. `met` cannot be written down without evidence, and `gap` not without what is missing. */
export type ControlOutcome =
  | { readonly status: 'met'; readonly evidence: Some<Evidence> }
  | { readonly status: 'gap'; readonly missing: Some<string>; readonly evidence: readonly Evidence[] }

/** A control with its outcome. */
export interface JudgedControl {
  readonly control: Control
  readonly outcome: ControlOutcome
}

/**
 * Judges one control: each fact that it needs has evidence, and no finding speaks against one. Evidence can only help and a
 * finding only harm, so leaving something out can never turn a gap into "met".
 */
export function judge(control: Control, { evidence, findings }: Collected): JudgedControl {
  const needs: ReadonlySet<Fact> = new Set(control.needs)
  const found = evidence.filter(({ fact }) => needs.has(fact))
  const [missed, ...more] = control.needs.flatMap((fact) => [
    ...(found.some((one) => one.fact === fact) ? [] : [absence(fact)]),
    ...findings.filter((one) => one.fact === fact).map(({ words }) => words),
  ])
  if (missed !== undefined) {
    return { control, outcome: { status: 'gap', missing: [missed, ...more], evidence: found } }
  }
  const [first, ...rest] = found
  if (first === undefined) throw new TypeError('a control without needs')
  return { control, outcome: { status: 'met', evidence: [first, ...rest] } }
}

/** Why nothing is claimed for a fact. That nothing was seen never counts as "did not happen". */
function absence(fact: Fact): string {
  const { states, source } = FACTS[fact]
  switch (source.by) {
    case 'entries':
      return `Not shown: ${states}. No proven entry of ${source.zone === 'hub' ? 'the hub’s log' : 'a site’s log'} in the period (${source.events.join(', ')}).`
    case 'records':
      return `Not shown: ${states}. Nothing of it is in the hub’s records.`
    case 'document':
      return `Not shown: ${states}. No file “${fact}…” lies in the hub’s evidence folder.`
    case 'elsewhere':
      return `Not visible from here: ${states}. To be shown ${source.where}.`
  }
}
