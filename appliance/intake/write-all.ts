import type { FileHandle } from 'node:fs/promises'
import { SpoolError } from './errors.ts'

/**
 * Writes pieces to a file, all of them: a nearly full disk takes part of what it is given and says so in the count only.
 * @param at where the first byte goes; behind what was written before when `null`.
 * @throws what the file system throws; {SpoolError} `spool-write-stalled` when it takes nothing and gives no reason.
 */
export async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[], at: number | null): Promise<void> {
  let waiting = pieces.filter((piece) => piece.length > 0)
  let position = at
  while (waiting.length > 0) {
    const { bytesWritten } = await handle.writev(waiting, ...(position === null ? [] : [position]))
    if (bytesWritten === 0) throw new SpoolError('spool-write-stalled')
    if (position !== null) position += bytesWritten
    let rest = bytesWritten
    waiting = waiting.flatMap((piece) => {
      const taken = Math.min(rest, piece.length)
      rest -= taken
      return taken === piece.length ? [] : [piece.subarray(taken)]
    })
  }
}
