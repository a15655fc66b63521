import { expect, test } from 'vitest'
import { textElement } from '../../imaging/dataset/index.ts'
import { deidentified, fileWith } from '../testing.ts'
import { isKnownClass, requiredType } from './required-types.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const ENHANCED_CT = '1.2.840.10008.5.1.4.1.1.2.1'
const ENHANCED_SR = '1.2.840.10008.5.1.4.1.1.88.22'
const RETIRED_ULTRASOUND = '1.2.840.10008.5.1.4.1.1.6'

test.each([
  // PS3.3 C.7.5.2, table 10-1, C.17.1, C.17.2, C.8.8.14, C.7.6.4.
  ['Device Serial Number, CT', 0x00181000, CT, 0, 3],
  ['Device Serial Number, enhanced CT', 0x00181000, ENHANCED_CT, 0, 1],
  ['Institution Name of a person who is identified', 0x00080080, CT, 0x00081049, 1],
  ['Institution Name of the equipment', 0x00080080, CT, 0, 3],
  ['Referenced Performed Procedure Step Sequence, report', 0x00081111, ENHANCED_SR, 0, 2],
  ['Content Date, report', 0x00080023, ENHANCED_SR, 0, 1],
  ['Contrast/Bolus Agent, CT', 0x00180010, CT, 0, 2],
  ['Treatment Machine Name, RT plan', 0x300a00b2, '1.2.840.10008.5.1.4.1.1.481.5', 0x300a00b0, 2],
] as const)('%s', (_, tag, sopClass, parent, type) => {
  expect(requiredType(tag, sopClass, parent)).toBe(type)
})

test('an unknown or retired SOP class requires nothing, so everything compound goes', () => {
  expect(isKnownClass(ENHANCED_CT)).toBe(true)
  for (const sopClass of [RETIRED_ULTRASOUND, '1.2.826.0.1.9', '']) {
    expect(isKnownClass(sopClass)).toBe(false)
    expect(requiredType(0x00181000, sopClass)).toBe(3)
  }
  const retired = fileWith([
    textElement(0x00080016, 'UI', RETIRED_ULTRASOUND),
    textElement(0x00181000, 'LO', 'SN 443322'),
    textElement(0x00081070, 'PN', 'Rocinante^Don'),
  ])
  const { dataSet } = deidentified(retired)
  expect([dataSet.elements.has(0x00181000), dataSet.elements.has(0x00081070)]).toEqual([false, false])
})
