import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDescription, type PixelDescription, type RawPixelDescription } from './description.ts'
import { DecodeError } from './errors.ts'
import { assembleFrames } from './frames.ts'
import { unpackNative } from './native.ts'
import { decodeRleFrame } from './rle.ts'

const raw: RawPixelDescription = {
  rows: 1,
  columns: 4,
  frames: 1,
  samplesPerPixel: 1,
  bitsAllocated: 16,
  bitsStored: 12,
  highBit: 11,
  pixelRepresentation: 0,
  planarConfiguration: undefined,
  photometric: 'MONOCHROME2',
}

function described(change: Partial<RawPixelDescription>): PixelDescription {
  return checkDescription({ ...raw, ...change })
}

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return error instanceof DecodeError ? error.code : 'no coded error'
  }
  return 'accepted'
}

describe('native pixels', () => {
  it('puts the planes of a file together, whose bytes are a Buffer and a view', () => {
    const facts = described({
      samplesPerPixel: 3,
      bitsAllocated: 8,
      bitsStored: 8,
      highBit: 7,
      planarConfiguration: 1,
      photometric: 'RGB',
    })
    const file = Buffer.from([1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24])
    expect(Array.from(unpackNative(file, facts, false))).toEqual([1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24])
    expect(Array.from(file)).toEqual([1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24])
  })

  it('keeps overlay bits above the high bit out of the values', () => {
    const words = Uint16Array.of(0xf001, 0x1fff, 0x8000, 0x0abc)
    expect(Array.from(unpackNative(new Uint8Array(words.buffer), described({}), false))).toEqual([1, 0xfff, 0, 0xabc])
  })

  it('extends the sign from the high bit', () => {
    const facts = described({ pixelRepresentation: 1, highBit: 13 })
    const words = Uint16Array.of(0x0fff << 2, 0x0800 << 2, 0x07ff << 2, 4)
    expect(Array.from(unpackNative(new Uint8Array(words.buffer), facts, false))).toEqual([-1, -2048, 2047, 1])
  })

  it('reads big-endian words, also from an odd offset, without changing its input', () => {
    const bytes = Uint8Array.of(9, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08).subarray(1)
    const facts = described({ bitsStored: 16, highBit: 15 })
    expect(Array.from(unpackNative(bytes, facts, true))).toEqual([0x0102, 0x0304, 0x0506, 0x0708])
    expect(Array.from(unpackNative(bytes, facts, false))).toEqual([0x0201, 0x0403, 0x0605, 0x0807])
  })

  it('brings planar colour together', () => {
    const facts = described({
      columns: 2,
      samplesPerPixel: 3,
      bitsAllocated: 8,
      bitsStored: 8,
      highBit: 7,
      planarConfiguration: 1,
      photometric: 'RGB',
    })
    expect(Array.from(unpackNative(Uint8Array.of(1, 2, 3, 4, 5, 6), facts, false))).toEqual([1, 3, 5, 2, 4, 6])
  })

  it('refuses data that is too short', () => {
    expect(codeOf(() => unpackNative(new Uint8Array(7), described({}), false))).toBe('pixel-data-truncated')
  })

  it.each([
    ['no rows', { rows: 0 }],
    ['absent columns', { columns: undefined }],
    ['more bits stored than allocated', { bitsStored: 17, highBit: 16 }],
    ['a high bit below the bits stored', { highBit: 5 }],
    ['colour with one sample', { photometric: 'RGB' }],
    ['no frames', { frames: 0 }],
  ])('refuses a header with %s', (_what, change) => {
    expect(codeOf(() => described(change))).toBe('image-description-invalid')
  })

  it.each([
    ['an unknown photometric interpretation', { photometric: 'HSV' }],
    ['two samples', { samplesPerPixel: 2 }],
    ['24 bits allocated', { bitsAllocated: 24 }],
  ])('does not support %s', (_what, change) => {
    expect(codeOf(() => described(change))).toBe('unsupported-pixel-format')
  })
})

describe('RLE', () => {
  it('never reads or writes beyond a hostile frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 200 }), fc.boolean(), (bytes, header) => {
        const frame = Uint8Array.from(bytes)
        if (header && frame.length > 72) new DataView(frame.buffer).setUint32(0, 2, true)
        if (header && frame.length > 72) new DataView(frame.buffer).setUint32(4, 64, true)
        if (header && frame.length > 72) new DataView(frame.buffer).setUint32(8, 70, true)
        const outcome = codeOf(() => decodeRleFrame(frame, described({})))
        expect(['accepted', 'codestream-invalid', 'codestream-contradicts-header', 'pixel-data-truncated']).toContain(
          outcome,
        )
      }),
    )
  })
})

describe('fragments to frames', () => {
  const soi = (n: number): Uint8Array => Uint8Array.of(0xff, 0xd8, n)
  const more = (n: number): Uint8Array => Uint8Array.of(n)

  it('follows a basic offset table', () => {
    const table = new Uint8Array(Uint32Array.of(0, 8 + 1 + 8 + 1).buffer)
    const value = { kind: 'fragments', offsetTable: table, fragments: [more(1), more(2), more(3)] } as const
    expect(assembleFrames(value, 2).map((frame) => Array.from(frame))).toEqual([[1, 2], [3]])
  })

  it('falls back to codestream starts when the table is empty or wrong', () => {
    for (const table of [new Uint8Array(0), new Uint8Array(Uint32Array.of(0, 5).buffer)]) {
      const value = { kind: 'fragments', offsetTable: table, fragments: [soi(1), more(2), soi(3)] } as const
      expect(assembleFrames(value, 2).map((frame) => frame.length)).toEqual([4, 3])
    }
  })

  it('refuses what cannot be divided', () => {
    const value = { kind: 'fragments', offsetTable: new Uint8Array(0), fragments: [more(1), more(2), more(3)] } as const
    expect(codeOf(() => assembleFrames(value, 2))).toBe('pixel-data-truncated')
    expect(codeOf(() => assembleFrames(value, 4))).toBe('pixel-data-truncated')
  })
})
