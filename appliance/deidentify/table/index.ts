import { z } from 'zod'
import generated from './profile.generated.json' with { type: 'json' }

/**
 * PS3.15 table E.1-1 (Basic Application Level Confidentiality Profile) of one pinned edition, and the attributes of the
 * same edition's PS3.6 that have no row there and may stay. The data comes from `generate.ts`.
 */

/** Actions of the Basic Profile column (PS3.15 E.3 and table E.1-1a). Compound actions go by the attribute's type. */
type BasicAction = 'X' | 'Z' | 'D' | 'U' | 'X/Z' | 'X/D' | 'X/Z/D' | 'Z/D' | 'X/Z/U*'

/** One row: what to do with an attribute, and which options change that (code of CID 7050 to `K` keep or `C` clean). */
export interface ProfileRow {
  readonly tag: number
  readonly name: string
  readonly action: BasicAction
  readonly vrs: readonly string[]
  readonly options: ReadonlyMap<string, 'K' | 'C'>
}

/** An attribute that may stay: the VRs it can have, and the upper end of its value multiplicity. */
export interface KeptAttribute {
  readonly vrs: readonly string[]
  readonly mostValues: number
}

const row = z.tuple([
  z.string(),
  z.enum(['X', 'Z', 'D', 'U', 'X/Z', 'X/D', 'X/Z/D', 'Z/D', 'X/Z/U*']),
  z.string().regex(/^(?:[A-Z]{2})+$/),
  z.string().regex(/^(?:1131\d\d[KC](?: |$))*$/),
  z.string(),
])
const table = z.object({
  edition: z.string(),
  source: z.string(),
  rows: z.array(row),
  keep: z.record(z.string().regex(/^[0-9a-f]{4}$/), z.string()),
})

const data = table.parse(generated)

/** The edition of the standard that the rules come from. */
export const PROFILE_EDITION = data.edition

/** Rows whose tag is a pattern: curves, overlay data, overlay comments and private attributes. Code handles those. */
export const PATTERN_ROWS: readonly string[] = data.rows.map(([id]) => id).filter((id) => !isTag(id))

/** Every row as it stands, patterns too. `rule`: the basic action, then each option with what it does. */
export const TABLE_ROWS: readonly { readonly id: string; readonly name: string; readonly rule: string }[] =
  data.rows.map(([id, action, , options, name]) => ({ id, name, rule: `${action} ${options}`.trim() }))

const rows = new Map<number, ProfileRow>()
for (const [id, action, vrs, options, name] of data.rows) {
  if (!isTag(id)) continue
  const tag = Number.parseInt(id, 16)
  rows.set(tag, { tag, name, action, vrs: pairs(vrs), options: optionsOf(options) })
}

const kept = new Map<number, KeptAttribute>()
for (const [group, entries] of Object.entries(data.keep))
  for (const entry of entries.split(' '))
    kept.set(Number.parseInt(group + entry.slice(0, 4), 16), keptOf(entry.slice(4)))

/** The row for a tag, or `undefined` where table E.1-1 has none. */
export function rowOf(tag: number): ProfileRow | undefined {
  return rows.get(tag)
}

/** All rows with a tag of their own. */
export function allRows(): Iterable<ProfileRow> {
  return rows.values()
}

/** What the edition says of an attribute without a row; `undefined` for unknown, retired and excluded ones. */
export function keptAttribute(tag: number): KeptAttribute | undefined {
  return kept.get(tag)
}

function keptOf(code: string): KeptAttribute {
  const [vrs = '', most = ''] = code.split(/(?<=[A-Z])(?=\d)/)
  return { vrs: pairs(vrs), mostValues: most === '' ? Number.POSITIVE_INFINITY : Number(most) }
}

function isTag(id: string): boolean {
  return /^[0-9a-f]{8}$/.test(id)
}

function pairs(codes: string): string[] {
  return codes.match(/../g) ?? []
}

function optionsOf(text: string): ReadonlyMap<string, 'K' | 'C'> {
  const entries = text === '' ? [] : text.split(' ')
  return new Map(entries.map((entry) => [entry.slice(0, 6), entry.endsWith('K') ? 'K' : 'C']))
}
