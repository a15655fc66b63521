import { setImmediate } from 'node:timers/promises'

const BLOCK = 512
/** Lines between two breaths, so that a long log does not keep the hub from its other work. */
const LINES_AT_ONCE = 2_000

/** A file of an archive. `lines` may be asked for twice and must give the same both times. */
export interface ArchiveFile {
  readonly name: string
  readonly lines: () => Iterable<string>
}

/**
 * A ustar archive (POSIX.1-1988) as a stream of known length. Each file is gone through twice, once for its length: it is
 * never in memory as a whole.
 * @param at modification time of every file, POSIX seconds.
 */
export async function archiveOf(
  files: readonly ArchiveFile[],
  at: number,
): Promise<{ readonly bytes: number; readonly content: AsyncIterable<Uint8Array> }> {
  const sized: (ArchiveFile & { readonly size: number })[] = []
  for (const file of files) {
    let size = 0
    for await (const piece of pieces(file)) size += piece.length
    sized.push({ ...file, size })
  }
  const bytes = sized.reduce((sum, { size }) => sum + BLOCK + padded(size), 2 * BLOCK)
  return { bytes, content: contentOf(sized, at) }
}

async function* contentOf(
  files: readonly (ArchiveFile & { readonly size: number })[],
  at: number,
): AsyncIterable<Uint8Array> {
  for (const file of files) {
    yield header(file.name, file.size, at)
    let written = 0
    for await (const piece of pieces(file)) {
      written += piece.length
      yield piece
    }
    // A log only grows, but an epoch can be pruned meanwhile: better no archive than one that is not what it says.
    if (written !== file.size) throw new RangeError('a file of the archive changed while it was written')
    yield Buffer.alloc(padded(file.size) - file.size)
  }
  yield Buffer.alloc(2 * BLOCK)
}

async function* pieces(file: ArchiveFile): AsyncIterable<Uint8Array> {
  let held: string[] = []
  for (const line of file.lines()) {
    held.push(line)
    if (held.length < LINES_AT_ONCE) continue
    yield Buffer.from(held.join(''))
    held = []
    await setImmediate()
  }
  if (held.length > 0) yield Buffer.from(held.join(''))
}

/** A file header. Sizes from 8 GiB on have the base-256 form that GNU tar introduced and all readers know. */
function header(name: string, size: number, at: number): Uint8Array {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, 100, 'ascii')
  block.write('0000644\0' + '0000000\0' + '0000000\0', 100, 'ascii')
  if (size < 8 ** 11) block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'ascii')
  else {
    block[124] = 0x80
    block.writeBigUInt64BE(BigInt(size), 128)
  }
  block.write(`${at.toString(8).padStart(11, '0')}\0`, 136, 'ascii')
  block.write('        0', 148, 'ascii')
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii')
  return block
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}
