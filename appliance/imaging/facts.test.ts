import { describe, expect, it } from 'vitest'
import { dataSetOf, type Element, sequenceElement, textElement } from './dataset/index.ts'
import { instanceFacts } from './facts.ts'
import { applyValueMap, modalityLut } from './luts.ts'

function words(tag: number, ...values: number[]): Element {
  const bytes = new Uint8Array(Uint16Array.from(values).buffer)
  return { tag, vr: 'US', value: { kind: 'bytes', bytes, bigEndian: false } }
}

describe('facts of an instance', () => {
  it('come from the plain attributes', () => {
    const facts = instanceFacts(
      dataSetOf([
        textElement(0x00080060, 'CS', 'DX'),
        textElement(0x00180015, 'CS', 'CHEST'),
        textElement(0x00185101, 'CS', 'PA'),
        textElement(0x00280004, 'CS', 'MONOCHROME1'),
        words(0x00280010, 64),
        words(0x00280011, 65),
      ]),
    )
    expect(facts).toMatchObject({
      modality: 'DX',
      bodyPart: 'CHEST',
      view: 'PA',
      rows: 64,
      columns: 65,
      frames: 1,
      monochrome: true,
    })
  })

  it('come from codes where the plain attributes are absent', () => {
    const code = (value: string) => [dataSetOf([textElement(0x00080100, 'SH', value)])]
    const facts = instanceFacts(
      dataSetOf([sequenceElement(0x00082218, code('51185008')), sequenceElement(0x00540220, code('R-10206'))]),
    )
    expect(facts).toMatchObject({ bodyPart: 'CHEST', view: 'AP' })
  })

  it('are empty, not guessed, for an empty header', () => {
    expect(instanceFacts(dataSetOf([]))).toMatchObject({
      modality: '',
      bodyPart: '',
      view: '',
      rows: 0,
      monochrome: false,
    })
  })
})

describe('the modality LUT', () => {
  const table = (...entries: number[]): Element =>
    sequenceElement(0x00283000, [
      dataSetOf([words(0x00283002, entries.length, 100, 16), words(0x00283006, ...entries)]),
    ])

  it('takes the table before slope and intercept, and clamps to its ends', () => {
    const map = modalityLut(dataSetOf([table(7, 8, 9), textElement(0x00281053, 'DS', '5')]), { signed: false })
    expect(Array.from(applyValueMap(map, Uint16Array.of(0, 100, 101, 102, 500)))).toEqual([7, 7, 8, 9, 9])
  })

  it('applies slope and intercept', () => {
    const map = modalityLut(dataSetOf([textElement(0x00281052, 'DS', '-1024'), textElement(0x00281053, 'DS', '0.5')]), {
      signed: true,
    })
    expect(Array.from(applyValueMap(map, Int16Array.of(-2, 2048)))).toEqual([-1025, 0])
  })

  it('is nothing where the header has none, a slope of 0, or a table cut short', () => {
    const short = sequenceElement(0x00283000, [dataSetOf([words(0x00283002, 9, 0, 16), words(0x00283006, 1)])])
    for (const elements of [[], [textElement(0x00281053, 'DS', '0')], [short]]) {
      expect(modalityLut(dataSetOf(elements), { signed: false })).toEqual({ kind: 'identity' })
    }
  })
})
