import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytesElement,
  type DataSet,
  dataSetOf,
  type Element,
  isVr,
  parsePart10,
  sequence,
  sequenceElement,
  text,
  textElement,
  traitsOf,
  type Vr,
} from '../imaging/dataset/index.ts'
import { basicAction } from './cleaner.ts'
import { shiftDate } from './dates.ts'
import { Deidentifier, EgressVerifier, NAMED_PROFILES } from './index.ts'
import { dateOffsetDays } from './keys.ts'
import { methodsOf, type OptionName, PROFILE_OPTIONS, temporalMark } from './options.ts'
import { allRows, type ProfileRow } from './table/index.ts'
import { CT_IMAGE, deidentified, fileWith, testDeidentifier, testKeys } from './testing.ts'

const ENHANCED_CT = '1.2.840.10008.5.1.4.1.1.2.1'
const UNKNOWN_CLASS = '1.2.826.0.1.9'

/** Options of the attributes, one by one, and combinations in which columns meet. */
const SETS: readonly (readonly OptionName[])[] = [
  [],
  ...PROFILE_OPTIONS.filter(({ by }) => by === 'attributes').map(({ name }) => [name]),
  ['retain-modified-dates', 'retain-device-identity'],
  ['retain-full-dates', 'retain-device-identity', 'retain-uids'],
  ['clean-descriptors', 'retain-patient-characteristics', 'retain-institution-identity'],
  ...NAMED_PROFILES.map(({ options }) => options),
]

/** What a verifier looks for when there is nothing to look for. */
const NOBODY = { names: [], ids: [], birthDates: [], uids: [], places: [], raw: [] }

/** Written by the de-identifier itself, or what the object is known by. */
const OWN = new Set([0x00080016, 0x00080018, 0x00100010, 0x00100020, 0x00120063, 0x00120064, 0x00280303, 0x00080005])

const TEXT_VRS: readonly Vr[] = ['LO', 'LT', 'SH', 'ST', 'UC', 'UT']
const DATES: Partial<Record<Vr, string>> = { DA: '20240229', DT: '20240229112233', TM: '112233' }

/** A value of its own for each row, which holds a safe word where it is text. */
function planted({ tag, vrs }: ProfileRow): Element | undefined {
  const [vr = ''] = vrs
  if (!isVr(vr)) return undefined
  const token = `W${tag.toString(16).padStart(8, '0').toUpperCase()}`
  if (vr === 'SQ') return sequenceElement(tag, [dataSetOf([textElement(0x00080100, 'SH', token)])])
  if (TEXT_VRS.includes(vr)) return textElement(tag, vr, `Chest ${token}`)
  const numbers: Partial<Record<Vr, string>> = { UI: `1.2.826.0.1.77.${tag}`, AS: '044Y', DS: '77.5', IS: '77' }
  const value = DATES[vr] ?? numbers[vr]
  if (value !== undefined) return textElement(tag, vr, value)
  return traitsOf(vr).text === 'none' ? bytesElement(tag, vr, new Uint8Array(8).fill(65)) : textElement(tag, vr, token)
}

type Expected = 'absent' | 'empty' | 'same' | 'changed' | 'items' | 'Chest' | 'moved'

/** What the columns of the table ask for, without the code that applies them. */
function expectedState(row: ProfileRow, vr: Vr, options: ReadonlySet<string>, sopClassUid: string): Expected {
  const code = (name: OptionName): string => PROFILE_OPTIONS.find((one) => one.name === name)?.code ?? ''
  const applies = (name: OptionName, action: 'K' | 'C'): boolean =>
    options.has(name) && row.options.get(code(name)) === action
  const names = PROFILE_OPTIONS.map(({ name }) => name)
  if (applies('retain-modified-dates', 'C') && vr in DATES) return vr === 'TM' ? 'same' : 'moved'
  if (!applies('retain-modified-dates', 'C')) {
    if (names.some((name) => applies(name, 'K'))) return vr === 'SQ' ? 'items' : 'same'
    const cleans = names.filter((name) => applies(name, 'C'))
    if (cleans.length > 0 && vr === 'SQ') return 'items'
    if (cleans.length > 0 && TEXT_VRS.includes(vr)) return 'Chest'
  }
  switch (basicAction(row, sopClassUid, 0)) {
    case 'X':
      return 'absent'
    case 'Z':
      return 'empty'
    case 'D':
      return vr === 'SQ' && row.tag !== 0x00401101 ? 'items' : 'changed'
    case 'U':
      return vr === 'SQ' ? 'items' : 'changed'
  }
}

function stateOf(dataSet: DataSet, before: Element): Expected {
  const after = dataSet.elements.get(before.tag)
  if (after === undefined) return 'absent'
  if (after.value.kind === 'items') {
    if (after.value.items.length === 0) return 'empty'
    return after.value.items.some((item) => text(item, 0x00080100) === 'ANONYMIZED') ? 'changed' : 'items'
  }
  const [was, is] = [bytesText(before), bytesText(after)]
  if (is === was) return 'same'
  if (is === '') return 'empty'
  const keys = testKeys()
  const moved = shiftDate('20240229', dateOffsetDays(keys, { issuer: 'Chest W00100021', id: 'MRN-8841-27' })) ?? ''
  if (was.startsWith('20240229') && is === was.replace('20240229', moved)) return 'moved'
  return is === 'Chest' ? 'Chest' : 'changed'
}

function bytesText({ vr, value }: Element): string {
  if (value.kind !== 'bytes') return '?'
  const bytes = Buffer.from(value.bytes)
  return traitsOf(vr).text === 'none' ? bytes.toString('hex') : bytes.toString('latin1').replace(/[\0 ]+$/, '')
}

const rows = [...allRows()].filter(({ tag }) => tag >= 0x00080000 && !OWN.has(tag))

describe.each([CT_IMAGE, ENHANCED_CT, UNKNOWN_CLASS])('every row under every option, SOP class %s', (sopClassUid) => {
  test.each(SETS.map((options) => [options.join(', ') || 'no option', options] as const))('%s', (_, options) => {
    const elements = rows.flatMap((row) => planted(row) ?? [])
    const { dataSet } = deidentified(fileWith([...elements, textElement(0x00080016, 'UI', sopClassUid)]), options)
    const wrong: string[] = []
    let checked = 0
    for (const row of rows) {
      const element = elements.find(({ tag }) => tag === row.tag)
      if (element === undefined) continue
      checked += 1
      const expected = expectedState(row, element.vr, new Set<string>(options), sopClassUid)
      const state = stateOf(dataSet, element)
      if (state !== expected) wrong.push(`${row.name} ${row.action} ${element.vr}: ${state}, not ${expected}`)
    }
    expect(wrong).toEqual([])
    expect(checked).toBeGreaterThan(600)
  })
})

describe('what an object says of itself', () => {
  test.each(SETS.map((options) => [options.join(', ') || 'no option', options] as const))('%s', (_, options) => {
    const { dataSet } = deidentified(fileWith(), options)
    const codes = sequence(dataSet, 0x00120064).map((item) => text(item, 0x00080100))
    const expected = PROFILE_OPTIONS.filter(({ name }) => options.includes(name)).map(({ code }) => code)
    expect(codes).toEqual(['113100', ...expected])
    expect(text(dataSet, 0x00120062)).toBe('YES')
    expect(text(dataSet, 0x00280303)).toBe(temporalMark(new Set(options)))
    expect(dataSet.elements.has(0x00280301)).toBe(false)
  })

  test('(0028,0303) follows the dates', () => {
    expect(temporalMark(new Set())).toBe('REMOVED')
    expect(temporalMark(new Set(['retain-full-dates']))).toBe('UNMODIFIED')
    expect(temporalMark(new Set(['retain-modified-dates']))).toBe('MODIFIED')
  })

  test('meanings fit into LO, codes ascend, and options of pixels are claimed only when they were done', () => {
    const all = methodsOf(
      PROFILE_OPTIONS.map(({ name }) => name),
      ['clean-pixel-data'],
    )
    expect(all.map(([code]) => code)).toEqual([...all.map(([code]) => code)].sort())
    expect(all.every(([, meaning]) => meaning.length <= 64)).toBe(true)
    expect(all.map(([code]) => code)).toContain('113101')
    expect(all.map(([code]) => code)).not.toContain('113102')
    const engine = testDeidentifier()
    const cleaned = engine.clean(() => parsePart10(fileWith()))
    if (cleaned.kind !== 'cleaned') throw new Error(cleaned.reason)
    const sealed = engine.sealed(cleaned, ['clean-pixel-data', 'clean-recognizable-visual-features'])
    if (sealed.kind !== 'sealed') throw new Error(sealed.reason)
    expect(text(sealed.output, 0x00280301)).toBe('NO')
    expect(text(sealed.output, 0x00280302)).toBe('NO')
  })

  test('dates are not kept and moved at once', () => {
    const options: OptionName[] = ['retain-full-dates', 'retain-modified-dates']
    expect(() => new Deidentifier({ keys: testKeys(), profile: { patientIssuer: '', options } })).toThrow(RangeError)
  })
})

test('what leaves the appliance is the same under every option', () => {
  const file = fileWith([textElement(0x00100040, 'CS', 'F'), textElement(0x00101010, 'AS', '044Y')])
  const facts = SETS.map((options) => deidentified(file, options).outcome.acquisition)
  for (const one of facts) expect(one).toEqual(facts[0])
  expect(facts[0]).toMatchObject({ modality: 'CT', sex: 'F', ageDecade: 4 })
})

describe('no identifier survives', () => {
  const DATE = '20240229'
  const STUDY = '1.2.826.0.1.3680043.9.9999.1'
  /** Each plant, and the option that keeps it. */
  const PLANTS: readonly (readonly [value: string, keeper: OptionName | undefined])[] = [
    ['Quixano', undefined],
    ['MRN-8841-27', undefined],
    ['ACC-5512-X', undefined],
    ['Rocinante', undefined],
    ['19470715', undefined],
    ['Hospital Dulcinea', 'retain-institution-identity'],
    ['SERIAL-9931', 'retain-device-identity'],
    [STUDY, 'retain-uids'],
    [DATE, 'retain-full-dates'],
  ]
  const item = dataSetOf([
    textElement(0x00100010, 'PN', 'Quixano^Alonso'),
    textElement(0x00081030, 'LO', 'CT chest Quixano MRN-8841-27'),
    textElement(0x00090010, 'LO', 'ELSCINT1'),
  ])
  const file = fileWith([
    textElement(0x00080050, 'SH', 'ACC-5512-X'),
    textElement(0x00080080, 'LO', 'Hospital Dulcinea'),
    textElement(0x00080081, 'ST', 'Hospital Dulcinea, La Mancha'),
    textElement(0x00081030, 'LO', 'CT chest, Dr. Rocinante, Hospital Dulcinea 55F'),
    textElement(0x0008103e, 'LO', 'Quixano chest 19470715'),
    textElement(0x00081090, 'LO', 'Model of Quixano'),
    textElement(0x00081050, 'PN', 'Rocinante^Don'),
    textElement(0x00100030, 'DA', '19470715'),
    textElement(0x00102110, 'LO', 'Quixano latex'),
    textElement(0x00104000, 'LT', 'comment on Quixano'),
    textElement(0x00181000, 'LO', 'SERIAL-9931'),
    textElement(0x00091001, 'LO', 'Quixano SERIAL-9931 ACC-5512-X'),
    textElement(0x00e10010, 'LO', 'ELSCINT1'),
    textElement(0x00e11021, 'DS', '12.5'),
    textElement(0x00e11022, 'LO', 'Quixano Hospital Dulcinea'),
    textElement(0x60004000, 'LT', 'overlay of Quixano'),
    sequenceElement(0x00081115, [item]),
    sequenceElement(0x00700001, [
      dataSetOf([sequenceElement(0x00700008, [dataSetOf([textElement(0x00700006, 'ST', 'Quixano 19470715 chest')])])]),
    ]),
    sequenceElement(0x0040a730, [
      dataSetOf([
        textElement(0x0040a040, 'CS', 'TEXT'),
        textElement(0x0040a160, 'UT', 'Chest of Quixano, MRN-8841-27, born 19470715, sent by Rocinante'),
      ]),
    ]),
  ])

  test('under any combination, but for what an option keeps', () => {
    const names = PROFILE_OPTIONS.filter(({ by }) => by === 'attributes').map(({ name }) => name)
    fc.assert(
      fc.property(fc.subarray(names), (chosen) => {
        const options = chosen.includes('retain-full-dates')
          ? chosen.filter((name) => name !== 'retain-modified-dates')
          : chosen
        const { bytes } = deidentified(file, options)
        for (const [value, keeper] of PLANTS) {
          const mayStay = keeper !== undefined && options.includes(keeper)
          expect(`${value}: ${bytes.includes(value)}`).toBe(`${value}: ${mayStay}`)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('private elements that are known to be safe pass a verifier that expects them, and no other', () => {
    const processed = testDeidentifier(testKeys(), ['retain-safe-private']).process(file)
    if (!('outcome' in processed)) throw new Error(processed.reason)
    const { outcome, mayNotStay } = processed
    const expecting = new EgressVerifier({ allowsPrivate: true })
    expect(parsePart10(Buffer.concat(outcome.chunks)).dataSet.elements.has(0x00e11021)).toBe(true)
    expect(expecting.verifyObject(outcome.chunks, mayNotStay).kind).toBe('clean')
    expect(new EgressVerifier().verifyObject(outcome.chunks, mayNotStay)).toMatchObject({ rule: 'private-element' })
    const elements = [textElement(0x00120062, 'CS', 'YES'), textElement(0x00100010, 'PN', '')]
    for (const [creator, tag] of [
      ['ELSCINT1', 0x00e11022],
      ['ELSCINT2', 0x00e11021],
      ['ELSCINT1', 0x00e11121],
    ] as const) {
      const written = fileWith([...elements, textElement(0x00e10010, 'LO', creator), textElement(tag, 'DS', '1')])
      for (let at = 0; at < 128; at += 1) written[at] = 0
      expect(expecting.verifyObject(written, NOBODY)).toMatchObject({ rule: 'private-element' })
    }
  })

  test('and the verifier agrees about each named profile', () => {
    for (const { name, options } of NAMED_PROFILES) {
      const processed = testDeidentifier(testKeys(), options).process(file)
      if (!('outcome' in processed)) throw new Error(processed.reason)
      const { outcome, mayNotStay, identifiers } = processed
      expect(new EgressVerifier().verifyObject(outcome.chunks, mayNotStay).kind, name).toBe('clean')
      const keeps = options.some((one) => one.startsWith('retain-') && /uids|device|institution/.test(one))
      expect(new EgressVerifier().verifyObject(outcome.chunks, identifiers).kind, name).toBe(keeps ? 'hit' : 'clean')
    }
  })
})
