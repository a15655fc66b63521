import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peer, sharedData } from '../../installer/testing/peers.ts'
import {
  bytesElement,
  concat,
  type DataSet,
  dataSetOf,
  type Element,
  parsePart10,
  sequenceElement,
  textElement,
  writePart10,
} from '../imaging/dataset/index.ts'
import { Deidentifier, deriveSiteKeys, EgressVerifier, identifiersOf } from './index.ts'

const corpus = sharedData('dicom')
const dciodvfy = peer('dciodvfy')

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function siteDeidentifier(): Deidentifier {
  return new Deidentifier({ keys: deriveSiteKeys(new Uint8Array(32).fill(7)), profile: { patientIssuer: '' } })
}

describe.skipIf(corpus === undefined)('the shared DICOM corpus (skipped where ../shared/data/dicom is missing)', () => {
  const root = corpus ?? ''
  const paths = corpus === undefined ? [] : files(root)

  test('every file is de-identified and passes the verifier, or is quarantined with a reason', () => {
    const verifier = new EgressVerifier()
    const deidentifier = siteDeidentifier()
    const table: Record<string, number> = {}
    for (const path of paths) {
      const bytes = readFileSync(path)
      const outcome = deidentifier.deidentify(bytes)
      const row =
        outcome.kind === 'quarantined'
          ? `quarantined: ${outcome.reason}`
          : `de-identified: pixel risk ${outcome.pixelRisk}`
      table[row] = (table[row] ?? 0) + 1
      if (outcome.kind !== 'deidentified') continue
      const verdict = verifier.verifyObject(outcome.chunks, identifiersOf(bytes))
      expect(verdict, relative(root, path)).toMatchObject({ kind: 'clean' })
    }
    console.table(table)
    expect(Object.keys(table).sort()).toEqual([
      'de-identified: pixel risk none',
      'de-identified: pixel risk risky-class',
      'quarantined: date-missing',
      'quarantined: instance-uid-missing',
      'quarantined: media-directory',
      'quarantined: object-truncated',
      'quarantined: object-unreadable',
      'quarantined: sop-class-missing',
      'quarantined: structured-report',
      'quarantined: study-uid-missing',
    ])
    expect(
      (table['de-identified: pixel risk none'] ?? 0) + (table['de-identified: pixel risk risky-class'] ?? 0),
    ).toBeGreaterThan(200)
  })

  test('a second de-identifier, going backwards, gives the same bytes', () => {
    const digest = (deidentifier: Deidentifier, path: string): string => {
      const outcome = deidentifier.deidentify(readFileSync(path))
      return outcome.kind === 'deidentified' ? concat(outcome.chunks).toString('base64') : outcome.reason
    }
    const one = siteDeidentifier()
    const forward = paths.map((path) => digest(one, path))
    const two = siteDeidentifier()
    const backward = [...paths].reverse().map((path) => digest(two, path))
    expect(backward.reverse()).toEqual(forward)
  })

  test('identifiers planted at depth, in private elements, in overlays and padding are in no output byte', () => {
    let planted = 0
    for (const path of paths) {
      const file = readable(path)
      if (file === undefined) continue
      const original = concat(writePart10({ meta: file.meta, dataSet: withPlants(file.dataSet) }))
      const outcome = siteDeidentifier().deidentify(original)
      if (outcome.kind !== 'deidentified') continue
      planted += 1
      const output = concat(outcome.chunks).toString('latin1').toLowerCase()
      for (const plant of PLANTS) expect(output.includes(plant.toLowerCase()), relative(root, path)).toBe(false)
      expect(new EgressVerifier().verifyObject(outcome.chunks, identifiersOf(original))).toMatchObject({
        kind: 'clean',
      })
    }
    expect(planted).toBeGreaterThan(200)
  })

  test('the verifier finds the original of every de-identified object', () => {
    const verifier = new EgressVerifier()
    for (const path of paths) {
      const bytes = readFileSync(path)
      if (siteDeidentifier().deidentify(bytes).kind !== 'deidentified') continue
      expect(verifier.verifyObject(bytes, identifiersOf(bytes)).kind, relative(root, path)).not.toBe('clean')
    }
  })
})

const SAMPLES = [
  'pydicom/CT_small.dcm',
  'pydicom/MR_small.dcm',
  'pydicom/dicomdirtests/77654033/CR1/6154',
  'pydicom/dicomdirtests/77654033/CT2/17106',
  'pydicom/dicomdirtests/98892003/MR1/15820',
  'pydicom-data/emri_small.dcm',
  'codecs/CT1_J2KR.dcm',
  'codecs/RG3_J2KR.dcm',
  'codecs/NM1_JPLL.dcm',
  'codecs/XA1_JPLL.dcm',
  'pydicom/rtdose.dcm',
]

describe.skipIf(corpus === undefined || dciodvfy === undefined)(
  'IOD conformance (skipped where ../shared/data/dicom or dciodvfy is missing)',
  () => {
    let folder = ''
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'leadglass-deidentify-'))
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    test.each(SAMPLES)('%s has no error after that it had not before', (name) => {
      const path = join(corpus ?? '', name)
      const outcome = siteDeidentifier().deidentify(readFileSync(path))
      if (outcome.kind !== 'deidentified') throw new Error(outcome.reason)
      const output = join(folder, 'output.dcm')
      writeFileSync(output, concat(outcome.chunks))
      const before = errorsOf(path)
      expect(errorsOf(output).filter((error) => !before.includes(error))).toEqual([])
    })
  },
)

/** Error lines of dciodvfy without the values that they quote. */
function errorsOf(path: string): string[] {
  const { stderr } = spawnSync(dciodvfy ?? '', [path], { encoding: 'utf8' })
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('Error'))
    .map((line) => line.replaceAll(/<[^>]*>/g, (value) => (/^<[A-Z][A-Za-z]+>$/.test(value) ? value : '<>')))
}

const PLANTS = [
  'Wolkenstein',
  'Eusebia',
  'PAT-77120-X',
  'ACC99817263',
  '31.12.1939',
  '19391231',
  'Whitecliff Clinic',
  '1.2.826.0.1.3680043.77.1234.5678',
]

/** The data set with another identity, and that identity in many other places. */
function withPlants(source: DataSet): DataSet {
  const note = 'seen by Dr. Wolkenstein for PAT-77120-X, born 31.12.1939, Whitecliff Clinic'
  const deep = [0x00081115, 0x00082218, 0x00089215, 0x00400260].reduce<DataSet>(
    (inner, tag) =>
      dataSetOf([
        sequenceElement(tag, [inner]),
        textElement(0x00104000, 'LT', note),
        textElement(0x00081070, 'PN', 'Wolkenstein^Eusebia'),
      ]),
    dataSetOf([
      textElement(0x00080104, 'LO', 'Wolkenstein protocol'),
      textElement(0x0040a160, 'UT', note),
      textElement(0x00081155, 'UI', '1.2.826.0.1.3680043.77.1234.5678'),
      textElement(0x00291020, 'LO', note),
      bytesElement(0x00091010, 'UN', Buffer.from(note)),
    ]),
  )
  const plants: Element[] = [
    textElement(0x00100010, 'PN', 'Wolkenstein^Eusebia'),
    textElement(0x00100020, 'LO', 'PAT-77120-X'),
    textElement(0x00100030, 'DA', '19391231'),
    textElement(0x00080050, 'SH', 'ACC99817263'),
    textElement(0x00080080, 'LO', 'Whitecliff Clinic'),
    textElement(0x00081030, 'LO', note.slice(0, 60)),
    textElement(0x00081090, 'LO', 'model of Wolkenstein'),
    textElement(0x00180024, 'SH', 'ACC99817263'),
    textElement(0x00204000, 'LT', note),
    textElement(0x00324000, 'LT', note),
    textElement(0x0018fff2, 'LT', note),
    textElement(0x60000022, 'LO', 'Wolkenstein'),
    bytesElement(0xfffcfffc, 'OB', Buffer.from(`${note} `)),
    ...deep.elements.values(),
  ]
  const elements = new Map(source.elements)
  for (const plant of plants) elements.set(plant.tag, plant)
  return dataSetOf(elements.values(), source.characterSets)
}

function readable(path: string): ReturnType<typeof parsePart10> | undefined {
  try {
    const file = parsePart10(readFileSync(path))
    return file.truncated ? undefined : file
  } catch {
    return undefined
  }
}
