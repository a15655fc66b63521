import { expect, test } from 'vitest'
import type { StudyIdentifiers } from './identifiers.ts'
import { TokenMatcher } from './token-matcher.ts'

const NONE: StudyIdentifiers = { names: [], ids: [], birthDates: [], uids: [], places: [], raw: [] }
const matcher = new TokenMatcher({
  ...NONE,
  names: ['Müllerson', 'Kim', '山田'],
  ids: ['MRN123456789', 'A-77.88/99'],
  birthDates: ['19500131'],
  places: ['Mancha General Infirmary'],
})

test.each([
  'for MULLERSON',
  'Müller son',
  'MÜLLERSON',
  'Kim 2',
  'kim',
  '山田様',
  'mrn 123-456-789',
  'MRN123456789',
  'a778899',
  '1950-01-31',
  '31.01.1950',
  '01/31/1950',
  'Mancha-General  INFIRMARY',
])('%s is found', (text) => {
  expect(matcher.matches(text)).toBe(true)
})

test.each(['Kimura coil', 'skim', 'MRN123456780', '1950-01-30', 'General', 'tfl3d1', ''])('%s is not', (text) => {
  expect(matcher.matches(text)).toBe(false)
})
