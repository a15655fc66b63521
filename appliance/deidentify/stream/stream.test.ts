import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytesElement,
  concat,
  dataSetOf,
  type Element,
  memorySource,
  type ObjectSource,
  outlineObject,
  sequenceElement,
  textElement,
  writeDataSet,
} from '../../imaging/dataset/index.ts'
import { EgressVerifier } from '../index.ts'
import { CT_IMAGE, fileWith, testDeidentifier } from '../testing.ts'
import { deidentifyStream } from './streaming-deidentifier.ts'

const JPEG = '1.2.840.10008.1.2.4.50'
const RLE = '1.2.840.10008.1.2.5'
const IMPLICIT = '1.2.840.10008.1.2'
const BIG = '1.2.840.10008.1.2.2'
const EXPLICIT = '1.2.840.10008.1.2.1'
const DEFLATED = '1.2.840.10008.1.2.1.99'

const deidentifier = testDeidentifier()

/** What came of a file: its bytes in hexadecimal, or the reason. */
function whole(file: Uint8Array): string {
  const outcome = deidentifier.deidentify(file)
  return outcome.kind === 'quarantined' ? outcome.reason : concat(outcome.chunks).toString('hex')
}

async function streamed(source: ObjectSource): Promise<string> {
  const outcome = await deidentifyStream(deidentifier, source)
  if (outcome.kind === 'quarantined') return outcome.reason
  const pieces: Uint8Array[] = []
  for await (const piece of outcome.bytes()) pieces.push(piece)
  return Buffer.concat(pieces).toString('hex')
}

function fragments(tag: number, offsetTable: Uint8Array, list: readonly Uint8Array[]): Element {
  return { tag, vr: 'OB', value: { kind: 'fragments', offsetTable, fragments: list } }
}

function jpegFrame(comment: string, scan: number): Buffer {
  const text = Buffer.from(comment)
  const segment = comment === '' ? [] : [Buffer.from([0xff, 0xfe, 0, text.length + 2]), text]
  const end = Buffer.from([0xff, 0xd9])
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...segment,
    Buffer.from([0xff, 0xda, 0, 2]),
    Buffer.alloc(scan, 7),
    end,
  ])
}

const u16 = (tag: number, value: number): Element => bytesElement(tag, 'US', Buffer.from([value & 0xff, value >> 8]))

describe('an object that is read in ranges', () => {
  test('gives the bytes that it gives when read whole: native pixels in every encoding and length', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(EXPLICIT, IMPLICIT, BIG, DEFLATED),
        fc.constantFrom<'OB' | 'OW' | 'UN'>('OB', 'OW', 'UN'),
        fc.uint8Array({ maxLength: 300 }),
        fc.option(fc.integer({ min: 1, max: 9 })),
        fc.boolean(),
        async (syntax, vr, pixels, side, hasTail) => {
          const size = side === null ? [] : [u16(0x00280010, side), u16(0x00280011, side), u16(0x00280100, 16)]
          const tail = hasTail
            ? [
                sequenceElement(0x7fe10010, [dataSetOf([textElement(0x00100010, 'PN', 'Hidden^After')])]),
                bytesElement(0xfffcfffc, 'OB', Buffer.alloc(20)),
              ]
            : []
          const file = fileWith([bytesElement(0x7fe00010, vr, pixels), ...size, ...tail], syntax)
          expect(await streamed(memorySource(file))).toBe(whole(file))
        },
      ),
      { numRuns: 400 },
    )
  })

  test('and compressed pixels, with comments, several fragments a frame, and offset tables', {
    timeout: 60_000,
  }, async () => {
    const frame = fc.record({
      comment: fc.constantFrom('', '', 'Quixano', 'by Dr Carrasco'),
      scan: fc.integer({ min: 0, max: 60 }),
      cut: fc.option(fc.nat(30)),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(frame, { maxLength: 6 }),
        fc.constantFrom(JPEG, RLE),
        fc.boolean(),
        fc.boolean(),
        async (frames, syntax, hasTable, hasExtended) => {
          const list: Buffer[] = []
          const offsets: number[] = []
          let at = 0
          for (const { comment, scan, cut } of frames) {
            const bytes = jpegFrame(comment, scan)
            offsets.push(at)
            const pieces = cut === null || cut < 4 ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)]
            for (const piece of pieces.filter(({ length }) => length > 0)) {
              list.push(piece)
              at += 8 + piece.length + (piece.length % 2)
            }
          }
          const table = Buffer.alloc(hasTable ? offsets.length * 4 : 0)
          if (hasTable) for (const [index, offset] of offsets.entries()) table.writeUInt32LE(offset, index * 4)
          const extended = hasExtended ? [bytesElement(0x7fe00001, 'OV', Buffer.alloc(8 * offsets.length))] : []
          const file = fileWith([fragments(0x7fe00010, table, list), ...extended], syntax)
          expect(await streamed(memorySource(file))).toBe(whole(file))
        },
      ),
      { numRuns: 400 },
    )
  })

  test('gives the same reason, or is quarantined too, when it is cut off or changed anywhere', {
    timeout: 60_000,
  }, async () => {
    const files = [
      fileWith([bytesElement(0x7fe00010, 'OW', Buffer.alloc(64, 9))]),
      fileWith([fragments(0x7fe00010, Buffer.alloc(0), [jpegFrame('Quixano', 20)])], JPEG),
    ]
    for (const file of files)
      for (let end = 0; end <= file.length; end += end < 700 ? 7 : 1) {
        const cut = file.subarray(0, end)
        expect(await streamed(memorySource(cut)), String(end)).toBe(whole(cut))
      }
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.nat(255), async (file, place, value) => {
        const changed = Buffer.from(file)
        changed[132 + (place % (file.length - 132))] = value
        expect(await streamed(memorySource(changed))).toBe(whole(changed))
      }),
      { numRuns: 800 },
    )
  })

  test('pixel data in an item, or of a form of its own, is no pixel data of the object', async () => {
    const icon = sequenceElement(0x00880200, [dataSetOf([bytesElement(0x7fe00010, 'OW', Buffer.alloc(32, 3))])])
    const file = fileWith([icon, bytesElement(0x7fe00010, 'OW', Buffer.alloc(50, 5))])
    expect(await streamed(memorySource(file))).toBe(whole(file))
    const odd = fileWith([sequenceElement(0x7fe00010, [dataSetOf([textElement(0x00080060, 'CS', 'CT')])])])
    expect(await streamed(memorySource(odd))).toBe(whole(odd))
  })
})

describe('how much of an object is read', () => {
  /** An object of which most bytes must never be asked for: they would not fit anywhere. */
  function enormous(header: Buffer, rest: number): { source: ObjectSource; read: () => number } {
    let read = 0
    const size = header.length + rest
    return {
      read: () => read,
      source: {
        size,
        read: async (offset, length) => {
          const piece = Buffer.alloc(Math.min(length, size - offset))
          read += piece.length
          if (offset < header.length) header.copy(piece, 0, offset)
          return piece
        },
      },
    }
  }

  test('the outline of 3 GB reads its header alone', async () => {
    const file = fileWith([bytesElement(0x7fe00010, 'OW', Buffer.alloc(0))])
    const header = Buffer.from(file)
    header.writeUInt32LE(3_000_000_000, header.length - 4)
    const { source, read } = enormous(header, 3_000_000_000)
    const outline = await outlineObject(source)
    expect(outline).toMatchObject({ truncated: false, pixels: { kind: 'native', value: { length: 3_000_000_000 } } })
    expect(read()).toBeLessThan(1_000_000)
  })

  test('an object with too much outside of its pixels is refused, and not held in memory', async () => {
    const elements = [textElement(0x00080016, 'UI', CT_IMAGE), bytesElement(0x00090010, 'UN', Buffer.alloc(0))]
    const header = concat(writeDataSet(dataSetOf(elements), EXPLICIT))
    header.writeUInt32LE(900_000_000, header.length - 4)
    const { source, read } = enormous(header, 900_000_000)
    expect(await deidentifyStream(testDeidentifier(), source)).toEqual({
      kind: 'quarantined',
      reason: 'object-too-large',
    })
    expect(read()).toBeLessThan(100_000_000)
  })

  test('what is verified are the pieces that are written', async () => {
    const outcome = await deidentifyStream(testDeidentifier(), memorySource(fileWith()))
    if (outcome.kind === 'quarantined') throw new Error(outcome.reason)
    const verification = new EgressVerifier().begin(outcome.identifiers)
    for await (const piece of outcome.bytes()) verification.push(piece)
    expect(verification.finish()).toMatchObject({ kind: 'clean' })
  })
})
