import { closeSync, openSync, readSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { digestOfInstance } from './instance-digest.ts'
import type { LandedInstance } from './landed-instance.ts'
import { BODY_CHUNK_BYTES, openBeginning, openBody } from './spool-cipher.ts'
import { HEAD_BYTES } from './spool-file.ts'

/** Where a landed instance's own file is, or will be. */
export interface LandedPaths {
  /** While it comes; `null` for one that lies in the log. */
  readonly part: string | null
  readonly file: string
}

/** The plain bytes of a landed instance from its start, file meta group included, at least so many where it has them. */
export function beginningOf(instance: LandedInstance, paths: LandedPaths, bytes: number): Buffer {
  // A whole chunk more, because the last one may be cut, and room for the tags.
  const raw = rawBody(instance, paths, bytes + BODY_CHUNK_BYTES + Math.ceil(bytes / 4096) + 4096)
  if (instance.fileKey === null) return raw
  const key = Buffer.from(instance.fileKey, 'base64')
  return raw.length === instance.bodyBytes ? openBody(raw, key) : openBeginning(raw, key)
}

/** A frame whose body is torn was never acknowledged. A part file is durable before its frame is written. */
export async function isWhole(instance: LandedInstance, paths: LandedPaths): Promise<boolean> {
  const { fileKey, digest, bodyBytes, metaBytes, bytes } = instance
  if (paths.part !== null) {
    const part = await stat(paths.part).catch(() => undefined)
    return part === undefined ? isThere(paths.file) : part.size === bodyBytes + HEAD_BYTES
  }
  const raw = rawBody(instance, paths, bodyBytes)
  if (raw.length !== bodyBytes) return false
  if (fileKey === null) return digestOfInstance(instance, raw.subarray(metaBytes, metaBytes + bytes)) === digest
  try {
    openBody(raw, Buffer.from(fileKey, 'base64'))
    return true
  } catch {
    return false
  }
}

/** True when there is such a file. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function rawBody({ landed, bodyBytes }: LandedInstance, { part, file }: LandedPaths, bytes: number): Buffer {
  if (part === null) return landed.segment.read(landed, bytes)
  const raw = Buffer.allocUnsafe(Math.min(bytes, bodyBytes))
  const fd = openNow(part, file)
  try {
    let filled = 0
    for (let count = -1; count !== 0 && filled < raw.length; filled += count)
      count = readSync(fd, raw, filled, raw.length - filled, HEAD_BYTES + filled)
    return raw.subarray(0, filled)
  } finally {
    closeSync(fd)
  }
}

/** A part file may have moved to its place a moment ago. */
function openNow(first: string, second: string): number {
  try {
    return openSync(first, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    return openSync(second, 'r')
  }
}
