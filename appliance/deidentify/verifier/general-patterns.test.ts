import { expect, test } from 'vitest'
import { holdsPersonalPattern } from './general-patterns.ts'

test.each([
  'ask quixano@mancha.example for it',
  'SSN 078-05-1120',
  '+34 926 555 0147',
  '(312) 555-0143',
  'MRN: 8841',
  'DOB=1947',
  'Patient name: Somebody',
  'accession no: A7',
  'see tel: 555',
])('personal data are seen by their form (%#)', (text) => {
  expect(holdsPersonalPattern(text)).toBe(true)
})

test.each([
  '1.2.840.113619.2.55.3.604688119',
  'CHEST PA UPRIGHT',
  '120 kVp, 200 mA',
  'kernel B30f/0.6x0.6',
  '20240229',
  '123456789012',
  'FOV 300-300-4000',
  '[1.25\\0.5]',
  'patient position HFS',
  'v1.2.3-4+build',
  'T1 SE +C 5.0mm 120-24-8',
  'phone home',
])('technical text is not (%#)', (text) => {
  expect(holdsPersonalPattern(text)).toBe(false)
})
