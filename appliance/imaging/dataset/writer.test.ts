import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  attributeOf,
  bytesElement,
  concat,
  type DataSet,
  DEFLATED_LITTLE,
  dataSetOf,
  type Element,
  EXPLICIT_BIG,
  EXPLICIT_LITTLE,
  IMPLICIT_LITTLE,
  littleEndianBytes,
  parsePart10,
  sequenceElement,
  traitsOf,
  type Vr,
  writeDataSet,
  writePart10,
} from './index.ts'

const META = { mediaStorageSopClassUid: '1.2.840.10008.5.1.4.1.1.2', mediaStorageSopInstanceUid: '1.2.3.4' }
const SYNTAXES = [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED_LITTLE]

/** Real attributes of every kind of VR, so that implicit VR finds them too. */
const TAGS: readonly (readonly [number, Vr])[] = [
  [0x00080018, 'UI'],
  [0x00080060, 'CS'],
  [0x00081030, 'LO'],
  [0x00100010, 'PN'],
  [0x00104000, 'LT'],
  [0x00181622, 'US'],
  [0x00186018, 'UL'],
  [0x00189074, 'DT'],
  [0x00189087, 'FD'],
  [0x00280009, 'AT'],
  [0x00281052, 'DS'],
  [0x00282000, 'OB'],
  [0x00700011, 'FL'],
  [0x0040a160, 'UT'],
  [0x7fe00010, 'OW'],
]

const elementArbitrary: fc.Arbitrary<Element> = fc
  .constantFrom(...TAGS)
  .chain(([tag, vr]) =>
    fc
      .uint8Array({ maxLength: 40 })
      .map((bytes) =>
        bytesElement(tag, vr, bytes.subarray(0, bytes.length - (bytes.length % Math.max(2, traitsOf(vr).unit)))),
      ),
  )

function dataSetArbitrary(depth: number): fc.Arbitrary<DataSet> {
  const leaves = fc.array(elementArbitrary, { maxLength: 8 })
  if (depth === 0) return leaves.map((elements) => dataSetOf(elements))
  const items = fc.array(dataSetArbitrary(depth - 1), { maxLength: 3 })
  return fc.tuple(leaves, items).map(([elements, list]) => dataSetOf([...elements, sequenceElement(0x00081140, list)]))
}

/** Tags, VRs and values, numbers in little endian. */
function plain(dataSet: DataSet): unknown {
  return [...dataSet.elements.values()].map((element) => {
    const { tag, vr, value } = element
    if (value.kind === 'items') return [tag, vr, value.items.map(plain)]
    if (value.kind === 'fragments')
      return [tag, vr, value.fragments.map((fragment) => Buffer.from(fragment).toString('hex'))]
    return [tag, vr, Buffer.from(littleEndianBytes(element) ?? []).toString('hex')]
  })
}

describe('writing', () => {
  test('the attributes used here have these VRs in the dictionary', () => {
    for (const [tag, vr] of TAGS) expect([tag.toString(16), attributeOf(tag)?.vr]).toEqual([tag.toString(16), vr])
  })

  test('parse gives back what was written, in every native transfer syntax', () => {
    fc.assert(
      fc.property(dataSetArbitrary(3), fc.constantFrom(...SYNTAXES), (dataSet, transferSyntaxUid) => {
        const bytes = concat(writePart10({ meta: { ...META, transferSyntaxUid }, dataSet }))
        const file = parsePart10(bytes)
        expect(file.truncated).toBe(false)
        expect(file.meta).toMatchObject({ ...META, transferSyntaxUid })
        expect(plain(file.dataSet)).toEqual(plain(dataSet))
      }),
      { numRuns: 300 },
    )
  })

  test('from any native syntax to any other and back, the values stay', () => {
    fc.assert(
      fc.property(
        dataSetArbitrary(1),
        fc.constantFrom(...SYNTAXES),
        fc.constantFrom(...SYNTAXES),
        (dataSet, one, two) => {
          const first = parsePart10(concat(writePart10({ meta: { ...META, transferSyntaxUid: one }, dataSet })))
          const second = parsePart10(
            concat(writePart10({ meta: { ...META, transferSyntaxUid: two }, dataSet: first.dataSet })),
          )
          expect(plain(second.dataSet)).toEqual(plain(dataSet))
        },
      ),
    )
  })

  test('long values are the very views of the input', () => {
    const pixels = new Uint8Array(100_000)
    const chunks = writeDataSet(dataSetOf([bytesElement(0x7fe00010, 'OW', pixels)]), EXPLICIT_LITTLE)
    expect(chunks.some((chunk) => chunk.buffer === pixels.buffer && chunk.length === pixels.length)).toBe(true)
  })

  test('fragments come back with their offset table', () => {
    const fragments = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6)]
    const offsetTable = Uint8Array.of(0, 0, 0, 0, 12, 0, 0, 0)
    const dataSet = dataSetOf([{ tag: 0x7fe00010, vr: 'OB', value: { kind: 'fragments', offsetTable, fragments } }])
    const transferSyntaxUid = '1.2.840.10008.1.2.4.50'
    const value = parsePart10(
      concat(writePart10({ meta: { ...META, transferSyntaxUid }, dataSet })),
    ).dataSet.elements.get(0x7fe00010)?.value
    expect(value?.kind).toBe('fragments')
    if (value?.kind !== 'fragments') return
    expect([...value.offsetTable]).toEqual([...offsetTable])
    expect(value.fragments.map((fragment) => [...fragment])).toEqual(fragments.map((fragment) => [...fragment]))
  })

  test('odd values are padded: text with a blank, UIDs and bytes with NUL (PS3.5 6.2)', () => {
    const written = (vr: Vr, text: string): string =>
      concat(writeDataSet(dataSetOf([bytesElement(0x00081030, vr, Buffer.from(text))]), IMPLICIT_LITTLE)).toString(
        'latin1',
        8,
      )
    expect(written('LO', 'abc')).toBe('abc ')
    expect(written('UI', '1.2')).toBe('1.2\0')
    expect(written('OB', 'xyz')).toBe('xyz\0')
  })

  test('elements out of order are written in order', () => {
    const low = bytesElement(0x00080060, 'CS', Buffer.from('CT'))
    const high = bytesElement(0x00281052, 'DS', Buffer.from('0 '))
    const dataSet: DataSet = {
      elements: new Map([high, low].map((element) => [element.tag, element])),
      characterSets: [],
    }
    expect(concat(writeDataSet(dataSet, EXPLICIT_LITTLE))).toEqual(
      concat(writeDataSet(dataSetOf([low, high]), EXPLICIT_LITTLE)),
    )
  })

  test('a value too long for a 16-bit length is sent as UN and read with its own VR again', () => {
    const dataSet = dataSetOf([bytesElement(0x00281052, 'DS', Buffer.alloc(70_000, '1'))])
    const bytes = concat(writePart10({ meta: { ...META, transferSyntaxUid: EXPLICIT_LITTLE }, dataSet }))
    expect(bytes.includes(Buffer.from([0x28, 0x00, 0x52, 0x10, 0x55, 0x4e]))).toBe(true)
    expect(plain(parsePart10(bytes).dataSet)).toEqual(plain(dataSet))
  })
})
