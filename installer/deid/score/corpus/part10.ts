import { bytesValue, putAt, type Tree } from '../codec/tree.ts'
import { type WriteOptions, writeTree } from '../codec/write.ts'
import type { Dice } from '../dice.ts'
import type { CorpusObject } from '../key.ts'
import type { Belonging } from './basic-plants.ts'
import type { Draft } from './draft.ts'

/** Native syntaxes that made objects come in: implicit, explicit, big endian, deflated. */
export const NATIVE_SYNTAXES = [
  '1.2.840.10008.1.2',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.1',
  '1.2.840.10008.1.2.2',
  '1.2.840.10008.1.2.1.99',
] as const

/** P4: identities in the preamble, the file meta information and the file name; then the bytes of the file. */
export function finish(
  draft: Draft,
  { patient, sopClass, instanceUid }: Belonging,
  file: { readonly kind: string; readonly syntax: string; readonly number: number },
  dice: Dice,
  options: Partial<WriteOptions> = {},
): CorpusObject {
  const [sender, note] = [dice.word(), dice.word()]
  const meta: Tree = new Map()
  const put = (tag: number, vr: string, text: string): void =>
    putAt(meta, [tag], vr, bytesValue(Buffer.from(text, 'latin1')))
  putAt(meta, [0x00020001], 'OB', bytesValue(Buffer.of(0, 1)))
  put(0x00020002, 'UI', sopClass)
  put(0x00020003, 'UI', instanceUid)
  put(0x00020010, 'UI', file.syntax)
  put(0x00020012, 'UI', '1.2.826.0.1.3680043.9.7777.1')
  put(0x00020013, 'SH', 'PLANTER_1')
  put(0x00020016, 'AE', sender.slice(0, 16).toUpperCase())
  put(0x00020100, 'UI', '1.2.826.0.1.3680043.9.7777.2')
  put(0x00020102, 'OB', `${note} ${patient.given}`)
  draft.token(sender.slice(0, 16), 'P4')
  draft.token(note, 'P4')
  const preamble = Buffer.alloc(128)
  preamble.write(`made for ${patient.given}`, 0, 'latin1')
  draft.token(patient.given, 'P4')
  const bytes = writeTree(
    { preamble, meta, syntax: file.syntax, dataSet: draft.tree },
    { undefinedLengths: dice.below(2) === 0, turnValues: true, ...options },
  )
  return {
    name: `${patient.given}_${patient.mrn.replaceAll(/[^\w]/g, '')}/${String(file.number).padStart(6, '0')}.dcm`,
    kind: file.kind,
    patient: patient.mrn,
    bytes,
    checks: draft.checks,
    tokens: unique(draft),
    dates: draft.dates,
    rows: draft.rows,
  }
}

/** A token that stands in several places of an object is one thing to look for. */
function unique(draft: Draft): CorpusObject['tokens'] {
  const tokens = new Map<string, CorpusObject['tokens'][number]>()
  for (const token of draft.tokens) if (!tokens.has(token.text)) tokens.set(token.text, token)
  return [...tokens.values()]
}
