import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, open as openFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { InstallerError } from '../errors.ts'
import { LIBRARIES, type LibraryName, PINNED_ARCHIVES, type PinnedArchive, RUNTIME_VERSION } from './library-pins.ts'

/** Where a package of NuGet, and a wheel of PyPI, keep the libraries. */
const PLACES = ['runtimes/linux-x64/native/', 'onnxruntime/capi/'] as const
const LARGEST_LIBRARY = 2 ** 31

/** What was installed. */
export interface InstalledLibraries {
  readonly archive: { readonly sha256: string; readonly pinned: boolean; readonly cuda: number | null }
  readonly libraries: readonly { readonly name: LibraryName; readonly sha256: string; readonly bytes: number }[]
  readonly folder: string
}

export interface InstallRequest {
  /** A `.nupkg` or a `.whl`; both are ZIP files. */
  readonly file: string
  /** Beside the runtime's own library. */
  readonly folder: string
  /** SHA-256 in hexadecimal, as the administrator had it from a source of trust; needed for what is not pinned. */
  readonly sha256?: string | undefined
  readonly pins?: readonly PinnedArchive[]
}

/**
 * Puts the libraries for graphics cards beside the runtime, without a network: the whole archive is hashed before anything
 * of it is read, and each library again as it is written. Nothing is in place before all of it is right.
 * @throws {InstallerError} `file-not-found`, `input-invalid`.
 */
export async function installLibraries(request: InstallRequest): Promise<InstalledLibraries> {
  const { file, folder, pins = PINNED_ARCHIVES } = request
  const sha256 = await hashOf(file)
  const pin = pins.find((one) => one.sha256 === sha256)
  requireTrusted(sha256, request.sha256?.toLowerCase(), pin)
  const zip = await openPromise(file).catch(() => {
    throw refused('the file is no ZIP archive', 'take the package as it was published')
  })
  const staged: { name: LibraryName; path: string; sha256: string; bytes: number }[] = []
  try {
    for await (const entry of zip.eachEntry()) {
      const name = libraryIn(entry)
      if (name === undefined) continue
      if (entry.uncompressedSize > LARGEST_LIBRARY || staged.some((one) => one.name === name)) {
        throw refused(`${name} is too large or stands in the archive twice`, 'take the package as it was published')
      }
      const path = join(folder, `.${name}.${process.pid}`)
      staged.push({ name, path, ...(await extract(zip, entry, path)) })
    }
    requireWhole(staged, pin)
    for (const { name, path } of staged) await rename(path, join(folder, name))
    await syncFolder(folder)
  } finally {
    zip.close()
    for (const { path } of staged) await rm(path, { force: true })
  }
  return {
    archive: { sha256, pinned: pin !== undefined, cuda: pin?.cuda ?? null },
    libraries: staged.map(({ name, sha256: hash, bytes }) => ({ name, sha256: hash, bytes })),
    folder,
  }
}

function requireTrusted(actual: string, given: string | undefined, pin: PinnedArchive | undefined): void {
  if (given !== undefined && given !== actual) {
    throw refused(
      `the file has the SHA-256 ${actual}, not the one given`,
      'fetch it again, or ask where the hash came from',
    )
  }
  if (given === undefined && pin === undefined) {
    throw refused(
      `the file is not one that this version knows (SHA-256 ${actual})`,
      'take the pinned file that docs/models.md names, or say with --sha256 what the hash must be',
    )
  }
}

function libraryIn({ fileName }: Entry): LibraryName | undefined {
  const place = PLACES.find((one) => fileName.startsWith(one))
  return place === undefined ? undefined : LIBRARIES.find((name) => fileName === place + name)
}

/** TensorRT is wanted by few; without the other two no card is reached. */
function requireWhole(
  staged: readonly { readonly name: LibraryName; readonly sha256: string }[],
  pin: PinnedArchive | undefined,
): void {
  for (const name of LIBRARIES) {
    const found = staged.find((one) => one.name === name)
    const isNeeded = name !== 'libonnxruntime_providers_tensorrt.so'
    if (found === undefined && (isNeeded || pin !== undefined)) {
      throw refused(`the archive has no ${name}`, `take the package for Linux of version ${RUNTIME_VERSION}`)
    }
    if (found !== undefined && pin !== undefined && pin.libraries[name] !== found.sha256) {
      throw refused(`${name} is not the pinned one`, 'take the package as it was published')
    }
  }
}

async function extract(zip: ZipFile, entry: Entry, path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  await pipeline(await zip.openReadStreamPromise(entry), counted, createWriteStream(path, { flags: 'wx', flush: true }))
  await chmod(path, 0o644)
  return { sha256: hash.digest('hex'), bytes }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(file), hash)
  } catch (cause) {
    throw new InstallerError('file-not-found', {
      message: `${file} cannot be read`,
      effect: 'nothing was installed',
      nextStep: 'name the file as it lies on this machine',
      cause,
    })
  }
  return hash.digest('hex')
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await openFile(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

function refused(message: string, nextStep: string): InstallerError {
  return new InstallerError('input-invalid', { message, effect: 'nothing was installed', nextStep })
}
