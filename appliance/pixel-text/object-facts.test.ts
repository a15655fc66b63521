import { describe, expect, it } from 'vitest'
import { bytesElement, dataSetOf, sequenceElement, textElement } from '../imaging/index.ts'
import { deviceFactsOf, pixelTokensOf, showsFace } from './object-facts.ts'

const IDENTIFIERS = {
  names: ['MUELLER'],
  ids: ['12345'],
  birthDates: ['19600101'],
  uids: [],
  places: ['ST MARYS HOSPITAL'],
  raw: [],
}

function volume(modality: string, tag: number, words: string) {
  return dataSetOf([textElement(0x00080060, 'CS', modality), textElement(tag, 'LO', words)])
}

function unsigned(tag: number, value: number) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytesElement(tag, 'UL', bytes)
}

describe('what is known of an object before its pixels are read', () => {
  it.each([
    ['CT', 0x00180015, 'HEAD', true],
    ['MR', 0x0008103e, 'T1 BRAIN axial', true],
    ['MR', 0x00081030, 'cMRT Schädel', true],
    ['CT', 0x00180015, 'CHEST', false],
    ['CT', 0x0008103e, 'HEADLESS PHANTOM', false],
    ['DX', 0x00180015, 'SKULL', false],
  ])('%s %s %s shows a face: %s', (modality, tag, words, expected) => {
    const set = volume(modality, tag, words)
    const utf8 = dataSetOf(
      [...set.elements.values()].map((one) => (one.tag === tag ? bytesElement(tag, 'LO', Buffer.from(words)) : one)),
      ['ISO_IR 192'],
    )
    expect(showsFace(utf8)).toBe(expected)
  })

  it('takes the ends of a declared region as within it, and a region that cannot be as too large for any picture', () => {
    const region = (right: number) =>
      dataSetOf([
        unsigned(0x00186018, 10),
        unsigned(0x0018601a, 20),
        unsigned(0x0018601c, right),
        unsigned(0x0018601e, 29),
      ])
    const [sound, odd] = deviceFactsOf(dataSetOf([sequenceElement(0x00186011, [region(19), region(5)])])).imageRegions
    expect(sound).toEqual({ left: 10, top: 20, width: 10, height: 10 })
    expect(odd?.width).toBeGreaterThan(65_535)
  })

  it("looks for an institution's name word by word, and for the study's dates", () => {
    const { words, dates } = pixelTokensOf(IDENTIFIERS, dataSetOf([textElement(0x00080020, 'DA', '20260105')]))
    expect(words).toEqual(expect.arrayContaining(['MUELLER', '12345', 'ST MARYS HOSPITAL', 'MARYS']))
    expect(words).not.toContain('HOSPITAL')
    expect(dates).toEqual(['19600101', '20260105'])
  })
})
