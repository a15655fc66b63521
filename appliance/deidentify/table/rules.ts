import { type OptionName, type OptionSet, PROFILE_OPTIONS } from '../options.ts'
import { allRows, type ProfileRow } from './index.ts'

/**
 * What a row of table E.1-1 means under the options in force.
 * - `keep`: the value stays, checked; items of a sequence are cleaned.
 * - `dates`: dates are moved; a value that is no date falls back to the basic action.
 * - `words`: only safe words stay; where none does, the basic action.
 * - `content`: the items are content items (table E.3.4-1).
 * - `items`: the items are cleaned, whatever the basic action.
 * - `basic`: the action of the Basic Profile.
 */
export type Treatment = 'keep' | 'dates' | 'words' | 'content' | 'items' | 'basic'

/** A row with its treatment. */
export interface Rule {
  readonly row: ProfileRow
  readonly treatment: Treatment
}

/** Rules by tag. */
export type Rules = ReadonlyMap<number, Rule>

const nameOf = new Map(PROFILE_OPTIONS.map(({ code, name }) => [code, name]))

/**
 * The rules under some options. Where several columns of a row apply: dates that are modified are modified, also where
 * another option would keep them, since one unmoved date gives the others away; then what an option keeps is kept
 * (K); then what an option cleans is cleaned (C).
 */
export function rulesFor(options: OptionSet): Rules {
  const rules = new Map<number, Rule>()
  for (const row of allRows()) rules.set(row.tag, { row, treatment: treatmentOf(row, options) })
  return rules
}

/** The treatment of one row. */
export function treatmentOf(row: ProfileRow, options: OptionSet): Treatment {
  const applied = [...row.options].flatMap(([code, action]) => {
    const name = nameOf.get(code)
    return name !== undefined && options.has(name) ? [{ name, action }] : []
  })
  const cleans = new Set<OptionName>(applied.filter(({ action }) => action === 'C').map(({ name }) => name))
  if (cleans.has('retain-modified-dates')) return 'dates'
  if (applied.some(({ action }) => action === 'K')) return 'keep'
  if (cleans.has('clean-structured-content')) return 'content'
  if (cleans.has('clean-graphics')) return 'items'
  return cleans.size > 0 ? 'words' : 'basic'
}
