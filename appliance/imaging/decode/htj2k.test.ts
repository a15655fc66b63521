import createOpenJph from '@cornerstonejs/codec-openjph/wasmjs'
import { describe, expect, it } from 'vitest'
import { dataSetOf, type Element, textElement } from '../dataset/index.ts'
import { decodeFrames } from './index.ts'

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array
  setQuality(reversible: boolean, step: number): void
  encode(): void
  getEncodedBuffer(): Uint8Array
  delete(): void
}

const HTJ2K_LOSSLESS = '1.2.840.10008.1.2.4.201'

function unsigned(tag: number, value: number): Element {
  return { tag, vr: 'US', value: { kind: 'bytes', bytes: Uint8Array.of(value & 255, value >> 8), bigEndian: false } }
}

/** Encodes with the library's own encoder: there is no other program at hand that writes HTJ2K. */
async function encode(values: Uint16Array | Int16Array, width: number, bits: number): Promise<Uint8Array> {
  const { HTJ2KEncoder } = await createOpenJph()
  const encoder = new HTJ2KEncoder() as Encoder
  const info = {
    width,
    height: values.length / width,
    bitsPerSample: bits,
    componentCount: 1,
    isSigned: values instanceof Int16Array,
    isUsingColorTransform: false,
  }
  encoder.getDecodedBuffer(info).set(new Uint8Array(values.buffer))
  encoder.setQuality(true, 0)
  encoder.encode()
  const bytes = Uint8Array.from(encoder.getEncodedBuffer())
  encoder.delete()
  return bytes
}

describe('HTJ2K', () => {
  it.each([
    ['12 bits unsigned', Uint16Array.from({ length: 96 * 64 }, (_, i) => (i * 2654435761) & 4095), 12],
    ['16 bits unsigned', Uint16Array.from({ length: 96 * 64 }, (_, i) => (i * 2654435761) & 65_535), 16],
    ['16 bits signed', Int16Array.from({ length: 96 * 64 }, (_, i) => i * 7919), 16],
  ] as const)('gives back every value of %s', async (_what, values, bits) => {
    const codestream = await encode(values, 96, bits)
    const dataSet = dataSetOf([
      unsigned(0x00280002, 1),
      textElement(0x00280004, 'CS', 'MONOCHROME2'),
      unsigned(0x00280010, 64),
      unsigned(0x00280011, 96),
      unsigned(0x00280100, 16),
      unsigned(0x00280101, bits),
      unsigned(0x00280102, bits - 1),
      unsigned(0x00280103, values instanceof Int16Array ? 1 : 0),
      {
        tag: 0x7fe00010,
        vr: 'OB',
        value: { kind: 'fragments', offsetTable: new Uint8Array(0), fragments: [codestream] },
      },
    ])
    const image = await decodeFrames(dataSet, HTJ2K_LOSSLESS, { maximumBytes: 1 << 20 })
    expect(Array.from(image.pixels)).toEqual(Array.from(values))
  })
})
