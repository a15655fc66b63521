import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PacketCutter } from './mqtt-stage.ts'

/** A packet of a type with so many bytes after its header. */
function packet(type: number, length: number): Buffer {
  const header = [type << 4]
  let left = length
  do {
    const digit = left % 128
    left = Math.floor(left / 128)
    header.push(left > 0 ? digit | 0x80 : digit)
  } while (left > 0)
  return Buffer.concat([Buffer.from(header), Buffer.alloc(length, type)])
}

describe('cutting a stream of bytes into MQTT packets', () => {
  it('gives the packets whole and in order, however the bytes come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 0, max: 300 })), { maxLength: 8 }),
        fc.integer({ min: 1, max: 400 }),
        (packets, size) => {
          const bytes = Buffer.concat(packets.map(([type, length]) => packet(type, length)))
          const cutter = new PacketCutter()
          const cut: Buffer[] = []
          for (let at = 0; at < bytes.length; at += size) cut.push(...cutter.cut(bytes.subarray(at, at + size)))
          expect(cut.map((one) => [(one[0] ?? 0) >> 4, one.length])).toEqual(
            packets.map(([type, length]) => [type, packet(type, length).length]),
          )
          expect(Buffer.concat(cut)).toEqual(bytes)
        },
      ),
    )
  })

  it('refuses a length of more than four bytes', () => {
    expect(() => new PacketCutter().cut(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01]))).toThrow(RangeError)
  })
})
