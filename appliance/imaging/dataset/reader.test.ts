import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytesElement,
  concat,
  DataSetError,
  type DataSetErrorCode,
  dataSetOf,
  integer,
  parseDataSet,
  parsePart10,
  type ReadLimits,
  sequence,
  text,
  textElement,
  writePart10,
} from './index.ts'

const LITTLE = '1.2.840.10008.1.2.1'
const IMPLICIT = '1.2.840.10008.1.2'
const BIG = '1.2.840.10008.1.2.2'
const UNDEFINED = [0xff, 0xff, 0xff, 0xff]
const ITEM = [0xfe, 0xff, 0x00, 0xe0]
const ITEM_END = [0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0]
const SEQUENCE_END = [0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]
/** (0008,0060) CS "CT" in explicit VR little endian. */
const MODALITY = [0x08, 0x00, 0x60, 0x00, 0x43, 0x53, 0x02, 0x00, 0x43, 0x54]
/** The same in implicit VR. */
const MODALITY_IMPLICIT = [0x08, 0x00, 0x60, 0x00, 0x02, 0x00, 0x00, 0x00, 0x43, 0x54]
/** (0008,1140) SQ with a length to follow. */
const REFERENCED_IMAGES = [0x08, 0x00, 0x40, 0x11, 0x53, 0x51, 0x00, 0x00]
const PIXELS = [0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0x00, 0x00]

function u32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]
}

function codeOf(
  bytes: number[] | Uint8Array,
  syntax = LITTLE,
  limits: Partial<ReadLimits> = {},
): DataSetErrorCode | 'none' {
  try {
    parseDataSet(Uint8Array.from(bytes), syntax, limits)
    return 'none'
  } catch (error) {
    if (error instanceof DataSetError) return error.code
    throw error
  }
}

describe('element encodings', () => {
  test('explicit little endian, explicit big endian and implicit give the same text', () => {
    const big = [0x00, 0x08, 0x00, 0x60, 0x43, 0x53, 0x00, 0x02, 0x43, 0x54]
    for (const [bytes, syntax] of [
      [MODALITY, LITTLE],
      [big, BIG],
      [MODALITY_IMPLICIT, IMPLICIT],
    ] as const)
      expect(text(parseDataSet(Uint8Array.from(bytes), syntax).dataSet, 0x00080060)).toBe('CT')
  })

  test('US or SS follows Pixel Representation, in items too', () => {
    const item = [0x28, 0x00, 0x06, 0x01, ...u32(2), 0xff, 0xff]
    const bytes = [
      ...[0x28, 0x00, 0x03, 0x01, ...u32(2), 0x01, 0x00],
      ...[0x28, 0x00, 0x06, 0x01, ...u32(2), 0xfe, 0xff],
      ...[0x00, 0x30, 0x00, 0x00, ...u32(0)],
      ...[0x28, 0x00, 0x10, 0x90, ...u32(8 + item.length), ...ITEM, ...u32(item.length), ...item],
    ]
    const { dataSet } = parseDataSet(Uint8Array.from(bytes), IMPLICIT)
    expect(dataSet.elements.get(0x00280106)?.vr).toBe('SS')
    expect(integer(dataSet, 0x00280106)).toBe(-2)
    const nested = sequence(dataSet, 0x00289010)[0]
    if (nested !== undefined) expect(integer(nested, 0x00280106)).toBe(-1)
  })

  test('UN of undefined length is a sequence in implicit VR (PS3.5 6.2.2)', () => {
    const unknown = [0x09, 0x00, 0x01, 0x10, 0x55, 0x4e, 0, 0, ...UNDEFINED]
    const bytes = [...unknown, ...ITEM, ...UNDEFINED, ...MODALITY_IMPLICIT, ...ITEM_END, ...SEQUENCE_END]
    const { dataSet } = parseDataSet(Uint8Array.from(bytes), LITTLE)
    const [item] = sequence(dataSet, 0x00091001)
    expect(item === undefined ? undefined : text(item, 0x00080060)).toBe('CT')
  })

  test('a public attribute sent as UN is read with its own VR', () => {
    const bytes = [0x10, 0x00, 0x10, 0x00, 0x55, 0x4e, 0, 0, ...u32(4), 0x41, 0x5e, 0x42, 0x20]
    const { dataSet } = parseDataSet(Uint8Array.from(bytes), LITTLE)
    expect(dataSet.elements.get(0x00100010)?.vr).toBe('PN')
    expect(text(dataSet, 0x00100010)).toBe('A^B')
  })

  test('group lengths are structure and not kept', () => {
    const { dataSet } = parseDataSet(
      Uint8Array.from([0x08, 0, 0, 0, ...u32(4), ...u32(10), ...MODALITY_IMPLICIT]),
      IMPLICIT,
    )
    expect([...dataSet.elements.keys()]).toEqual([0x00080060])
  })
})

describe('zero copy', () => {
  test('native and encapsulated pixel data are views into the input', () => {
    const native = Uint8Array.from([...PIXELS, ...u32(4), 1, 2, 3, 4])
    const value = parseDataSet(native, LITTLE).dataSet.elements.get(0x7fe00010)?.value
    expect(value?.kind === 'bytes' && value.bytes.buffer === native.buffer).toBe(true)

    const table = [...ITEM, ...u32(4), ...u32(0)]
    const frame = [...ITEM, ...u32(2), 0xff, 0xd8]
    const encapsulated = Uint8Array.from([...PIXELS, ...UNDEFINED, ...table, ...frame, ...SEQUENCE_END])
    const frames = parseDataSet(encapsulated, LITTLE).dataSet.elements.get(0x7fe00010)?.value
    expect(frames?.kind).toBe('fragments')
    if (frames?.kind !== 'fragments') return
    expect([...frames.offsetTable]).toEqual([0, 0, 0, 0])
    expect(frames.fragments.map((fragment) => [...fragment])).toEqual([[0xff, 0xd8]])
    expect(frames.fragments[0]?.buffer).toBe(encapsulated.buffer)
  })
})

describe('hostile and broken input', () => {
  test('a tail that is cut off is flagged and what came before is there', () => {
    const { dataSet, truncated } = parseDataSet(Uint8Array.from([...MODALITY, ...PIXELS, ...u32(100), 1, 2]), LITTLE)
    expect(truncated).toBe(true)
    expect(text(dataSet, 0x00080060)).toBe('CT')
    expect(parseDataSet(Uint8Array.from([...MODALITY, 0, 0, 0, 0, 0]), LITTLE).truncated).toBe(false)
    expect(parseDataSet(Uint8Array.from([...MODALITY, 8, 0, 0]), LITTLE).truncated).toBe(true)
  })

  test('an element longer than its item is an error', () => {
    const item = [0x08, 0x00, 0x60, 0x00, 0x43, 0x53, 0x40, 0x00, 0x43, 0x54]
    const sequenceBytes = [...REFERENCED_IMAGES, ...u32(8 + item.length), ...ITEM, ...u32(item.length), ...item]
    expect(codeOf([...sequenceBytes, ...MODALITY])).toBe('length-beyond-container')
  })

  test('one tag twice is an error (PS3.5 7.1)', () => {
    expect(codeOf([...MODALITY, ...MODALITY])).toBe('duplicate-element')
  })

  test('delimiters out of place and sequences without items are errors', () => {
    expect(codeOf([...MODALITY, ...ITEM_END])).toBe('structure-invalid')
    expect(codeOf([...REFERENCED_IMAGES, ...UNDEFINED, ...MODALITY])).toBe('structure-invalid')
    expect(codeOf([0x08, 0, 0x60, 0, 0x4c, 0x54, 0xff, 0xff, ...UNDEFINED])).toBe('none')
    expect(codeOf([0x08, 0, 0x60, 0, 0x55, 0x54, 0, 0, ...UNDEFINED])).toBe('structure-invalid')
  })

  test('sequences nested beyond the cap are an error, up to the cap they are read', () => {
    const nested = (depth: number): number[] =>
      depth === 0
        ? MODALITY
        : [
            ...REFERENCED_IMAGES,
            ...UNDEFINED,
            ...ITEM,
            ...UNDEFINED,
            ...nested(depth - 1),
            ...ITEM_END,
            ...SEQUENCE_END,
          ]
    expect(codeOf(nested(32))).toBe('none')
    expect(codeOf(nested(33))).toBe('nested-too-deep')
    expect(codeOf(nested(1000))).toBe('nested-too-deep')
  })

  test('zero bytes at the end are padding, within they are an error, and neither takes long', () => {
    expect(codeOf([...MODALITY, ...new Array<number>(64).fill(0)])).toBe('none')
    const zeros = Buffer.concat([Buffer.from(MODALITY), Buffer.alloc(8_000_000), Buffer.of(1)])
    const before = performance.now()
    expect(codeOf(zeros)).toBe('structure-invalid')
    expect(performance.now() - before).toBeLessThan(5000)
  })

  test('caps on elements and bytes hold', () => {
    const items = Array.from({ length: 50 }, () => [...ITEM, ...u32(0)]).flat()
    expect(codeOf([...REFERENCED_IMAGES, ...u32(items.length), ...items], LITTLE, { maxElements: 20 })).toBe(
      'too-many-elements',
    )
    expect(codeOf(MODALITY, LITTLE, { maxBytes: 4 })).toBe('too-large')
  })

  test('a deflated data set that inflates beyond the cap, or not at all, is an error', () => {
    const deflated = '1.2.840.10008.1.2.1.99'
    const bomb = deflateRawSync(Buffer.from([...PIXELS, ...u32(1_000_000), ...new Uint8Array(1_000_000)]))
    expect(codeOf(bomb, deflated)).toBe('none')
    expect(codeOf(bomb, deflated, { maxInflatedBytes: 100_000 })).toBe('too-large')
    expect(codeOf([1, 2, 3, 4, 5, 6, 7, 8], deflated)).toBe('deflate-invalid')
  })

  test('bytes that are no DICOM are refused', () => {
    for (const bytes of [
      [],
      [1, 2, 3],
      [...Buffer.from('%PDF-1.7 and some more text')],
      new Array<number>(64).fill(0xff),
    ])
      expect(() => parsePart10(Uint8Array.from(bytes))).toThrow(DataSetError)
  })

  test('whatever the bytes are, the outcome is a data set or a DataSetError', () => {
    const whole = concat(
      writePart10({
        meta: { mediaStorageSopClassUid: '1.2', mediaStorageSopInstanceUid: '1.2.3', transferSyntaxUid: LITTLE },
        dataSet: dataSetOf([
          textElement(0x00080060, 'CS', 'CT'),
          {
            tag: 0x00081140,
            vr: 'SQ',
            value: { kind: 'items', items: [dataSetOf([textElement(0x00081150, 'UI', '1.2')])] },
          },
          bytesElement(0x7fe00010, 'OW', new Uint8Array(64)),
        ]),
      }),
    )
    const damaged = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 })
      .chain((edits) => fc.nat(whole.length).map((end) => ({ edits, end })))
      .map(({ edits, end }) => {
        const copy = Buffer.from(whole)
        for (const [at, byte] of edits) copy[at] = byte
        return copy.subarray(0, end)
      })
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          parsePart10(bytes)
        } catch (error) {
          if (!(error instanceof DataSetError)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('files', () => {
  test('a data set without preamble and meta information is recognised, in each encoding', () => {
    const big = [0x00, 0x08, 0x00, 0x60, 0x43, 0x53, 0x00, 0x02, 0x43, 0x54]
    for (const [bytes, syntax] of [
      [MODALITY, LITTLE],
      [MODALITY_IMPLICIT, IMPLICIT],
      [big, BIG],
    ] as const) {
      const file = parsePart10(Uint8Array.from(bytes))
      expect([file.form, file.meta.transferSyntaxUid]).toEqual(['bare', syntax])
    }
  })

  test('the encoding that the bytes show wins over a wrong transfer syntax', () => {
    const meta = { mediaStorageSopClassUid: '1.2', mediaStorageSopInstanceUid: '1.2.3', transferSyntaxUid: LITTLE }
    const head = concat(writePart10({ meta, dataSet: dataSetOf([]) }))
    const file = parsePart10(Buffer.concat([head, Buffer.from(MODALITY_IMPLICIT)]))
    expect(file.encoding).toEqual({ explicit: false, bigEndian: false })
    expect(file.meta.transferSyntaxUid).toBe(LITTLE)
    expect(text(file.dataSet, 0x00080060)).toBe('CT')
  })
})
