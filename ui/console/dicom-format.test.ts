import { describe, expect, it } from 'vitest'
import { formatDicomDate, formatDicomTime, formatPersonName, joinKnown } from './dicom-format.ts'

describe('values of objects for reading', () => {
  it('shows every component of a person name, and its groups apart', () => {
    expect(formatPersonName('PHANTOM^ALFA^^DR')).toBe('PHANTOM, ALFA, DR')
    expect(formatPersonName('PHANTOM^KIRI=幻^霧=ファントム^キリ')).toBe('PHANTOM, KIRI / 幻, 霧 / ファントム, キリ')
    expect(formatPersonName('=幻^霧')).toBe('幻, 霧')
    expect(formatPersonName('^^^^')).toBe('')
    expect(formatPersonName('no caret')).toBe('no caret')
  })

  it('shows dates and times, and anything else as it came', () => {
    expect(formatDicomDate('19570312')).toBe('1957-03-12')
    expect(formatDicomDate('1957.03.12')).toBe('1957.03.12')
    expect(formatDicomTime('135509')).toBe('13:55:09')
    expect(formatDicomTime('135509.123456')).toBe('13:55:09')
    expect(formatDicomTime('1355')).toBe('1355')
  })

  it('leaves out what is empty', () => {
    expect(joinKnown(['A', '', '  ', 'B'])).toBe('A · B')
    expect(joinKnown(['', ''])).toBe('')
  })
})
