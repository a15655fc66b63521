import sharp from 'sharp'
import type { PixelShape } from './pixels.ts'

/** A baseline JPEG of 8-bit grey pixels (ITU-T T.81). */
export async function jpegOf(pixels: Buffer, { rows, columns }: PixelShape): Promise<Buffer> {
  return sharp(pixels, { raw: { width: columns, height: rows, channels: 1 } })
    .toColourspace('b-w')
    .jpeg({ quality: 90 })
    .toBuffer()
}

/** The stream with a COM and an APP1 segment after its SOI, and bytes after its EOI: three places that name people. */
export function withJpegComments(stream: Buffer, comment: string, application: string, after: string): Buffer {
  const tail = Buffer.from(after, 'latin1')
  const whole = [
    stream.subarray(0, 2),
    segment(0xfe, comment),
    segment(0xe1, `Exif\0\0${application}`),
    stream.subarray(2),
    tail,
  ]
  return even(Buffer.concat(whole))
}

/** A JPEG 2000 code-stream with a COM marker segment in its main header, after SIZ (ITU-T T.800 A.9.2). */
export function withJ2kComment(stream: Buffer, comment: string): Buffer | undefined {
  if (stream.readUInt32BE(0) !== 0xff4fff51) return undefined
  const end = 4 + stream.readUInt16BE(4)
  const text = Buffer.from(comment, 'latin1')
  const head = Buffer.from([0xff, 0x64, 0, 0, 0, 1])
  head.writeUInt16BE(text.length + 4, 2)
  return even(Buffer.concat([stream.subarray(0, end), head, text, stream.subarray(end)]))
}

function segment(marker: number, text: string): Buffer {
  const content = Buffer.from(text, 'latin1')
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(content.length + 2, 2)
  return Buffer.concat([head, content])
}

function even(bytes: Buffer): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])
}
