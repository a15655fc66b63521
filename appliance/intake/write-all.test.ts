import type { FileHandle } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeAll } from './write-all.ts'

/** A file on a disk that takes only so many bytes of each call. */
class MeanFile {
  readonly content = Buffer.alloc(1000)
  readonly #takes: () => number
  #end = 0

  constructor(takes: () => number) {
    this.#takes = takes
  }

  async writev(pieces: readonly Uint8Array[], position: number = this.#end): Promise<{ bytesWritten: number }> {
    const given = Buffer.concat(pieces)
    const bytesWritten = given.copy(this.content, position, 0, Math.min(given.length, this.#takes()))
    this.#end = position + bytesWritten
    return { bytesWritten }
  }
}

describe('writing all of it', () => {
  it('goes on where the disk stopped, whatever it takes at a time', async () => {
    const piece = fc.uint8Array({ maxLength: 40 })
    const take = fc.infiniteStream(fc.integer({ min: 1, max: 30 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 8 }),
        take,
        fc.constantFrom(null, 0, 64),
        async (pieces, takes, at) => {
          const file = new MeanFile(() => takes.next().value as number)
          await writeAll(file as unknown as FileHandle, pieces, at)
          const whole = Buffer.concat(pieces)
          return file.content.subarray(at ?? 0, (at ?? 0) + whole.length).equals(whole)
        },
      ),
    )
  })

  it('gives up on a disk that takes nothing and says nothing', async () => {
    const file = new MeanFile(() => 0)
    await expect(writeAll(file as unknown as FileHandle, [Buffer.alloc(1)], 0)).rejects.toMatchObject({
      code: 'spool-write-stalled',
    })
  })
})
