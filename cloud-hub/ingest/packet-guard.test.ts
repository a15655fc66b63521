import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PacketGuard, PacketTooLarge } from './packet-guard.ts'

const LIMIT = 1000

async function pass(chunks: readonly Buffer[]): Promise<Buffer> {
  const out: Buffer[] = []
  for await (const chunk of Readable.from(chunks).pipe(new PacketGuard(LIMIT))) out.push(chunk as Buffer)
  return Buffer.concat(out)
}

/** A PUBLISH packet of QoS 0 with topic `t` (MQTT 3.1.1 3.3). */
function publish(bytes: number): Buffer {
  const body = Buffer.concat([Buffer.from([0, 1, 0x74]), Buffer.alloc(bytes, 0xff)])
  const header = [0x30]
  for (let rest = body.length; ; rest = Math.floor(rest / 128)) {
    header.push(rest >= 128 ? (rest % 128) + 128 : rest)
    if (rest < 128) break
  }
  return Buffer.concat([Buffer.from(header), body])
}

describe('the guard of packet sizes', () => {
  it('passes every stream of small packets on unchanged, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(900), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 700 }),
        async (sizes, step) => {
          const stream = Buffer.concat(sizes.map(publish))
          const chunks: Buffer[] = []
          for (let at = 0; at < stream.length; at += step) chunks.push(stream.subarray(at, at + step))
          expect((await pass(chunks)).equals(stream)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('fails at the header of a packet above the limit', async () => {
    const guard = new PacketGuard(LIMIT)
    const failed = new Promise((resolve) => guard.once('error', resolve))
    guard.write(publish(10))
    guard.write(publish(5000).subarray(0, 3))
    expect(await failed).toBeInstanceOf(PacketTooLarge)
  })

  it('fails at a length of more than four bytes (MQTT 3.1.1, 2.2.3)', async () => {
    const guard = new PacketGuard(2 ** 31)
    const failed = new Promise((resolve) => guard.once('error', resolve))
    guard.write(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01]))
    expect(await failed).toBeInstanceOf(PacketTooLarge)
  })
})
