import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { sharedData } from '../../installer/testing/peers.ts'
import {
  bytesElement,
  type DataSet,
  dataSetOf,
  type Element,
  isVr,
  sequence,
  sequenceElement,
  text,
  textElement,
  traitsOf,
  type Vr,
} from '../imaging/dataset/index.ts'
import { allRows, PATTERN_ROWS, type ProfileRow, rowOf } from './table/index.ts'
import { requiredType } from './table/required-types.ts'
import { CT_IMAGE, deidentified, fileWith } from './testing.ts'

const PLANT = 'ZWEIGENBAUM'

/** A value that could be real for the VR and holds something to look for. */
function planted(tag: number, vr: Vr): Element {
  if (vr === 'SQ') return sequenceElement(tag, [dataSetOf([textElement(0x00080104, 'LO', PLANT)])])
  const texts: Partial<Record<Vr, string>> = {
    DA: '20240229',
    TM: '112233',
    DT: '20240229112233',
    UI: '1.2.826.0.1.77.88.99',
    AS: '044Y',
    DS: '77.5',
    IS: '77',
  }
  const value = texts[vr]
  if (value !== undefined) return textElement(tag, vr, value)
  return traitsOf(vr).text === 'none'
    ? bytesElement(tag, vr, Buffer.from(`${PLANT}  `.padEnd(16)))
    : textElement(tag, vr, PLANT)
}

/** What stands at the tag afterwards. */
function stateOf(dataSet: DataSet, element: Element): 'absent' | 'empty' | 'same' | 'changed' {
  const after = dataSet.elements.get(element.tag)
  if (after === undefined) return 'absent'
  if (after.value.kind === 'items') return after.value.items.length === 0 ? 'empty' : 'changed'
  if (after.value.kind !== 'bytes' || element.value.kind !== 'bytes') return 'changed'
  if (after.value.bytes.length === 0) return 'empty'
  return Buffer.from(after.value.bytes).equals(
    Buffer.concat([element.value.bytes, Buffer.alloc(element.value.bytes.length % 2, element.vr === 'UI' ? 0 : 32)]),
  )
    ? 'same'
    : 'changed'
}

function expectedState(row: ProfileRow, vr: Vr): string {
  if (row.options.get('113108') === 'K') return 'same'
  if (row.options.get('113107') === 'C' && (vr === 'DA' || vr === 'DT')) return 'changed'
  if (row.options.get('113107') === 'C' && vr === 'TM') return 'same'
  const type = requiredType(row.tag, CT_IMAGE)
  switch (row.action) {
    case 'X':
      return 'absent'
    case 'Z':
      return 'empty'
    case 'D':
    case 'U':
      return 'changed'
    case 'X/Z/U*':
      return 'absent'
    case 'Z/D':
      return row.tag === 0x00100020 || type === 1 ? 'changed' : 'empty'
    case 'X/D':
      return type === 3 ? 'absent' : 'changed'
    case 'X/Z':
      return type === 3 ? 'absent' : 'empty'
    case 'X/Z/D':
      return type === 1 ? 'changed' : type === 2 ? 'empty' : 'absent'
  }
}

describe('table E.1-1, row by row', () => {
  const rows = [...allRows()].filter((row) => row.tag >= 0x00080000)

  test('every row with a tag does what its action says, and no planted text of it survives', () => {
    for (const row of rows) {
      const vr = row.vrs[0] ?? ''
      if (!isVr(vr) || [0x00080018, 0x0020000d, 0x00100010].includes(row.tag)) continue
      const element = planted(row.tag, vr === 'US' ? 'US' : vr)
      const { dataSet, bytes } = deidentified(
        fileWith([vr === 'US' ? bytesElement(row.tag, vr, Uint8Array.of(1, 0)) : element]),
      )
      const at = `${row.name} ${row.action}`
      if (row.options.get('113108') === 'K' && ['SH', 'CS'].includes(vr)) continue
      expect(stateOf(dataSet, vr === 'US' ? bytesElement(row.tag, vr, Uint8Array.of(1, 0)) : element), at).toBe(
        expectedState(row, vr),
      )
      if (vr !== 'SQ') expect(bytes.includes(PLANT), at).toBe(false)
    }
    expect(rows.length).toBeGreaterThan(600)
  })

  test('the same holds three sequences deep', () => {
    for (const row of rows) {
      const vr = row.vrs[0] ?? ''
      if (!isVr(vr) || vr === 'SQ' || row.options.get('113108') === 'K' || traitsOf(vr).text === 'none') continue
      let inner = dataSetOf([planted(row.tag, vr)])
      // Referenced Series Sequence, Derivation Image Sequence and Anatomic Region Sequence stay.
      for (const tag of [0x00082218, 0x00089215, 0x00081115]) inner = dataSetOf([sequenceElement(tag, [inner])])
      const { dataSet, bytes } = deidentified(fileWith([...inner.elements.values()]))
      const reached = [0x00081115, 0x00089215, 0x00082218].reduce<DataSet | undefined>(
        (outer, tag) => (outer === undefined ? undefined : sequence(outer, tag)[0]),
        dataSet,
      )
      expect(reached, row.name).toBeDefined()
      if (traitsOf(vr).text === 'charset') expect(bytes.includes(PLANT), row.name).toBe(false)
      if (vr === 'UI') expect(bytes.includes('1.2.826.0.1.77.88.99'), row.name).toBe(false)
      if (vr === 'DA') expect(reached === undefined ? '' : text(reached, row.tag), row.name).not.toBe('20240229')
    }
  })

  const published = sharedData('ps315/confidentiality_profile_attributes.json')
  test.skipIf(published === undefined)(
    'the rows are those of the published table (skipped where ../shared/data is missing)',
    () => {
      const schema = z.array(z.looseObject({ id: z.string(), name: z.string(), basicProfile: z.string() }))
      const source = schema.parse(JSON.parse(readFileSync(published ?? '', 'utf8')))
      expect(source).toHaveLength(621)
      const tags = source.filter((row) => /^[0-9a-f]{8}$/.test(row.id))
      expect(tags).toHaveLength(617)
      for (const row of tags)
        expect(rowOf(Number.parseInt(row.id, 16))).toMatchObject({ name: row.name, action: row.basicProfile })
      expect([...allRows()]).toHaveLength(617)
    },
  )
})

test('the four rows without a tag of their own are those that code handles', () => {
  expect([...PATTERN_ROWS].sort()).toEqual(['50xxxxxx', '60xx3000', '60xx4000', 'ggggeeee-where-gggg-is-odd'])
})

describe('compound actions', () => {
  const enhancedCt = '1.2.840.10008.5.1.4.1.1.2.1'

  test('type 1 gets a dummy, type 2 nothing, type 3 goes', () => {
    const file = (sopClass: string): Buffer =>
      fileWith([
        textElement(0x00080016, 'UI', sopClass),
        textElement(0x00180010, 'LO', 'Contrast X'),
        textElement(0x00181000, 'LO', 'SN 443322'),
        textElement(0x00081010, 'SH', 'STATION 7'),
      ])
    const plain = deidentified(file(CT_IMAGE)).dataSet
    expect(plain.elements.has(0x00181000)).toBe(false)
    expect(plain.elements.has(0x00081010)).toBe(false)
    expect(text(plain, 0x00180010)).toBeUndefined()
    expect(plain.elements.has(0x00180010)).toBe(true)
    expect(text(deidentified(file(enhancedCt)).dataSet, 0x00181000)).toBe('ANONYMIZED')
  })

  test('an unknown SOP class gets the strictest choice', () => {
    const { dataSet } = deidentified(
      fileWith([textElement(0x00080016, 'UI', '1.2.826.0.1.9'), textElement(0x00181000, 'LO', 'SN 443322')]),
    )
    expect(dataSet.elements.has(0x00181000)).toBe(false)
  })
})
