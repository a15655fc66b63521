import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import {
  concat,
  type DataSet,
  DataSetError,
  decimals,
  littleEndianBytes,
  parsePart10,
  texts,
  traitsOf,
  writePart10,
} from './index.ts'

const corpus = sharedData('dicom')
const dcm2json = peer('dcm2json')

/** Files of the corpus that are no readable DICOM object, and why. Everything else must parse. */
const UNREADABLE: Readonly<Record<string, string>> = {
  'pydicom/no_meta.dcm': 'not-dicom',
  'pydicom/winter.dcm': 'duplicate-element',
}
const TRUNCATED = [
  'pydicom/MR_truncated.dcm',
  'pydicom/dicomdirtests/DICOMDIR-nooffset',
  'pydicom/rtplan_truncated.dcm',
]
const OTHER_KINDS = /\.(?:txt|md|xz|gz|icc|json|dump)$|LICENSE$|README$/

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function plain(dataSet: DataSet): unknown {
  return [...dataSet.elements.values()].map((element) => {
    const { tag, vr, value } = element
    if (value.kind === 'items') return [tag, vr, value.items.map(plain)]
    if (value.kind === 'fragments') return [tag, vr, value.fragments.map((fragment) => fragment.length)]
    const bytes = Buffer.from(littleEndianBytes(element) ?? [])
    const padding = traitsOf(vr).text === 'none' || vr === 'UI' ? 0 : 0x20
    return [tag, vr, Buffer.concat([bytes, Buffer.alloc(bytes.length % 2, padding)]).toString('base64')]
  })
}

describe.skipIf(corpus === undefined)('the shared DICOM corpus (skipped where ../shared/data/dicom is missing)', () => {
  const root = corpus ?? ''

  test('every file parses or fails with a code, as listed', () => {
    const failed: Record<string, string> = {}
    const truncated: string[] = []
    let parsed = 0
    for (const path of files(root)) {
      const name = relative(root, path)
      try {
        if (parsePart10(readFileSync(path)).truncated) truncated.push(name)
        parsed += 1
      } catch (error) {
        if (!(error instanceof DataSetError)) throw error
        if (!OTHER_KINDS.test(name)) failed[name] = error.code
        else expect(error.code).toBe('not-dicom')
      }
    }
    expect(failed).toEqual(UNREADABLE)
    expect(truncated.sort()).toEqual(TRUNCATED)
    expect(parsed).toBeGreaterThanOrEqual(260)
  })

  test('what is parsed, written and parsed again is the same, and the second writing is byte for byte the first', () => {
    for (const path of files(root)) {
      let file: ReturnType<typeof parsePart10>
      try {
        file = parsePart10(readFileSync(path))
      } catch {
        continue
      }
      if (file.truncated) continue
      const first = concat(writePart10(file))
      const again = parsePart10(first)
      expect(plain(again.dataSet), relative(root, path)).toEqual(plain(inOrder(file.dataSet)))
      expect(concat(writePart10(again)).equals(first)).toBe(true)
    }
  })

  test.skipIf(dcm2json === undefined)('values equal those of DCMTK (skipped where dcm2json is missing)', () => {
    let compared = 0
    for (const name of [
      'pydicom/CT_small.dcm',
      'pydicom/MR_small_bigendian.dcm',
      'pydicom/MR_small_implicit.dcm',
      'pydicom/image_dfl.dcm',
      'pydicom/rtplan.dcm',
      'pydicom/waveform_ecg.dcm',
      'pydicom/chrGerm.dcm',
      'pydicom/chrFren.dcm',
      'pydicom/chrRuss.dcm',
      'pydicom/chrGreek.dcm',
      'pydicom/chrArab.dcm',
      'pydicom/chrHbrw.dcm',
      'pydicom/chrX1.dcm',
      'pydicom/reportsi.dcm',
      'pydicom-data/emri_small.dcm',
    ]) {
      const { dataSet } = parsePart10(readFileSync(join(root, name)))
      const json: unknown = JSON.parse(
        execFileSync(dcm2json ?? '', [join(root, name)], { maxBuffer: 1e8 }).toString('utf8'),
      )
      compared += compare(dataSet, json as JsonDataSet, name)
    }
    expect(compared).toBeGreaterThan(1500)
  })
})

/** Group lengths and file meta information aside, DCMTK's JSON model (PS3.18 F.2) has the same elements. */
type JsonDataSet = Readonly<Record<string, { vr: string; Value?: readonly unknown[] }>>

function compare(dataSet: DataSet, json: JsonDataSet, place: string): number {
  let compared = 0
  for (const [key, expected] of Object.entries(json)) {
    const tag = Number.parseInt(key, 16)
    if (tag >>> 16 === 2 || (tag & 0xffff) === 0) continue
    const element = dataSet.elements.get(tag)
    const at = `${place} ${key}`
    expect(element, at).toBeDefined()
    if (element === undefined || tag === 0x00080005) continue
    const values = expected.Value ?? []
    if (element.value.kind === 'items') {
      expect(element.value.items.length, at).toBe(values.length)
      for (const [index, item] of element.value.items.entries())
        compared += compare(item, values[index] as JsonDataSet, at)
    } else if (expected.vr === 'PN') {
      const names = texts(dataSet, tag)
        .map((name) => name.replace(/=+$/, ''))
        .filter((name) => !/^[\^=]*$/.test(name))
      expect(names, at).toEqual(values.map(nameOf))
    } else if (['DS', 'IS', 'US', 'SS', 'UL', 'SL', 'FD', 'FL'].includes(expected.vr)) {
      const numbers = values.filter((value) => value !== null).map(Number)
      expect(decimals(dataSet, tag).map(Math.fround), at).toEqual(numbers.map(Math.fround))
    } else if (traitsOf(element.vr).text !== 'none' && expected.vr === element.vr) {
      expect(
        texts(dataSet, tag).map((value) => value.trim()),
        at,
      ).toEqual(values.map((value) => (typeof value === 'string' ? value.trim() : '')))
    } else continue
    compared += 1
  }
  return compared
}

function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  const { Alphabetic = '', Ideographic, Phonetic } = value as Readonly<Record<string, string>>
  return [Alphabetic, Ideographic, Phonetic].filter((group) => group !== undefined).join('=')
}

/** Elements are written in order of their tags whatever order they were read in. */
function inOrder(dataSet: DataSet): DataSet {
  const sorted = [...dataSet.elements.values()].sort((a, b) => a.tag - b.tag)
  const elements = sorted.map((element) => {
    const { value } = element
    return value.kind === 'items' ? { ...element, value: { ...value, items: value.items.map(inOrder) } } : element
  })
  return { ...dataSet, elements: new Map(elements.map((element) => [element.tag, element])) }
}
