import { describe, expect, test } from 'vitest'
import { dataSetOf, sequenceElement, text, textElement } from '../../imaging/dataset/index.ts'
import { identifiersIn } from '../identifiers.ts'
import { deidentified, fileWith } from '../testing.ts'
import { TokenMatcher } from '../token-matcher.ts'
import { DescriptorCleaner, nameWords } from './descriptor-cleaner.ts'
import { isSingleWord, safeWords } from './safe-words.ts'

const patient = dataSetOf([
  textElement(0x00100010, 'PN', 'Knie^Rosa'),
  textElement(0x00100020, 'LO', 'MRN-4471'),
  textElement(0x00100030, 'DA', '19470715'),
  sequenceElement(0x00081049, [dataSetOf([textElement(0x00081048, 'PN', 'Hand^Julius')])]),
])

function cleaner(extra: readonly string[] = []): DescriptorCleaner {
  return new DescriptorCleaner(safeWords(extra), new TokenMatcher(identifiersIn(patient)), nameWords(patient))
}

describe('a description keeps its safe words only (PS3.15 E.3.5)', () => {
  test.each([
    ['CT chest abdomen pelvis - 55F Dr. Smith', 'CT chest abdomen pelvis'],
    ['MR BRAIN W/O CONTRAST', 'MR BRAIN W/O CONTRAST'],
    ['T2-weighted axial, Mrs. Jones', 'T2-weighted axial'],
    ['Thorax a.p. liegend, Herr Müller', 'Thorax liegend'],
    ['MR HEAD Mr. Head', 'MR HEAD'],
    ['MR. Foot, knee left', 'left'],
    ['LWS seitlich Fr. Knie', 'LWS seitlich'],
    ['Schädel nativ und KM', 'Schädel nativ und KM'],
    ['IRM crâne sans injection M. Dupont', 'IRM crâne sans injection'],
    ['TC tórax y abdomen Sra. García', 'TC tórax y abdomen'],
    ['TAC addome con mdc sig. Rossi', 'TAC addome con mdc'],
    ['Echo bovenbuik en nieren, dhr. de Vries', 'Echo bovenbuik en nieren'],
    ['chest 5mm slices 120kV', 'chest 5mm slices 120kV'],
    ['chest 15.07.1947', 'chest'],
    ['chest MRN-4471', 'chest'],
    ['M 055Y', ''],
    ['', ''],
  ])('%s', (written, safe) => {
    expect(cleaner().clean(written)).toBe(safe)
  })

  test('words of anatomy that are names go: after a title, and the names of the object itself', () => {
    expect(cleaner().clean('X-ray Dr. Hand')).toBe('X-ray')
    expect(cleaner().clean('foot, hand and knee')).toBe('foot knee')
    expect(cleaner().clean('rechts Knie')).toBe('rechts')
  })

  test('a site can add words; no numbers and no phrases', () => {
    expect(cleaner().clean('chest glioma atlas')).toBe('chest')
    expect(cleaner(['Glioma', 'two words', '123']).clean('chest glioma atlas two words 123')).toBe('chest glioma')
    expect(['Glioma', 'Gehirn', 'B12'].every(isSingleWord)).toBe(true)
    expect(['two words', '123', '', 'x'.repeat(41), 'a-b'].some(isSingleWord)).toBe(false)
  })
})

test('the engine cleans descriptions under the option, and takes them away without it', () => {
  const file = fileWith([
    textElement(0x00081030, 'LO', 'CT chest abdomen pelvis - 55F Dr. Smith'),
    textElement(0x0008103e, 'LO', 'Smith 55F'),
    textElement(0x00181030, 'LO', 'Abdomen venous', 'Smith'),
  ])
  const { dataSet, bytes } = deidentified(file, ['clean-descriptors'])
  expect(text(dataSet, 0x00081030)).toBe('CT chest abdomen pelvis')
  expect(dataSet.elements.has(0x0008103e)).toBe(false)
  expect(text(dataSet, 0x00181030)).toBe('Abdomen venous\\')
  expect(bytes.includes('Smith')).toBe(false)
  expect(deidentified(file).dataSet.elements.has(0x00081030)).toBe(false)
})
