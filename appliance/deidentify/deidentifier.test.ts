import { acquisitionFacts } from '@leadglass/sync-agent/contract'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytesElement,
  concat,
  dataSetOf,
  parsePart10,
  sequence,
  sequenceElement,
  text,
  textElement,
  texts,
} from '../imaging/dataset/index.ts'
import { EgressVerifier, identifiersOf } from './index.ts'
import { dateOffsetDays, pseudonymOfPatient, pseudonymOfStudy, pseudonymOfUid } from './keys.ts'
import type { DeidentifyReason } from './outcome.ts'
import { CT_IMAGE, deidentified, fileOf, fileWith, testDeidentifier, testKeys } from './testing.ts'

const JPEG = '1.2.840.10008.1.2.4.50'

function reasonOf(file: Uint8Array): DeidentifyReason | 'none' {
  const outcome = testDeidentifier().deidentify(file)
  return outcome.kind === 'quarantined' ? outcome.reason : 'none'
}

describe('what a de-identified object is', () => {
  test('it says so: marks, methods, pseudonyms, new file meta information, empty preamble', () => {
    const source = fileWith([textElement(0x00120063, 'LO', 'somebody else, 1999')])
    source.write('II*\0 a TIFF with a name in it', 0, 'latin1')
    const { outcome, bytes, dataSet } = deidentified(source)
    const keys = testKeys()
    const patient = { issuer: '', id: 'MRN-8841-27' }
    expect(outcome.patientPseudonym).toBe(pseudonymOfPatient(keys, patient))
    expect(outcome.studyPseudonym).toBe(pseudonymOfStudy(keys, '1.2.826.0.1.3680043.9.9999.1'))
    expect(outcome.sopInstanceUid).toBe(pseudonymOfUid(keys, '1.2.826.0.1.3680043.9.9999.1.1.1'))
    expect(text(dataSet, 0x00100020)).toBe(outcome.patientPseudonym)
    expect(text(dataSet, 0x00100010)).toBe(`ANON^${outcome.patientPseudonym.slice(0, 12)}`)
    expect(text(dataSet, 0x00120062)).toBe('YES')
    expect(text(dataSet, 0x00280303)).toBe('MODIFIED')
    expect(texts(dataSet, 0x00120063)).toEqual(['PS3.15 2024b table E.1-1'])
    expect(sequence(dataSet, 0x00120064).map((item) => text(item, 0x00080100))).toEqual(['113100', '113107', '113108'])
    expect(bytes.subarray(0, 128).every((byte) => byte === 0)).toBe(true)
    expect(parsePart10(bytes).meta.mediaStorageSopInstanceUid).toBe(outcome.sopInstanceUid)
    expect(parsePart10(bytes).metaElements.elements.size).toBe(6)
  })

  test('pixel data is the very memory of the input', () => {
    const source = fileWith()
    const { outcome } = deidentified(source)
    expect(outcome.chunks.some((chunk) => chunk.buffer === source.buffer && chunk.length === 5000)).toBe(true)
  })

  test('the same input gives the same bytes, whatever was done before', () => {
    const one = fileWith()
    const two = fileWith([textElement(0x00100020, 'LO', 'OTHER-1'), textElement(0x00080018, 'UI', '1.2.3.4.5')])
    const forward = testDeidentifier()
    const backward = testDeidentifier()
    const bytesOf = (outcome: ReturnType<typeof forward.deidentify>): string =>
      outcome.kind === 'deidentified' ? concat(outcome.chunks).toString('hex') : outcome.reason
    const first = [bytesOf(forward.deidentify(one)), bytesOf(forward.deidentify(two))]
    const second = [bytesOf(backward.deidentify(two)), bytesOf(backward.deidentify(one))].reverse()
    expect(second).toEqual(first)
  })

  test('the input is not changed', () => {
    const source = fileWith([sequenceElement(0x00082218, [dataSetOf([textElement(0x00104000, 'LT', 'note')])])])
    const before = Buffer.from(source)
    deidentified(source)
    expect(source.equals(before)).toBe(true)
  })
})

describe('what goes', () => {
  test('private elements at every depth', () => {
    const item = dataSetOf([textElement(0x00090010, 'LO', 'CREATOR'), textElement(0x00091001, 'LO', 'inside')])
    const { bytes, outcome } = deidentified(
      fileWith([
        textElement(0x00190010, 'LO', 'MAKER'),
        textElement(0x00191001, 'LO', 'secret'),
        sequenceElement(0x00082218, [item]),
      ]),
    )
    expect(['CREATOR', 'inside', 'MAKER', 'secret'].some((word) => bytes.includes(word))).toBe(false)
    expect(outcome.report.actions['private-removed']).toBe(4)
  })

  test('attributes of a later edition, retired ones, curves and overlays', () => {
    const { dataSet, bytes, outcome } = deidentified(
      fileWith([
        textElement(0x0018fff0, 'LO', 'from the future'),
        textElement(0x00324000, 'LT', 'retired comments'),
        bytesElement(0x50003000, 'OW', Buffer.from('curve curve ')),
        textElement(0x60000022, 'LO', 'overlay words'),
        bytesElement(0x60003000, 'OW', Buffer.from('overlay plane ')),
        bytesElement(0xfffcfffc, 'OB', Buffer.from('padding text')),
      ]),
    )
    expect(
      [0x0018fff0, 0x00324000, 0x50003000, 0x60000022, 0x60003000, 0xfffcfffc].filter((tag) =>
        dataSet.elements.has(tag),
      ),
    ).toEqual([])
    expect(outcome.report.actions).toMatchObject({ 'graphics-removed': 3, 'unlisted-removed': 1, removed: 2 })
    expect(['future', 'retired', 'curve', 'overlay', 'padding'].some((word) => bytes.includes(word))).toBe(false)
  })

  test('values that are not what their VR says, and numbers beyond the multiplicity', () => {
    const { dataSet } = deidentified(
      fileWith([
        textElement(0x00180015, 'CS', 'Dr. Hand, room 5'),
        textElement(0x00180050, 'DS', 'Alonso'),
        textElement(0x00280010, 'LO', 'not a number of rows'),
        bytesElement(0x00280011, 'US', Buffer.from('not a number of columns ')),
        textElement(0x00080008, 'CS', 'ORIGINAL', 'PRIMARY'),
      ]),
    )
    expect([0x00180015, 0x00180050, 0x00280010, 0x00280011].filter((tag) => dataSet.elements.has(tag))).toEqual([])
    expect(texts(dataSet, 0x00080008)).toEqual(['ORIGINAL', 'PRIMARY'])
  })

  test("the study's own names in attributes that stay", () => {
    const { dataSet, bytes } = deidentified(
      fileWith([
        textElement(0x00080070, 'LO', 'Maker'),
        textElement(0x00081090, 'LO', 'scanner of QUIXANO'),
        textElement(0x00180015, 'CS', 'CHEST'),
      ]),
    )
    expect(text(dataSet, 0x00081090)).toBeUndefined()
    expect(text(dataSet, 0x00080070)).toBe('Maker')
    expect(text(dataSet, 0x00180015)).toBe('CHEST')
    expect(bytes.toString('latin1').toLowerCase().includes('quixano')).toBe(false)
  })

  test('bytes behind the last native pixel', () => {
    const pixels = Buffer.concat([Buffer.alloc(5000), Buffer.from('NAME BEHIND THE PIXELS')])
    const image = [
      bytesElement(0x00280010, 'US', Uint8Array.of(50, 0)),
      bytesElement(0x00280011, 'US', Uint8Array.of(50, 0)),
      bytesElement(0x00280100, 'US', Uint8Array.of(16, 0)),
      bytesElement(0x7fe00010, 'OW', pixels),
    ]
    const { dataSet, bytes } = deidentified(fileWith(image))
    const value = dataSet.elements.get(0x7fe00010)?.value
    expect(value?.kind === 'bytes' ? value.bytes.length : 0).toBe(5000)
    expect(bytes.includes('BEHIND')).toBe(false)
  })

  test('comments of JPEG frames, with the offset table moved along', () => {
    const segment = (marker: number, content: string): number[] => [
      0xff,
      marker,
      0,
      content.length + 2,
      ...Buffer.from(content),
    ]
    const scan = [0xff, 0xda, 0, 2, 9, 9, 9, 9, 0xff, 0xd9]
    const frame = [
      0xff,
      0xd8,
      ...segment(0xe0, 'JFIF\0'),
      ...segment(0xfe, 'SMITH'),
      ...segment(0xe1, 'Exif'),
      ...segment(0xee, 'Adobe'),
      ...scan,
    ]
    const fragments = [Uint8Array.from(frame), Uint8Array.from(frame)]
    const offsetTable = Buffer.alloc(8)
    offsetTable.writeUInt32LE(8 + frame.length + (frame.length % 2), 4)
    const pixels = { tag: 0x7fe00010, vr: 'OB' as const, value: { kind: 'fragments' as const, offsetTable, fragments } }
    const { dataSet, bytes, outcome } = deidentified(fileWith([pixels], JPEG))
    expect(outcome.transferSyntaxUid).toBe(JPEG)
    expect(bytes.includes('SMITH') || bytes.includes('Exif')).toBe(false)
    const value = dataSet.elements.get(0x7fe00010)?.value
    if (value?.kind !== 'fragments') throw new Error('no fragments')
    const [first] = value.fragments
    expect(Buffer.from(first ?? []).includes('JFIF') && Buffer.from(first ?? []).includes('Adobe')).toBe(true)
    expect(Buffer.from(value.offsetTable).readUInt32LE(4)).toBe(8 + (first?.length ?? 0))
    const broken = {
      ...pixels,
      value: {
        ...pixels.value,
        offsetTable: new Uint8Array(0),
        fragments: [Uint8Array.from([0xff, 0xd8, 0xff, 0xfe, 0xff, 0xff, 1, 1])],
      },
    }
    expect(reasonOf(fileWith([broken], JPEG))).toBe('jpeg-header-unreadable')
  })
})

describe('what stays', () => {
  test('structural UIDs, well-known instances, and references that can be followed', () => {
    const study = '1.2.826.0.1.3680043.9.9999.1'
    const reference = dataSetOf([
      textElement(0x00081150, 'UI', '1.2.826.0.1.555'),
      textElement(0x00081155, 'UI', '1.2.826.0.1.3680043.9.9999.1.1.1'),
    ])
    const { dataSet, outcome } = deidentified(
      fileWith([
        sequenceElement(0x00081115, [
          dataSetOf([textElement(0x0020000e, 'UI', study), sequenceElement(0x0008114a, [reference])]),
        ]),
        textElement(0x00200052, 'UI', '1.2.840.10008.1.4.1.1'),
      ]),
    )
    const series = sequence(dataSet, 0x00081115)[0]
    const instance = series === undefined ? undefined : sequence(series, 0x0008114a)[0]
    if (series === undefined || instance === undefined) throw new Error('the reference is gone')
    expect(text(instance, 0x00081150)).toBe('1.2.826.0.1.555')
    expect(text(instance, 0x00081155)).toBe(outcome.sopInstanceUid)
    expect(text(series, 0x0020000e)).toBe(text(dataSet, 0x0020000d))
    expect(text(dataSet, 0x00200052)).toBe('1.2.840.10008.1.4.1.1')
    expect(text(dataSet, 0x00080016)).toBe(CT_IMAGE)
  })

  test('text of any character set becomes UTF-8, in items too', () => {
    const item = dataSetOf([textElement(0x00080104, 'LO', 'Sch\xe4del')])
    const { dataSet } = deidentified(
      fileWith([
        textElement(0x00080005, 'CS', 'ISO_IR 100'),
        sequenceElement(0x00082218, [item]),
        textElement(0x00080070, 'LO', 'K\xfchn AG'),
      ]),
    )
    expect(text(dataSet, 0x00080005)).toBe('ISO_IR 192')
    expect(text(dataSet, 0x00080070)).toBe('Kühn AG')
    const [region] = sequence(dataSet, 0x00082218)
    expect(region === undefined ? '' : text(region, 0x00080104)).toBe('Schädel')
  })

  test('sex, and the age up to 89', () => {
    const ageOf = (age: string): string | undefined =>
      text(deidentified(fileWith([textElement(0x00101010, 'AS', age)])).dataSet, 0x00101010)
    expect([ageOf('044Y'), ageOf('089Y'), ageOf('090Y'), ageOf('117Y'), ageOf('007D')]).toEqual([
      '044Y',
      '089Y',
      '090Y',
      '090Y',
      '007D',
    ])
    expect(text(deidentified(fileWith([textElement(0x00100040, 'CS', 'F')])).dataSet, 0x00100040)).toBe('F')
  })

  test('intervals: every date of a patient moves by the same days, in every object', () => {
    const date = fc
      .integer({ min: 0, max: 20_000 })
      .map((days) => new Date(Date.UTC(1970, 0, 1 + days)).toISOString().slice(0, 10).replaceAll('-', ''))
    const offset = dateOffsetDays(testKeys(), { issuer: '', id: 'MRN-8841-27' })
    const day = (value: string | undefined): number =>
      Date.parse((value ?? '').replace(/^(....)(..)(..).*$/, '$1-$2-$3')) / 86_400_000
    fc.assert(
      fc.property(date, date, (study, injection) => {
        const { dataSet } = deidentified(
          fileWith([textElement(0x00080020, 'DA', study), textElement(0x00181078, 'DT', `${injection}235959`)]),
        )
        expect(day(text(dataSet, 0x00080020)) - day(study)).toBe(offset)
        expect(day(text(dataSet, 0x00181078)) - day(injection)).toBe(offset)
        expect(text(dataSet, 0x00181078)?.slice(8)).toBe('235959')
      }),
      { numRuns: 50 },
    )
  })
})

describe('acquisition facts', () => {
  test('they are what the contract allows, from the shifted dates', () => {
    const { outcome, dataSet } = deidentified(
      fileWith([
        textElement(0x00185101, 'CS', 'PA'),
        textElement(0x00100040, 'CS', 'M'),
        textElement(0x00100030, 'DA', '19310301'),
      ]),
    )
    expect(acquisitionFacts.parse(outcome.acquisition)).toEqual({
      modality: 'CT',
      view: 'PA',
      sex: 'M',
      ageDecade: 9,
      month: text(dataSet, 0x00080020)?.replace(/^(....)(..)..$/, '$1-$2'),
    })
  })

  test('what is unknown is said to be unknown', () => {
    const { outcome } = deidentified(
      fileWith([textElement(0x00080060, 'CS', 'SM'), textElement(0x00185101, 'CS', 'XTABLE')]),
    )
    expect(outcome.acquisition).toMatchObject({ modality: 'OT', view: 'unknown', sex: 'unknown', ageDecade: null })
  })
})

describe('pixel risk', () => {
  test.each([
    ['none', []],
    ['none', [textElement(0x00280301, 'CS', 'NO')]],
    ['declared', [textElement(0x00280301, 'CS', 'YES')]],
    ['declared', [bytesElement(0x60000010, 'US', Uint8Array.of(1, 0))]],
    ['risky-class', [textElement(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.6.1')]],
    ['risky-class', [textElement(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.7')]],
    ['risky-class', [textElement(0x00080008, 'CS', 'DERIVED', 'SECONDARY', 'SCREEN SAVE')]],
  ] as const)('%s (%#)', (risk, elements) => {
    expect(deidentified(fileWith([...elements])).outcome.pixelRisk).toBe(risk)
  })
})

describe('quarantine', () => {
  const without = (...tags: number[]): Buffer => {
    const { dataSet } = parsePart10(fileWith())
    const elements = [...dataSet.elements.values()].filter((element) => !tags.includes(element.tag))
    return fileOf(dataSetOf(elements))
  }

  test.each<[DeidentifyReason, Buffer]>([
    ['object-unreadable', Buffer.from('this is a letter and no image')],
    ['object-truncated', fileWith().subarray(0, -10)],
    ['study-uid-missing', without(0x0020000d)],
    ['date-missing', without(0x00080020)],
    ['encapsulated-document', fileWith([textElement(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.104.1')])],
    ['structured-report', fileWith([textElement(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.88.33')])],
    ['media-directory', fileWith([textElement(0x00080016, 'UI', '1.2.840.10008.1.3.10')])],
    ['transfer-syntax-contradicted', fileWith([], JPEG)],
  ])('%s', (reason, file) => {
    expect(reasonOf(file)).toBe(reason)
  })

  test('a missing Patient ID stands for one patient per study, never for one patient of all', () => {
    const one = deidentified(without(0x00100020)).outcome.patientPseudonym
    const dataSet = parsePart10(without(0x00100020)).dataSet
    dataSet.elements.set(0x0020000d, textElement(0x0020000d, 'UI', '1.2.3.4'))
    expect(deidentified(fileOf(dataSet)).outcome.patientPseudonym).not.toBe(one)
  })

  test('placeholders of Patient ID do not make one patient of many', () => {
    for (const placeholder of ['UNKNOWN', '0000', '-', 'n/a', 'Anonymous']) {
      const inStudy = (study: string): string =>
        deidentified(fileWith([textElement(0x00100020, 'LO', placeholder), textElement(0x0020000d, 'UI', study)]))
          .outcome.patientPseudonym
      expect(inStudy('1.2.3.4')).not.toBe(inStudy('1.2.3.5'))
    }
  })

  test('thousands of names in one object are refused by both sides', () => {
    const names = Array.from({ length: 6000 }, (_, index) => `Name${index}`)
    const file = fileWith([{ ...textElement(0x00081048, 'PN', ...names) }], '1.2.840.10008.1.2')
    expect(reasonOf(file)).toBe('too-many-identifiers')
    expect(new EgressVerifier().verifyJson('{}', identifiersOf(file))).toEqual({
      kind: 'error',
      code: 'too-many-identifiers',
    })
  })

  test('elements of groups under 0008 within the data set go', () => {
    const { dataSet } = deidentified(
      fileWith([textElement(0x00041511, 'UI', '1.2.3'), textElement(0x00041500, 'CS', 'PATH')]),
    )
    expect([...dataSet.elements.keys()].filter((tag) => tag < 0x00080000)).toEqual([])
  })

  test('whatever the bytes are, the outcome is one of the two kinds', () => {
    const whole = fileWith([sequenceElement(0x00082218, [dataSetOf([textElement(0x00080104, 'LO', 'x')])])])
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(whole.length),
        (edits, end) => {
          const copy = Buffer.from(whole)
          for (const [at, byte] of edits) copy[at % 900] = byte
          expect(['deidentified', 'quarantined']).toContain(testDeidentifier().deidentify(copy.subarray(0, end)).kind)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

test('of several values only those that hold an identifier go; a code string keeps its place', () => {
  const { dataSet } = deidentified(
    fileWith([
      textElement(0x00080008, 'CS', 'ORIGINAL', 'PRIMARY', 'QUIXANO'),
      textElement(0x00181210, 'SH', 'B30f', 'for Quixano'),
      textElement(0x00181250, 'SH', 'Quixano'),
    ]),
  )
  expect(texts(dataSet, 0x00080008)).toEqual(['ORIGINAL', 'PRIMARY', 'ANONYMIZED'])
  expect(texts(dataSet, 0x00181210)).toEqual(['B30f', ''])
  expect(text(dataSet, 0x00181250)).toBeUndefined()
})

test("Operators' Name stays, empty, where radiotherapy objects need it", () => {
  const dose = '1.2.840.10008.5.1.4.1.1.481.2'
  const operator = textElement(0x00081070, 'PN', 'Carrasco^Sanson')
  const inDose = deidentified(fileWith([textElement(0x00080016, 'UI', dose), operator])).dataSet
  expect(inDose.elements.has(0x00081070)).toBe(true)
  expect(text(inDose, 0x00081070)).toBeUndefined()
  expect(deidentified(fileWith([operator])).dataSet.elements.has(0x00081070)).toBe(false)
})
