import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installLibraries } from './install-libraries.ts'
import { LIBRARIES, PINNED_ARCHIVES } from './library-pins.ts'

const NUGET = 'runtimes/linux-x64/native/'
const WHEEL = 'onnxruntime/capi/'

/** A ZIP archive of stored members (APPNOTE 4.3). */
function zipOf(members: Readonly<Record<string, string>>): Buffer {
  const [local, central]: [Buffer[], Buffer[]] = [[], []]
  let at = 0
  for (const [name, text] of Object.entries(members)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)]
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    head.writeUInt16LE(20, 4)
    head.writeUInt32LE(crc32(data), 14)
    head.writeUInt32LE(data.length, 18)
    head.writeUInt32LE(data.length, 22)
    head.writeUInt16LE(path.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(20, 6)
    head.copy(entry, 10, 8, 28)
    entry.writeUInt16LE(path.length, 28)
    entry.writeUInt32LE(at, 42)
    local.push(head, path, data)
    central.push(entry, path)
    at += head.length + path.length + data.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  const count = Object.keys(members).length
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...local, directory, end])
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const all = (place: string): Record<string, string> =>
  Object.fromEntries(LIBRARIES.map((name) => [place + name, `code of ${name}`]))

describe('the libraries for graphics cards', () => {
  let root: string
  let folder: string
  let file: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'libraries-'))
    folder = await mkdtemp(join(root, 'runtime-'))
    file = join(root, 'package.nupkg')
  })
  afterEach(async () => {
    await rm(root, { recursive: true, force: true })
  })
  const nothingInstalled = async (): Promise<void> => expect(await readdir(folder)).toEqual([])

  it.each([NUGET, WHEEL])('are put in place from %s when the hash is the one given', async (place) => {
    const zip = zipOf({ 'README.md': 'x', ...all(place) })
    await writeFile(file, zip)
    const done = await installLibraries({ file, folder, sha256: sha256(zip).toUpperCase() })
    expect(done.archive).toEqual({ sha256: sha256(zip), pinned: false, cuda: null })
    expect((await readdir(folder)).toSorted()).toEqual([...LIBRARIES].toSorted())
    for (const { name, sha256: hash } of done.libraries) expect(sha256(await readFile(join(folder, name)))).toBe(hash)
  })

  it('need no word of the administrator when the file is pinned, and then each library is held to its pin', async () => {
    const zip = zipOf(all(WHEEL))
    await writeFile(file, zip)
    const libraries = Object.fromEntries(LIBRARIES.map((name) => [name, sha256(`code of ${name}`)])) as Record<
      (typeof LIBRARIES)[number],
      string
    >
    const pin = { file: 'a.whl', sha256: sha256(zip), cuda: 13, libraries }
    const other = { ...pin, libraries: { ...libraries, 'libonnxruntime_providers_cuda.so': '0'.repeat(64) } }
    await expect(installLibraries({ file, folder, pins: [other] })).rejects.toThrow(/not the pinned one/)
    await nothingInstalled()
    expect((await installLibraries({ file, folder, pins: [pin] })).archive).toMatchObject({ pinned: true, cuda: 13 })
  })

  it.each([
    ['a file that nobody vouches for', all(NUGET), undefined, /not one that this version knows/],
    ['another file than the hash says', all(NUGET), 'a'.repeat(64), /not the one given/],
    ['an archive without CUDA', { [`${NUGET}libonnxruntime_providers_shared.so`]: 'x' }, 'its own', /has no/],
    ['libraries at another place', all('runtimes/win-x64/native/'), 'its own', /has no/],
    ['a name that climbs', { [`../${NUGET}libonnxruntime_providers_cuda.so`]: 'x', ...all('x/') }, 'its own', /.+/],
  ])('are not installed from %s', async (_what, members, hash, words) => {
    const zip = zipOf(members)
    await writeFile(file, zip)
    const given = hash === 'its own' ? sha256(zip) : hash
    await expect(installLibraries({ file, folder, sha256: given })).rejects.toThrow(words)
    await nothingInstalled()
  })

  it('are not looked for in what is no archive, or is not there', async () => {
    await writeFile(file, 'no archive')
    await expect(installLibraries({ file, folder, sha256: sha256('no archive') })).rejects.toThrow(/no ZIP/)
    await expect(installLibraries({ file: join(root, 'none'), folder })).rejects.toMatchObject({
      code: 'file-not-found',
    })
    await nothingInstalled()
  })

  it('are pinned with every hash', () => {
    for (const pin of PINNED_ARCHIVES) {
      expect(
        [pin.sha256, ...LIBRARIES.map((name) => pin.libraries[name])].every((hash) => /^[0-9a-f]{64}$/.test(hash)),
      ).toBe(true)
    }
  })
})
