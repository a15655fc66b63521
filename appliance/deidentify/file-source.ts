import type { FileHandle } from 'node:fs/promises'
import type { ObjectSource } from '../imaging/dataset/index.ts'

/** An object in an open file of `size` bytes; ranges are read when they are asked for. */
export function fileSource(handle: FileHandle, size: number): ObjectSource {
  return {
    size,
    read: async (offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)))
      let filled = 0
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled)
        // The file became shorter while it was read.
        if (bytesRead === 0) return bytes.subarray(0, filled)
        filled += bytesRead
      }
      return bytes
    },
  }
}
