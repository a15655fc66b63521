import { open, readdir, rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Unsynced } from './unsynced.ts'

/** What a power cut makes of bytes that were never synced. */
export const TEARS = ['cut', 'zeros', 'noise', 'torn-page'] as const
export type Tear = (typeof TEARS)[number]

const PAGE_BYTES = 4096

/**
 * Does to the files of a stopped process what a power cut may do to everything that was not synced: bytes are gone, read
 * as zeros, are noise, or only the first half of each range reached the disk; new names and renames are undone.
 * @returns how many files were touched.
 */
export async function tear(unsynced: Unsynced, how: Tear, random: () => number): Promise<number> {
  const touched = new Set<string>()
  for (const [path, extents] of unsynced.extents) {
    for (const { from, to } of extents.toReversed()) {
      if (await damage(path, from, to, how, random)) touched.add(path)
    }
  }
  for (const [to, from] of unsynced.renamed) {
    if (await exists(to)) {
      await rename(to, from)
      touched.add(to)
    }
  }
  for (const path of unsynced.created) {
    if (await exists(path)) {
      await rm(path)
      touched.add(path)
    }
  }
  return touched.size
}

/** The bytes of every file below a folder. */
export async function sizesBelow(folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile()) continue
    // A process at work removes files meanwhile: what is gone has no size.
    const facts = await stat(path).catch(() => undefined)
    if (facts !== undefined) sizes.set(path, facts.size)
  }
  return sizes
}

async function damage(path: string, from: number, to: number, how: Tear, random: () => number): Promise<boolean> {
  const size = await stat(path).then(
    (facts) => facts.size,
    () => 0,
  )
  if (size <= from) return false
  const end = Math.min(to, size)
  if (how === 'cut' && end === size) {
    await truncate(path, from)
    return true
  }
  const begin = how === 'torn-page' ? from + halfOf(end - from) : from
  const bytes = Buffer.alloc(end - begin)
  if (how === 'noise') for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.floor(random() * 256)
  const handle = await open(path, 'r+')
  try {
    await handle.write(bytes, 0, bytes.length, begin)
  } finally {
    await handle.close()
  }
  return true
}

/** Whole pages of the first half; within one page, half of its bytes. */
function halfOf(bytes: number): number {
  return bytes <= PAGE_BYTES ? Math.floor(bytes / 2) : Math.floor(bytes / 2 / PAGE_BYTES) * PAGE_BYTES
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
