import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { z } from 'zod'
import { deviceId } from '../contract/index.ts'
import { canonicalJson, syncFolder, writeFileAtomically } from '../foundation/index.ts'
import { readBoundedFile } from './bounded-file.ts'

/** The list of a kit. It is written last: a folder without it is no kit, or one that is still being copied. */
export const KIT_LIST = 'kit.json'
/** Where a device's kit to its hub holds the batches. */
export const KIT_OUTBOX = 'outbox'
/** Where a hub's kit holds the repository of models and recalls, and what it has committed of each device. */
export const KIT_REPOSITORY = 'repository'
export const KIT_ACKNOWLEDGEMENTS = 'acknowledgements'

const MOST_LIST_BYTES = 16 * 1024 * 1024
/** Names that mean the same on every file system, below folders that a kit has. */
const PATH = /^(?:[A-Za-z0-9_][A-Za-z0-9._%-]{0,199}\/){0,6}[A-Za-z0-9_][A-Za-z0-9._%-]{0,199}$/

/** What a kit holds, and in which direction it is carried. It protects against half copies only; nothing is trusted by it. */
export const kitList = z.strictObject({
  schema: z.literal('leadglass.kit/1'),
  direction: z.enum(['to-site', 'to-hub']),
  /** Whose kit it is: the device that made it; null where a hub did. */
  device: deviceId.nullable(),
  at: z.iso.datetime(),
  files: z
    .array(
      z.strictObject({
        path: z.string().max(600).regex(PATH),
        bytes: z.number().int().min(0).max(20_000_000_000),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .max(50_000),
})
export type KitList = z.infer<typeof kitList>
export type KitDirection = KitList['direction']

/** Why a folder is not taken as a kit, in words that whoever carries it can act on. */
export type KitFolderCode = 'kit-missing' | 'kit-unreadable' | 'kit-wrong-direction' | 'kit-incomplete' | 'kit-damaged'
export type KitFolderRead =
  | { readonly kind: 'kit'; readonly list: KitList; readonly listBytes: Uint8Array }
  | { readonly kind: 'refused'; readonly code: KitFolderCode; readonly message: string }

/** Writes the list over everything that lies in the folder. @returns the list's bytes, which are canonical JSON. */
export async function writeKitList(
  folder: string,
  of: Pick<KitList, 'direction' | 'device' | 'at'>,
): Promise<Uint8Array> {
  const paths = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => path !== KIT_LIST)
    .sort()
  const files: KitList['files'] = []
  for (const path of paths) files.push({ path, ...(await measure(join(folder, path))) })
  const bytes = Buffer.from(canonicalJson(kitList.parse({ schema: 'leadglass.kit/1', ...of, files })))
  await writeFileAtomically(join(folder, KIT_LIST), bytes, 0o644)
  return bytes
}

/** Reads the list of a folder that anybody may have written. */
export async function readKitList(folder: string, direction: KitDirection): Promise<KitFolderRead> {
  const read = await readBoundedFile(join(folder, KIT_LIST), MOST_LIST_BYTES)
  if (read.kind === 'absent') {
    return refused('kit-missing', 'There is no kit.json in this folder. It is no kit, or its copy is not finished.')
  }
  const list = read.kind === 'bytes' ? kitList.safeParse(parseJson(read.bytes)) : undefined
  if (read.kind !== 'bytes' || list?.success !== true) {
    return refused('kit-unreadable', 'kit.json cannot be read. Copy the kit again, or write it anew.')
  }
  if (list.data.direction !== direction) {
    const meant =
      direction === 'to-site' ? 'for a hub; use "leadglass kit import"' : 'for a box; use "leadglass kit read"'
    return refused('kit-wrong-direction', `This kit is ${meant} at the other side.`)
  }
  return { kind: 'kit', list: list.data, listBytes: read.bytes }
}

/**
 * Copies a kit, file by file as its list says, and compares each with the list. Links, pipes and devices are not followed.
 * @param to must not exist. What a refusal leaves there is the caller's to remove.
 */
export async function copyKit(from: string, to: string, direction: KitDirection): Promise<KitFolderRead> {
  const read = await readKitList(from, direction)
  if (read.kind === 'refused') return read
  await mkdir(to, { recursive: true, mode: 0o770 })
  for (const { path, bytes, sha256 } of read.list.files) {
    const copied = await copyOne(from, path, join(to, path), bytes)
    if (copied === undefined) {
      return refused('kit-incomplete', `The file ${path} of the kit is missing. Copy the whole kit again.`)
    }
    if (copied.bytes !== bytes || copied.sha256 !== sha256) {
      return refused('kit-damaged', `The file ${path} of the kit is torn or was changed. Copy the whole kit again.`)
    }
  }
  await writeFileAtomically(join(to, KIT_LIST), read.listBytes, 0o644)
  return read
}

function refused(code: KitFolderCode, message: string): KitFolderRead {
  return { kind: 'refused', code, message }
}

async function measure(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      hash.update(chunk as Buffer)
      bytes += (chunk as Buffer).length
    }
    return { bytes, sha256: hash.digest('hex') }
  } finally {
    await handle.close()
  }
}

/** Undefined when there is no plain file at the place. Stops one byte after the length that the list says. */
async function copyOne(
  folder: string,
  path: string,
  to: string,
  most: number,
): Promise<{ readonly bytes: number; readonly sha256: string } | undefined> {
  const source = await openPlain(folder, path)
  if (source === undefined) return undefined
  try {
    const made = await mkdir(dirname(to), { recursive: true, mode: 0o770 })
    if (made !== undefined) await syncFolder(dirname(made))
    const target = await open(to, 'wx', 0o640)
    try {
      const hash = createHash('sha256')
      let bytes = 0
      for await (const chunk of source.createReadStream({ autoClose: false, end: most })) {
        hash.update(chunk as Buffer)
        bytes += (chunk as Buffer).length
        await target.write(chunk as Buffer)
      }
      await target.sync()
      return { bytes, sha256: hash.digest('hex') }
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function openPlain(folder: string, path: string): Promise<FileHandle | undefined> {
  try {
    let at = folder
    for (const part of path.split('/').slice(0, -1)) {
      at = join(at, part)
      if (!(await lstat(at)).isDirectory()) return undefined
    }
    const handle = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO') return undefined
    throw error
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}
