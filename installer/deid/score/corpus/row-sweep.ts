import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { elementAt, type Path } from '../codec/tree.ts'
import type { Dice } from '../dice.ts'
import type { Draft } from './draft.ts'
import type { Patient } from './person.ts'

/** A row of PS3.15 table E.1-1 from the machine-readable standard, read apart from the engine's own table. */
export interface SweptRow {
  readonly tag: number
  readonly name: string
  readonly action: string
  readonly keepsForPatientCharacteristics: boolean
}

const rows = z.array(
  z.looseObject({ id: z.string(), name: z.string(), basicProfile: z.string(), rtnPatCharsOpt: z.string().optional() }),
)

/** Another issuer makes another patient of the same number, so it cannot be planted into one object of many. */
const ISSUER_OF_PATIENT_ID = 0x00100021

/** All rows that have a tag of their own. @param folder with `confidentiality_profile_attributes.json`. */
export function readRows(folder: string): SweptRow[] {
  const text = readFileSync(join(folder, 'confidentiality_profile_attributes.json'), 'utf8')
  return rows
    .parse(JSON.parse(text))
    .filter((row) => /^[0-9a-f]{8}$/.test(row.id))
    .map((row) => ({
      tag: Number.parseInt(row.id, 16),
      name: row.name,
      action: row.basicProfile,
      keepsForPatientCharacteristics: row.rtnPatCharsOpt === 'K',
    }))
}

/** Plants an identity into each row's attribute, at the top or two sequences deep. */
export function plantRows(draft: Draft, swept: readonly SweptRow[], patient: Patient, prefix: Path, dice: Dice): void {
  for (const row of swept) {
    const path = [...prefix, row.tag]
    if (
      row.tag === ISSUER_OF_PATIENT_ID ||
      row.keepsForPatientCharacteristics ||
      row.tag < 0x00080000 ||
      elementAt(draft.tree, path) !== undefined
    )
      continue
    plantRow(draft, row, path, patient, dice)
  }
}

function plantRow(draft: Draft, row: SweptRow, path: Path, patient: Patient, dice: Dice): void {
  if (/Sequence$/.test(row.name)) {
    const word = dice.word()
    draft.identity([...path, 0, 0x00101005], 'PN', `${word}^X`, [word], 'HIPAA-A', 'row')
    draft.identity([...path, 0, 0x00080104], 'LO', patient.given, [patient.given], 'HIPAA-A', 'row')
  } else if (row.action.includes('U')) draft.uid(path, dice.uid(`row ${row.tag}`), 'row')
  else if (/Date ?Time$/.test(row.name)) draft.date(path, 'DT', dice.date(2001, 2011), '101112')
  else if (/Date$/.test(row.name)) draft.date(path, 'DA', dice.date(2001, 2011))
  else {
    const word = dice.word()
    draft.identity(path, 'LO', word, [word], 'HIPAA-R', 'row')
  }
  draft.rows.push(row.tag)
}
