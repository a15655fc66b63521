import { type FileHandle, open } from 'node:fs/promises'
import type { ObjectSource } from '../imaging/dataset/index.ts'
import { SpoolError } from './errors.ts'
import { releaseMemory } from './incoming-instance.ts'
import { BODY_CHUNK_BYTES, CHUNK_TAG_BYTES, openChunk, openEnd } from './spool-cipher.ts'
import { HEAD_BYTES } from './spool-file.ts'

/** An object that is read in ranges while its file is open. */
export interface OpenObject extends ObjectSource {
  close(): Promise<void>
}

/**
 * The plain bytes of a stored body, in ranges; one chunk is held at a time. That the body is whole is known from here on:
 * its end is looked at first.
 * @param key of the file; `null` when it is not encrypted.
 * @throws {SpoolError} `spool-damaged`, here or in a read.
 */
export async function openBodySource(
  handle: FileHandle,
  bodyBytes: number,
  key: Uint8Array | null,
): Promise<OpenObject> {
  const { size } = await handle.stat()
  if (size !== HEAD_BYTES + bodyBytes) throw new SpoolError('spool-damaged')
  if (key === null) return plainSource(handle, bodyBytes)
  const sealedBytes = bodyBytes - CHUNK_TAG_BYTES
  if (sealedBytes < 0) throw new SpoolError('spool-damaged')
  const chunks = Math.ceil(sealedBytes / (BODY_CHUNK_BYTES + CHUNK_TAG_BYTES))
  openEnd(key, chunks, await exactly(handle, HEAD_BYTES + sealedBytes, CHUNK_TAG_BYTES))
  const plainBytes = sealedBytes - chunks * CHUNK_TAG_BYTES
  // One buffer for what is read: memory that waits for the collector would be a multiple of it.
  const sealed = Buffer.allocUnsafeSlow(Math.min(sealedBytes, BODY_CHUNK_BYTES + CHUNK_TAG_BYTES))
  let held: { readonly chunk: number; readonly plain: Buffer } | undefined
  const chunkAt = async (chunk: number): Promise<Buffer> => {
    if (held?.chunk === chunk) return held.plain
    const from = chunk * (BODY_CHUNK_BYTES + CHUNK_TAG_BYTES)
    const length = Math.min(BODY_CHUNK_BYTES + CHUNK_TAG_BYTES, sealedBytes - from)
    const plain = openChunk(key, chunk, await filled(handle, HEAD_BYTES + from, sealed.subarray(0, length)))
    if (held !== undefined) releaseMemory(held.plain)
    held = { chunk, plain }
    return plain
  }
  return {
    size: plainBytes,
    async read(offset, length) {
      const end = Math.min(plainBytes, offset + length)
      // A copy, so that a chunk's memory can be given back at once when the next one comes.
      const bytes = Buffer.allocUnsafeSlow(Math.max(0, end - offset))
      for (let at = offset; at < end; ) {
        const chunk = Math.floor(at / BODY_CHUNK_BYTES)
        const first = at - chunk * BODY_CHUNK_BYTES
        at += (await chunkAt(chunk)).copy(bytes, at - offset, first, first + end - at)
      }
      return bytes
    },
    close: () => handle.close(),
  }
}

function plainSource(handle: FileHandle, bodyBytes: number): OpenObject {
  return {
    size: bodyBytes,
    read: async (offset, length) => {
      const wanted = Math.max(0, Math.min(length, bodyBytes - offset))
      return exactly(handle, HEAD_BYTES + offset, wanted)
    },
    close: () => handle.close(),
  }
}

/** Opens the first of the files that is there: a part may move to its place at any moment. */
export async function openEither(paths: readonly string[]): Promise<FileHandle> {
  for (const path of paths) {
    try {
      return await open(path, 'r')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    }
  }
  throw new SpoolError('spool-missing')
}

/** @throws {SpoolError} `spool-damaged` where the file ends before. */
export async function exactly(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  return filled(handle, at, Buffer.allocUnsafeSlow(length))
}

async function filled(handle: FileHandle, at: number, buffer: Buffer): Promise<Buffer> {
  let done = 0
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, at + done)
    if (bytesRead === 0) throw new SpoolError('spool-damaged')
    done += bytesRead
  }
  return buffer
}
