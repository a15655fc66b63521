import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTime, shiftDate, shiftDateTime } from './dates.ts'

const date = fc
  .integer({ min: 0, max: 50_000 })
  .map((days) => new Date(Date.UTC(1900, 0, 1) + days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', ''))

function days(value: string): number {
  return Date.parse(`${value.slice(0, 4)}-${value.slice(4, 6)}-${value.slice(6, 8)}`) / 86_400_000
}

describe('dates', () => {
  test('the interval between any two dates of a patient stays, and shifting back gives the date again', () => {
    fc.assert(
      fc.property(date, date, fc.integer({ min: -3650, max: -1 }), (a, b, offset) => {
        const [one, two] = [shiftDate(a, offset) ?? '', shiftDate(b, offset) ?? '']
        expect(days(two) - days(one)).toBe(days(b) - days(a))
        expect(days(one) - days(a)).toBe(offset)
        expect(shiftDate(one, -offset)).toBe(a)
      }),
    )
  })

  test('leap days, year ends and the dots of ACR-NEMA', () => {
    expect(shiftDate('20240301', -1)).toBe('20240229')
    expect(shiftDate('20230301', -1)).toBe('20230228')
    expect(shiftDate('20240101', -366)).toBe('20221231')
    expect(shiftDate('1997.04.30', -30)).toBe('19970331')
  })

  test.each([
    '',
    '2024',
    '20241301',
    '20240230',
    '20240100',
    '2024-01-01',
    '00010101',
    '15820101',
    'SMITH^JO',
    '202401011',
  ])('a value that is no date gives nothing (%#)', (value) => {
    expect(shiftDate(value, -400)).toBeUndefined()
  })

  test('date and time move together: only the date part changes', () => {
    expect(shiftDateTime('20240229235959.123456+0100', -366)).toBe('20230228235959.123456+0100')
    expect(shiftDateTime('20240101', -1)).toBe('20231231')
    expect(shiftDateTime('202401', -366)).toBe('202212')
    expect(shiftDateTime('2024', -366)).toBe('2022')
    expect(shiftDateTime('2024010125', -1)).toBeUndefined()
    expect(shiftDateTime('Dr. Hand', -1)).toBeUndefined()
  })

  test('times', () => {
    expect(['00', '2359', '235959', '235960.999999', '12:34:56'].every(isTime)).toBe(true)
    expect(['24', '1260', '12 34', '123456.1234567', 'noon'].some(isTime)).toBe(false)
  })
})
