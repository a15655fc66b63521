import { describe, expect, it } from 'vitest'
import { dataSetOf, text, textElement } from '../imaging/dataset/index.ts'
import { overlayHeader } from './overlay-header.ts'

const header = dataSetOf(
  [
    textElement(0x00080005, 'CS', 'ISO_IR 100'),
    textElement(0x00080050, 'SH', 'ACC1'),
    textElement(0x00081030, 'LO', 'SCHÄDEL'),
    textElement(0x00100010, 'PN', 'MÜLLER^EVA'),
    textElement(0x00100020, 'LO', 'P1'),
  ],
  ['ISO_IR 100'],
)

describe('a header under the identity in force', () => {
  it('is the same object where nothing was corrected', () => {
    expect(overlayHeader(header, undefined)).toBe(header)
  })

  it('keeps its character set for corrections in ASCII', () => {
    const changed = overlayHeader(header, { patient: { id: 'P2', issuer: null }, accessionNumber: 'ACC2' })
    expect(changed.characterSets).toEqual(['ISO_IR 100'])
    expect([0x00100010, 0x00100020, 0x00080050].map((tag) => text(changed, tag))).toEqual(['MÜLLER^EVA', 'P2', 'ACC2'])
    expect(text(header, 0x00100020)).toBe('P1')
  })

  it('goes to UTF-8 as a whole for a name beyond it', () => {
    const changed = overlayHeader(header, { name: 'ŁUKASIEWICZ^JAN=李', patient: { id: 'P2', issuer: 'CLINIC' } })
    expect(changed.characterSets).toEqual(['ISO_IR 192'])
    expect(text(changed, 0x00080005)).toBe('ISO_IR 192')
    expect([0x00100010, 0x00081030, 0x00100021].map((tag) => text(changed, tag))).toEqual([
      'ŁUKASIEWICZ^JAN=李',
      'SCHÄDEL',
      'CLINIC',
    ])
  })
})
