import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DimseError } from './errors.ts'
import { encodeFileMeta, parseFileMeta, splitPart10 } from './part10.ts'

const META = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUid: '1.2.3.4',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
}
const DATA_SET = Buffer.from([8, 0, 5, 0, 0x43, 0x53, 0, 0, 1, 2, 3, 4])

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('Part 10', () => {
  it('reads back what it wrote, wherever the file is cut', async () => {
    const file = Buffer.concat([
      encodeFileMeta({ ...META, sourceAeTitle: 'CT1', receivingAeTitle: 'LEADGLASS' }),
      DATA_SET,
    ])
    for (const size of [1, 7, 132, 200, 10_000]) {
      const instance = await splitPart10(() => pieces(file, size))
      expect(instance).toMatchObject(META)
      expect(instance.dataSetOffset).toBe(file.length - DATA_SET.length)
      expect(await collect(instance.open())).toEqual(DATA_SET)
      expect(await collect(instance.open())).toEqual(DATA_SET)
    }
  })

  it('has a group length that ends where the data set begins (PS3.10 7.1)', () => {
    const meta = Buffer.from(encodeFileMeta(META))
    expect(meta.toString('latin1', 128, 132)).toBe('DICM')
    expect(meta.readUInt32LE(140)).toBe(meta.length - 144)
    expect(meta.length % 2).toBe(0)
  })

  it('does not trust the group length', () => {
    const file = Buffer.concat([encodeFileMeta(META), DATA_SET])
    file.writeUInt32LE(7, 140)
    expect(parseFileMeta(file)?.dataSetOffset).toBe(file.length - DATA_SET.length)
  })

  it('answers any head with a value, a wish for more, or a coded error', () => {
    const damaged = fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.nat()).map(([at, byte, cut]) => {
      const file = Buffer.concat([encodeFileMeta(META), DATA_SET])
      file[at % file.length] = byte
      return file.subarray(0, cut % file.length)
    })
    fc.assert(
      fc.property(damaged, (bytes) => {
        try {
          parseFileMeta(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(DimseError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['a file without prefix', Buffer.alloc(500)],
    ['an empty file', Buffer.alloc(0)],
    ['a file that ends in its meta group', encodeFileMeta(META).subarray(0, 200)],
    ['a meta group without UIDs', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), DATA_SET])],
  ])('refuses %s', async (_, file) => {
    await expect(splitPart10(() => pieces(file, 64))).rejects.toMatchObject({ code: 'not-part10' })
  })

  it('says when a file cannot be read', async () => {
    await expect(splitPart10('/nonexistent/file.dcm')).rejects.toMatchObject({ code: 'data-source-failed' })
  })
})
