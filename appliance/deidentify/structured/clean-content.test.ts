import { describe, expect, test } from 'vitest'
import {
  type DataSet,
  dataSetOf,
  type Element,
  sequence,
  sequenceElement,
  text,
  textElement,
} from '../../imaging/dataset/index.ts'
import { shiftDate } from '../dates.ts'
import { dateOffsetDays, pseudonymOfUid } from '../keys.ts'
import type { OptionName } from '../options.ts'
import { deidentified, fileWith, testDeidentifier, testKeys } from '../testing.ts'
import { CONTENT_EDITION, CONTENT_ROWS, contentActionOf } from './content-rules.ts'

const ENHANCED_SR = '1.2.840.10008.5.1.4.1.1.88.22'
const OPTIONS: readonly OptionName[] = ['clean-structured-content', 'retain-modified-dates']
const VALUE: Readonly<Record<string, readonly [number, 'UT' | 'PN' | 'UI' | 'DA' | 'TM' | 'DT', string]>> = {
  TEXT: [0x0040a160, 'UT', 'Chest of Quixano'],
  PNAME: [0x0040a123, 'PN', 'Rocinante^Don'],
  UIDREF: [0x0040a124, 'UI', '1.2.826.0.1.77.5'],
  DATE: [0x0040a121, 'DA', '20240229'],
  TIME: [0x0040a122, 'TM', '112233'],
  DATETIME: [0x0040a120, 'DT', '20240229112233'],
}

function coded(tag: number, code: string, scheme: string, meaning = 'Concept'): Element {
  return sequenceElement(tag, [
    dataSetOf([
      textElement(0x00080100, 'SH', code),
      textElement(0x00080102, 'SH', scheme),
      textElement(0x00080104, 'LO', meaning),
    ]),
  ])
}

function item(type: string, code: string, scheme = 'DCM', ...more: readonly Element[]): DataSet {
  const value = VALUE[type]
  return dataSetOf([
    textElement(0x0040a010, 'CS', 'CONTAINS'),
    textElement(0x0040a040, 'CS', type),
    coded(0x0040a043, code, scheme),
    ...(value === undefined ? [] : [textElement(...value)]),
    ...more,
  ])
}

function reference(): Element {
  const uids = [textElement(0x00081150, 'UI', '1.2.840.10008.5.1.4.1.1.2'), textElement(0x00081155, 'UI', '1.2.3.44')]
  return sequenceElement(0x00081199, [dataSetOf(uids)])
}

function report(items: readonly DataSet[]): Buffer {
  return fileWith([
    textElement(0x00080016, 'UI', ENHANCED_SR),
    textElement(0x0040a040, 'CS', 'CONTAINER'),
    coded(0x0040a043, '126000', 'DCM', 'Imaging Measurement Report'),
    sequenceElement(0x0040a730, items),
  ])
}

function cleaned(items: readonly DataSet[], options = OPTIONS): readonly DataSet[] {
  return sequence(deidentified(report(items), options).dataSet, 0x0040a730)
}

const keys = testKeys()
const MOVED = shiftDate('20240229', dateOffsetDays(keys, { issuer: '', id: 'MRN-8841-27' })) ?? ''

test('without the option a report is held', () => {
  expect(testDeidentifier().deidentify(report([]))).toMatchObject({ reason: 'structured-report' })
})

test('the title, numbers, codes and references stay; UIDs in references are replaced', () => {
  const measured = sequenceElement(0x0040a300, [
    dataSetOf([textElement(0x0040a30a, 'DS', '12.5'), coded(0x004008ea, 'mm', 'UCUM')]),
  ])
  const { dataSet } = deidentified(
    report([
      item('NUM', '103339001', 'SCT', measured),
      item('CODE', '363698007', 'SCT', coded(0x0040a168, '39607008', 'SCT', 'Lung')),
      item('IMAGE', '999', 'DCM', reference()),
      item('CONTAINER', '126010', 'DCM', sequenceElement(0x0040a730, [item('NUM', '1', 'SCT', measured)])),
    ]),
    OPTIONS,
  )
  expect(text(sequence(dataSet, 0x0040a043)[0] ?? dataSet, 0x00080104)).toBe('Imaging Measurement Report')
  const [number, code, image, container] = sequence(dataSet, 0x0040a730)
  const measuredBy = (one: DataSet | undefined): string | undefined =>
    one === undefined ? undefined : text(sequence(one, 0x0040a300)[0] ?? one, 0x0040a30a)
  expect(measuredBy(number)).toBe('12.5')
  expect(code && text(sequence(code, 0x0040a168)[0] ?? code, 0x00080104)).toBe('Lung')
  expect(image && text(sequence(image, 0x00081199)[0] ?? image, 0x00081155)).toBe(pseudonymOfUid(keys, '1.2.3.44'))
  expect(measuredBy(container && sequence(container, 0x0040a730)[0])).toBe('12.5')
})

describe('every row of table E.3.4-1', () => {
  const sets: readonly (readonly OptionName[])[] = [
    ['clean-structured-content'],
    OPTIONS,
    ['clean-structured-content', 'retain-full-dates'],
    ['clean-structured-content', 'retain-uids'],
    ['clean-structured-content', 'retain-device-identity'],
    ['clean-structured-content', 'retain-institution-identity'],
    ['clean-structured-content', 'retain-patient-characteristics'],
    ['clean-structured-content', 'clean-descriptors'],
  ]
  test.each(sets.map((options) => [options.join(', '), options] as const))('%s', (_, options) => {
    expect(CONTENT_ROWS).toHaveLength(206)
    expect(CONTENT_EDITION).toBe('2020b')
    const wrong: string[] = []
    for (const row of CONTENT_ROWS) {
      const references = ['IMAGE', 'COMPOSITE', 'WAVEFORM'].includes(row.valueType) ? [reference()] : []
      const [after] = cleaned([item(row.valueType, row.code, row.scheme, ...references)], options)
      const [tag, , before] = VALUE[row.valueType] ?? [0, '', '']
      const value = after === undefined ? 'absent' : tag === 0 ? 'there' : (text(after, tag) ?? '')
      if (value !== expected(row, before, new Set(options))) wrong.push(`${row.meaning} ${row.valueType}: ${value}`)
    }
    expect(wrong).toEqual([])
  })

  function expected(row: (typeof CONTENT_ROWS)[number], before: string, options: ReadonlySet<string>): string {
    const [type, isText] = [row.valueType, row.valueType === 'TEXT']
    const kept = (code: string, name: OptionName): boolean => row.options.get(code) === 'K' && options.has(name)
    const keeps =
      kept('113110', 'retain-uids') ||
      kept('113109', 'retain-device-identity') ||
      kept('113112', 'retain-institution-identity') ||
      kept('113108', 'retain-patient-characteristics') ||
      kept('113106', 'retain-full-dates')
    const basic = row.action === 'X' ? 'absent' : dummy(type)
    if (!(type in VALUE)) return row.action === 'X' && !keeps ? 'absent' : 'there'
    if (options.has('retain-modified-dates') && row.options.get('113107') === 'C')
      return before.replace('20240229', MOVED)
    // The name of the patient is in the text: what is kept whole gives way to the basic action.
    if (keeps) return isText ? basic : before
    if (options.has('clean-descriptors') && row.options.get('113105') === 'C') return 'Chest of'.slice(0, 5)
    return basic
  }

  function dummy(type: string): string {
    const dummies: Record<string, string> = {
      TEXT: 'ANONYMIZED',
      PNAME: 'ANONYMIZED',
      UIDREF: pseudonymOfUid(keys, '1.2.826.0.1.77.5'),
      DATE: '19000101',
      TIME: '000000',
      DATETIME: '19000101000000',
    }
    return dummies[type] ?? ''
  }

  test('an option that keeps, keeps; dates that are moved are moved', () => {
    const lot = CONTENT_ROWS.find(({ code }) => code === '113512')
    const specimen = CONTENT_ROWS.find(({ code }) => code === '121039')
    const start = CONTENT_ROWS.find(({ code }) => code === '123003')
    if (lot === undefined || specimen === undefined || start === undefined) throw new Error('a row is missing')
    expect(contentActionOf(lot, new Set())).toBe('remove')
    expect(contentActionOf(specimen, new Set())).toBe('remove')
    expect(contentActionOf(specimen, new Set(['retain-uids']))).toBe('keep')
    expect(contentActionOf(start, new Set())).toBe('dummy')
    expect(contentActionOf(start, new Set(['retain-full-dates']))).toBe('keep')
    expect(contentActionOf(start, new Set(['retain-modified-dates']))).toBe('dates')
  })
})

describe('items that the table does not name', () => {
  test('text keeps its safe words, a name becomes a dummy, dates and UIDs follow the options', () => {
    const others = ['TEXT', 'PNAME', 'UIDREF', 'DATE', 'TIME', 'DATETIME'].map((type) => item(type, '999999', '99TEST'))
    const values = (options: readonly OptionName[]): (string | undefined)[] =>
      cleaned(others, options).map((one) => text(one, VALUE[text(one, 0x0040a040) ?? '']?.[0] ?? 0))
    const uid = pseudonymOfUid(keys, '1.2.826.0.1.77.5')
    expect(values(OPTIONS)).toEqual(['Chest', 'ANONYMIZED', uid, MOVED, '112233', `${MOVED}112233`])
    expect(values(['clean-structured-content'])).toEqual([
      ...['Chest', 'ANONYMIZED', uid, '19000101', '000000', '19000101000000'],
    ])
    expect(values(['clean-structured-content', 'retain-full-dates', 'retain-uids'])).toEqual([
      ...['Chest', 'ANONYMIZED', '1.2.826.0.1.77.5', '20240229', '112233', '20240229112233'],
    ])
  })

  test('a text without a safe word leaves a dummy, so that the item stays whole', () => {
    const [one] = cleaned([item('TEXT', '999', '99TEST', textElement(0x0040a160, 'UT', 'Quixano 55F'))])
    expect(one && text(one, 0x0040a160)).toBe('ANONYMIZED')
  })
})

test('where items are named by their position none is taken out', () => {
  const byPosition = item('IMAGE', '121191', 'DCM', {
    tag: 0x0040db73,
    vr: 'UL',
    value: { kind: 'bytes', bytes: new Uint8Array(8), bigEndian: false },
  })
  const items = [
    item('TEXT', '121030'),
    item('TEXT', '113512'),
    item('CODE', '121032', 'DCM', coded(0x0040a168, 'F', 'DCM', 'Female')),
    byPosition,
  ]
  const after = cleaned(items, ['clean-structured-content'])
  expect(after).toHaveLength(4)
  expect(after[1] && text(after[1], 0x0040a160)).toBe('ANONYMIZED')
  expect(after[2] && text(sequence(after[2], 0x0040a168)[0] ?? after[2], 0x00080104)).toBe('ANONYMIZED')
  expect(cleaned(items.slice(0, 3), ['clean-structured-content'])).toHaveLength(1)
})

test('an age above 89 years is 90, where ages are kept', () => {
  const age = (years: string): DataSet =>
    item(
      'NUM',
      '121033',
      'DCM',
      sequenceElement(0x0040a300, [
        dataSetOf([textElement(0x0040a30a, 'DS', years), coded(0x004008ea, 'a', 'UCUM', 'years')]),
      ]),
    )
  const options: OptionName[] = ['clean-structured-content', 'retain-patient-characteristics']
  const ages = cleaned([age('97'), age('44')], options).map((one) =>
    text(sequence(one, 0x0040a300)[0] ?? one, 0x0040a30a),
  )
  expect(ages).toEqual(['90', '44'])
  expect(cleaned([age('97')], ['clean-structured-content'])).toHaveLength(0)
})

test('observers who verified are dummies, in a structure that stays', () => {
  const file = fileWith([
    textElement(0x00080016, 'UI', ENHANCED_SR),
    sequenceElement(0x0040a073, [
      dataSetOf([
        textElement(0x0040a027, 'LO', 'Hospital Dulcinea'),
        textElement(0x0040a030, 'DT', '20240229112233'),
        textElement(0x0040a075, 'PN', 'Rocinante^Don'),
        coded(0x0040a088, '42', '99LOCAL', 'Rocinante'),
      ]),
    ]),
  ])
  const { dataSet, bytes } = deidentified(file, OPTIONS)
  const [observer] = sequence(dataSet, 0x0040a073)
  expect(observer && text(observer, 0x0040a075)).toBe('ANONYMIZED')
  expect(observer && text(observer, 0x0040a027)).toBe('ANONYMIZED')
  expect(observer && text(observer, 0x0040a030)).toBe(`${MOVED}112233`)
  expect(observer && sequence(observer, 0x0040a088)).toEqual([])
  expect(bytes.includes('Rocinante')).toBe(false)
})
