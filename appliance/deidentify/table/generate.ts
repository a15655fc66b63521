import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { OPTION_COLUMNS } from './columns.ts'
import { generateContent } from './generate-content.ts'
import { generateTypes } from './generate-types.ts'

/**
 * Writes `profile.generated.json` from the machine-readable standard of innolitics/dicom-standard (MIT licence):
 * `node generate.ts rows FOLDER`, where FOLDER holds `confidentiality_profile_attributes.json` (PS3.15 table E.1-1) and
 * `attributes.json` (PS3.6 table 6-1) of one edition. Only facts of the standard are taken: tags, VRs, actions, names.
 */
const EDITION = '2024b'
const SOURCE = 'innolitics/dicom-standard at 7f4749d09ed3ef2fa70637d376d423a4b13523cd, MIT licence'

const profileRows = z.array(
  z.looseObject({ id: z.string(), name: z.string(), basicProfile: z.string() }).catchall(z.string()),
)
const attributeRows = z.array(
  z.looseObject({
    id: z.string(),
    valueRepresentation: z.string(),
    valueMultiplicity: z.string(),
    retired: z.enum(['Y', 'N']),
  }),
)

/**
 * Groups that no stored image needs: commands, file meta, directory records, DICONDE and DICOS (industrial and security
 * scanning), print, worklist steps, authorisation, and signatures and encrypted attributes, which hold originals.
 */
const GROUPS_NOT_KEPT = new Set([
  ...['0000', '0002', '0004', '0006', '0014', '0074', '0100', '0400', '2000', '2010', '2020', '2030', '2040'],
  ...['2100', '2110', '2120', '2130', '4010', '4ffe', 'fffa', 'fffc', 'fffe'],
])

/** Identities and descriptions of private data that have no row in this edition. */
const NOT_KEPT = new Set([
  '00080051', // Issuer of Accession Number Sequence
  '00100024', // Issuer of Patient ID Qualifiers Sequence
  '00100027', // Source Patient Group Identification Sequence
  '00100026', // Group of Patients Identification Sequence
  '00100033', // Patient's Birth Date in Alternative Calendar
  '00100034', // Patient's Death Date in Alternative Calendar
  '00400026', // Order Placer Identifier Sequence
  '00400027', // Order Filler Identifier Sequence
  '00400033', // Universal Entity ID Type
  '00400035', // Identifier Type Code
  '00400036', // Assigning Facility Sequence
  '00400039', // Assigning Jurisdiction Code Sequence
  '0040003a', // Assigning Agency or Department Code Sequence
])

/** (0008,03xx) describes private elements, which are removed; (0008,04xx) are inventories of archives. */
const RANGES_NOT_KEPT = /^0008(?:03|04)/

/** Names and free text without a row of their own are not kept: nothing says that they are safe. */
const VRS_NOT_KEPT = new Set(['PN', 'ST', 'LT', 'UT', 'UC', 'UR', 'UN', 'See Note 2', ''])

/** Exceptions: code values in the long and URN forms, whose loss would break coded entries (PS3.3 table 8.8-1). */
const KEPT_ALTHOUGH_TEXT = new Set(['00080119', '00080120'])

function main(folder: string): void {
  const rows = profileRows.parse(
    JSON.parse(readFileSync(join(folder, 'confidentiality_profile_attributes.json'), 'utf8')),
  )
  const attributes = attributeRows.parse(JSON.parse(readFileSync(join(folder, 'attributes.json'), 'utf8')))
  const vrOf = new Map(attributes.map((row) => [row.id, row.valueRepresentation]))
  const listed = new Set(rows.map((row) => row.id))
  const keep: Record<string, string[]> = {}
  for (const row of attributes) {
    const group = row.id.slice(0, 4).toLowerCase()
    const text = VRS_NOT_KEPT.has(row.valueRepresentation) && !KEPT_ALTHOUGH_TEXT.has(row.id)
    if (row.retired === 'Y' || listed.has(row.id) || text || GROUPS_NOT_KEPT.has(group)) continue
    if (!/^[0-9a-f]{8}$/.test(row.id) || NOT_KEPT.has(row.id) || RANGES_NOT_KEPT.test(row.id)) continue
    keep[group] = [...(keep[group] ?? []), `${row.id.slice(4)}${vrCodes(row.valueRepresentation)}${mostValues(row)}`]
  }
  const compact = {
    edition: EDITION,
    source: SOURCE,
    rows: rows.map((row) => [row.id, row.basicProfile, vrCodes(vrOf.get(row.id) ?? 'UN'), optionsOf(row), row.name]),
    keep: Object.fromEntries(Object.entries(keep).map(([group, entries]) => [group, entries.join(' ')])),
  }
  writeFileSync(join(import.meta.dirname, 'profile.generated.json'), `${formatted(compact)}\n`)
}

/** `OB or OW` as `OBOW`. */
function vrCodes(representation: string): string {
  return representation.replaceAll(' or ', '')
}

/** The upper end of the value multiplicity, '' where it has none: `1-3` as 3, `1-n` and `2-2n` as ''. */
function mostValues(row: { valueMultiplicity: string }): string {
  return /(?:^|-)(\d+)$/.exec(row.valueMultiplicity)?.[1] ?? ''
}

function optionsOf(row: Readonly<Record<string, unknown>>): string {
  return OPTION_COLUMNS.flatMap(([column, code]) =>
    typeof row[column] === 'string' ? [`${code}${row[column]}`] : [],
  ).join(' ')
}

/** One row per line, so that a later edition shows as a small difference. */
function formatted(data: { rows: unknown[]; keep: Record<string, string> }): string {
  const { rows, keep, ...head } = data
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
  const groups = Object.entries(keep).map(
    ([group, entries]) => `    ${JSON.stringify(group)}: ${JSON.stringify(entries)}`,
  )
  const start = JSON.stringify(head, null, 2).slice(0, -2)
  return `${start},\n  "rows": [\n${lines}\n  ],\n  "keep": {\n${groups.join(',\n')}\n  }\n}`
}

const GENERATORS = new Map([
  ['rows', main],
  ['types', generateTypes],
  ['content', generateContent],
])

const [what = '', source] = process.argv.slice(2)
const generate = GENERATORS.get(what)
if (generate === undefined || source === undefined)
  throw new Error('usage: node generate.ts rows FOLDER | types FOLDER | content PART15_HTML')
generate(source)
