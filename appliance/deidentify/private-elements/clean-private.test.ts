import { describe, expect, test } from 'vitest'
import {
  bytesElement,
  dataSetOf,
  type Element,
  sequence,
  sequenceElement,
  text,
  textElement,
} from '../../imaging/dataset/index.ts'
import { pseudonymOfUid } from '../keys.ts'
import { deidentified, fileWith, testKeys } from '../testing.ts'
import { SAFE_PRIVATE, SAFE_PRIVATE_EDITION, safePrivate } from './safe-private.ts'

const SAFE = ['retain-safe-private', 'retain-modified-dates'] as const

/** The blocks of two vendors: SUV factor and pitch are known to be safe, the rest is not. */
const blocks: readonly Element[] = [
  textElement(0x00e10010, 'LO', 'ELSCINT1'),
  textElement(0x00e11021, 'DS', '12.5'),
  textElement(0x00e11022, 'LO', 'unknown of Quixano'),
  textElement(0x70530011, 'LO', 'Philips PET Private Group'),
  textElement(0x70531100, 'DS', '0.00042'),
  textElement(0x70531101, 'DS', '1'),
  textElement(0x00990010, 'LO', 'NQHeader'),
  textElement(0x00991002, 'UI', '1.2.826.0.1.77.9'),
  textElement(0x00991005, 'LT', 'result of Quixano'),
  textElement(0x00110010, 'LO', 'VENDOR'),
  bytesElement(0x00111001, 'OB', fileWith([textElement(0x00104000, 'LT', 'Quixano within')])),
]

test('the table is what PS3.15 lists', () => {
  expect(SAFE_PRIVATE_EDITION).toBe('2020b')
  expect(SAFE_PRIVATE.length).toBeGreaterThan(120)
  expect(safePrivate(0x70531100, 'Philips PET Private Group ')).toMatchObject({ vr: 'DS' })
  expect(safePrivate(0x70531100, 'Philips PET')).toBeUndefined()
  expect(safePrivate(0x7053ff00, 'Philips PET Private Group')).toMatchObject({ vr: 'DS' })
})

test('without the option every private element goes', () => {
  const { dataSet } = deidentified(fileWith(blocks))
  expect([...dataSet.elements.keys()].filter((tag) => (tag >>> 16) % 2 === 1)).toEqual([])
})

describe('with the option', () => {
  const { dataSet, bytes } = deidentified(fileWith(blocks), SAFE)

  test('what is known to be safe stays, with its creators, and nothing else', () => {
    const left = [...dataSet.elements.keys()].filter((tag) => (tag >>> 16) % 2 === 1)
    expect(left).toEqual([0x00990010, 0x00991002, 0x00e10010, 0x00e11021, 0x70530011, 0x70531100])
    expect(text(dataSet, 0x70531100)).toBe('0.00042')
    expect(text(dataSet, 0x70530011)).toBe('Philips PET Private Group')
    expect(bytes.includes('Quixano')).toBe(false)
  })

  test('UIDs are replaced as anywhere', () => {
    expect(text(dataSet, 0x00991002)).toBe(pseudonymOfUid(testKeys(), '1.2.826.0.1.77.9'))
  })

  test('a value of another VR, or of no form of its VR, goes', () => {
    const odd = [
      textElement(0x00e10010, 'LO', 'ELSCINT1'),
      textElement(0x00e11021, 'DS', 'Quixano'),
      textElement(0x00e11050, 'LO', '12'),
      textElement(0x70531000, 'DS', '1'),
    ]
    const left = [...deidentified(fileWith(odd), SAFE).dataSet.elements.keys()].filter((tag) => (tag >>> 16) % 2 === 1)
    expect(left).toEqual([0x00e10010])
  })

  test('an element without a VR of its own gets the one of the table (implicit VR)', () => {
    const implicit = fileWith(
      [textElement(0x00e10010, 'LO', 'ELSCINT1'), bytesElement(0x00e11021, 'UN', Buffer.from('12.5'))],
      '1.2.840.10008.1.2',
    )
    const after = deidentified(implicit, SAFE).dataSet
    expect([after.elements.get(0x00e11021)?.vr, text(after, 0x00e11021)]).toEqual(['DS', '12.5'])
  })

  test('blocks within items have creators of their own', () => {
    const item = dataSetOf([textElement(0x00e10010, 'LO', 'ELSCINT1'), textElement(0x00e11021, 'DS', '3')])
    const orphan = dataSetOf([textElement(0x00e11021, 'DS', '3')])
    const after = deidentified(fileWith([sequenceElement(0x00081115, [item, orphan])]), SAFE).dataSet
    const [kept, gone] = sequence(after, 0x00081115)
    expect(kept && text(kept, 0x00e11021)).toBe('3')
    expect(gone?.elements.size).toBe(0)
  })
})
