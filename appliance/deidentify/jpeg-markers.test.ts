import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { strippedJpeg2000 } from './jpeg-2000-stream.ts'
import { withoutMarkers } from './jpeg-markers.ts'
import { strippedStream } from './jpeg-stream.ts'

const BASELINE = '1.2.840.10008.1.2.4.50'
const JPEG_2000 = '1.2.840.10008.1.2.4.90'
const EOI = [0xff, 0xd9]

function segment(marker: number, content: string): number[] {
  return [0xff, marker, 0, content.length + 2, ...Buffer.from(content)]
}

/** A start of scan and entropy-coded data with a stuffed FF and a restart marker in it. */
const SCAN = [...segment(0xda, 'scan'), 1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 5]

function bytes(...parts: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flat())
}

function includes(stream: Uint8Array | undefined, text: string): boolean {
  return stream !== undefined && Buffer.from(stream).includes(text)
}

describe('JPEG and JPEG-LS', () => {
  test('comments before and between scans and bytes behind EOI go; the scans stay bit by bit', () => {
    const start = [0xff, 0xd8]
    const table = segment(0xc4, 'table')
    const stream = bytes(start, segment(0xfe, 'ONE'), SCAN, segment(0xfe, 'TWO'), table, SCAN, EOI, [
      ...Buffer.from('THREE'),
    ])
    expect(Buffer.from(strippedStream(stream, false) ?? [])).toEqual(Buffer.from(bytes(start, SCAN, table, SCAN, EOI)))
  })

  test('a clean stream is the same view, with one byte of padding too', () => {
    const clean = bytes([0xff, 0xd8], SCAN, EOI)
    expect(strippedStream(clean, false)).toBe(clean)
    const padded = bytes([0xff, 0xd8], SCAN, EOI, [0])
    expect(strippedStream(padded, false)).toBe(padded)
  })

  test('JPEG-LS stuffs bits, so FF 7F is data there; its APP8 stays', () => {
    const stream = bytes(
      [0xff, 0xd8],
      segment(0xe8, 'mrfx'),
      segment(0xfe, 'NAME'),
      segment(0xda, 'scan'),
      [9, 0xff, 0x7f, 9],
      EOI,
    )
    const stripped = strippedStream(stream, true)
    expect(includes(stripped, 'mrfx')).toBe(true)
    expect(includes(stripped, 'NAME')).toBe(false)
    expect(stripped?.length).toBe(stream.length - 8)
  })

  test('a frame over several fragments is followed to its end, and becomes one fragment when it changes', () => {
    const whole = bytes([0xff, 0xd8], segment(0xfe, 'NAME'), SCAN, EOI, [...Buffer.from('BEHIND')])
    const second = bytes([0xff, 0xd8], SCAN, EOI, [0])
    const offsetTable = Buffer.alloc(8)
    const cut = whole.length - 10
    const length = (fragment: Uint8Array): number => 8 + fragment.length + (fragment.length % 2)
    const [one, two] = [whole.subarray(0, cut), whole.subarray(cut)]
    offsetTable.writeUInt32LE(length(one) + length(two), 4)
    const stripped = withoutMarkers({ kind: 'fragments', offsetTable, fragments: [one, two, second] }, BASELINE)
    expect(stripped?.fragments).toHaveLength(2)
    expect(stripped?.fragments[1]).toBe(second)
    expect(includes(stripped?.fragments[0], 'NAME') || includes(stripped?.fragments[0], 'BEHIND')).toBe(false)
    expect(Buffer.from(stripped?.offsetTable ?? []).readUInt32LE(4)).toBe(length(stripped?.fragments[0] ?? one))
  })
})

describe('JPEG 2000', () => {
  const size = segment(0x51, 'image and tile size')
  const comment = [0xff, 0x64, 0, 9, 0, 1, ...Buffer.from('SMITH')]

  function tilePart(header: readonly number[], body: readonly number[]): number[] {
    const length = 12 + header.length + 2 + body.length
    return [0xff, 0x90, 0, 10, 0, 0, 0, 0, length >> 8, length & 0xff, 0, 1, ...header, 0xff, 0x93, ...body]
  }

  test('comments of the main header and of tile-part headers are blank, in the same length', () => {
    const stream = bytes([0xff, 0x4f], size, comment, tilePart(comment, [1, 2, 3]), tilePart([], [4]), EOI, [
      ...Buffer.from('SMITH'),
    ])
    const stripped = strippedJpeg2000(stream)
    expect(stripped?.length).toBe(stream.length)
    expect(includes(stripped, 'SMITH')).toBe(false)
    expect(Buffer.from(stripped ?? []).includes(Buffer.from([0xff, 0x93, 1, 2, 3]))).toBe(true)
  })

  test('a clean code-stream is the same view; one whose pointers lead nowhere is unclear', () => {
    const clean = bytes([0xff, 0x4f], size, tilePart([], [1, 2]), EOI)
    expect(strippedJpeg2000(clean)).toBe(clean)
    const astray = Uint8Array.from(clean)
    astray[2 + size.length + 9] = 3
    expect(strippedJpeg2000(astray)).toBeUndefined()
  })

  test('in a JP2 file the code-stream is cleaned and other boxes are blank', () => {
    const box = (type: string, content: readonly number[]): number[] => [
      0,
      0,
      0,
      8 + content.length,
      ...Buffer.from(type),
      ...content,
    ]
    const stream = [0xff, 0x4f, ...size, ...comment, ...tilePart([], [1, 2]), ...EOI]
    const start = [...box('jP  ', [13, 10, 0x87, 10]), ...box('ftyp', [1, 2, 3, 4])]
    const wrapped = bytes(start, box('xml ', [...Buffer.from('<a>SMITH</a>')]), box('jp2c', stream))
    const stripped = withoutMarkers(
      { kind: 'fragments', offsetTable: Buffer.alloc(0), fragments: [wrapped] },
      JPEG_2000,
    )
    expect(stripped?.fragments[0]).toHaveLength(wrapped.length + (wrapped.length % 2))
    expect(includes(stripped?.fragments[0], 'SMITH')).toBe(false)
    expect(includes(stripped?.fragments[0], 'image and tile size')).toBe(true)
    const short = { kind: 'fragments', offsetTable: Buffer.alloc(0), fragments: [wrapped.subarray(0, 30)] } as const
    expect(withoutMarkers(short, JPEG_2000)).toBeUndefined()
  })
})

test('no bytes make a stripper throw or run on', () => {
  const prefixes = [
    [0xff, 0xd8],
    [0xff, 0x4f, 0xff, 0x90, 0, 10],
  ]
  fc.assert(
    fc.property(fc.constantFrom(...prefixes), fc.uint8Array({ maxLength: 200 }), (prefix, rest) => {
      const stream = Uint8Array.from([...prefix, ...rest])
      for (const stripped of [strippedStream(stream, false), strippedStream(stream, true), strippedJpeg2000(stream)])
        expect(stripped === undefined || stripped.length <= stream.length).toBe(true)
    }),
    { numRuns: 3000 },
  )
})
