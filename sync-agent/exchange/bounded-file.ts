import { constants, open } from 'node:fs/promises'

export type BoundedRead =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly code: 'not-a-file' | 'too-large' }

/**
 * Reads a small file that another process wrote. Symbolic links, devices and pipes are not followed or opened for long:
 * the exchange folder is no way to make a process read another file.
 */
export async function readBoundedFile(path: string, maxBytes: number): Promise<BoundedRead> {
  let handle: Awaited<ReturnType<typeof open>>
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { kind: 'absent' }
    if (code === 'ELOOP' || code === 'EMLINK') return { kind: 'refused', code: 'not-a-file' }
    throw error
  }
  try {
    const facts = await handle.stat()
    if (!facts.isFile()) return { kind: 'refused', code: 'not-a-file' }
    if (facts.size > maxBytes) return { kind: 'refused', code: 'too-large' }
    // One byte more than it had: a file that grows meanwhile is seen to grow.
    const buffer = Buffer.alloc(Math.min(maxBytes, facts.size) + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    if (length > maxBytes || length > facts.size) return { kind: 'refused', code: 'too-large' }
    return { kind: 'bytes', bytes: buffer.subarray(0, length) }
  } finally {
    await handle.close()
  }
}
