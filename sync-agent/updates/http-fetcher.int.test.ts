import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestOf, ManualClock, type Sha256Hex, silentLogger } from '../foundation/index.ts'
import { BlobDownload } from './blob-download.ts'
import { HttpFetcher } from './http-fetcher.ts'
import { FakeRepository, fakePackage } from './testing/fake-repository.ts'
import { MemoryHighWaterMarks } from './testing/memory.ts'
import { RepositoryServer } from './testing/repository-server.ts'
import { UpdateClient } from './update-client.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const BLOB = Buffer.alloc(400_000, 'abcdefg')
const DIGEST = digestOf(BLOB)
const PATH = `blobs/${DIGEST}`

let folder = ''
let repository: FakeRepository
let server: RepositoryServer
let url = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-fetcher-'))
  repository = new FakeRepository(NOW)
  repository.list(fakePackage({ blobs: [BLOB] }))
  repository.publish()
  server = new RepositoryServer(repository.files)
  url = await server.start()
})

afterEach(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

function fetcher(options: { readonly minimumBytesPerPeriod?: number } = {}): HttpFetcher {
  return new HttpFetcher({ repositoryUrl: url, idleTimeoutMs: 300, ...options })
}

function download(sha256: Sha256Hex = DIGEST, bytes = BLOB.length): Promise<void> {
  const folders = { blobFolder: join(folder, 'blobs'), partialFolder: join(folder, 'partial') }
  return new BlobDownload({ fetcher: fetcher(), ...folders }).ensure({ sha256, bytes })
}

function client(): UpdateClient {
  return new UpdateClient({
    fetcher: fetcher(),
    stateFolder: join(folder, 'state'),
    kitFolder: join(folder, 'kit'),
    initialRoot: repository.initialRoot,
    policy: repository.policy,
    highWaterMarks: new MemoryHighWaterMarks(),
    clock: new ManualClock(NOW),
    logger: silentLogger,
  })
}

describe('an update over HTTP', () => {
  it('is verified and laid out as a kit', async () => {
    const outcome = await client().refresh()
    expect(outcome.kind).toBe('verified')
    expect(await readFile(join(folder, 'kit', 'blobs', DIGEST))).toEqual(BLOB)
    expect(server.requests.slice(0, 5)).toEqual([
      'metadata/2.root.json',
      'metadata/timestamp.json',
      'metadata/1.snapshot.json',
      'metadata/1.targets.json',
      'metadata/1.approved-models.json',
    ])
  })

  it('shares one attempt between two calls at once', async () => {
    const one = client()
    const [first, second] = await Promise.all([one.refresh(), one.refresh()])
    expect(first).toBe(second)
    expect(server.requests.filter((request) => request === 'metadata/timestamp.json')).toHaveLength(1)
  })

  it.each([
    ['a server error', { kind: 'status', status: 503 }, 'status'],
    ['a redirect', { kind: 'status', status: 302 }, 'status'],
    ['silence', { kind: 'stall-after', bytes: 10 }, 'stalled'],
    ['one byte now and then', { kind: 'trickle', everyMs: 30 }, 'stalled'],
    ['a reset', { kind: 'reset-after', bytes: 10 }, 'unreachable'],
  ] as const)('is unreachable at %s', async (_name, fault, reason) => {
    server.faults.set('metadata/timestamp.json', fault)
    expect(await client().refresh()).toMatchObject({ kind: 'unreachable', reason })
  })

  it('is refused as endless data when the timestamp never ends', async () => {
    server.faults.set('metadata/timestamp.json', { kind: 'endless' })
    expect(await client().refresh()).toMatchObject({ kind: 'refused', attack: 'endless-data' })
  })

  it('refuses only the release when a blob never ends', async () => {
    server.faults.set(PATH, { kind: 'endless' })
    const outcome = await client().refresh()
    expect(outcome).toMatchObject({ kind: 'verified', releases: [], refused: [{ attack: 'endless-data' }] })
  })

  it('is unreachable when nobody listens', async () => {
    await server.stop()
    expect(await client().refresh()).toMatchObject({ kind: 'unreachable', reason: 'unreachable' })
    await server.start()
  })
})

describe('a blob', () => {
  it('goes on where it broke off, within one attempt', async () => {
    server.faults.set(PATH, { kind: 'reset-after', bytes: 150_000 })
    await download()
    expect(await readFile(join(folder, 'blobs', DIGEST))).toEqual(BLOB)
    expect(server.requests).toHaveLength(2)
    expect(server.requests[1]).toMatch(/^blobs\/[0-9a-f]{64} bytes=[1-9]\d*-$/)
    expect(await readdir(join(folder, 'partial'))).toEqual([])
  })

  it('goes on after a restart where it stalled', async () => {
    server.faults.set(PATH, { kind: 'stall-after', bytes: 399_990 })
    await expect(download()).rejects.toMatchObject({ code: 'stalled', failureClass: 'transient' })
    const [partial] = await readdir(join(folder, 'partial'))
    expect((await readFile(join(folder, 'partial', partial ?? ''))).length).toBe(399_990)
    server.faults.clear()
    server.requests.length = 0
    await download()
    expect(server.requests).toEqual([`${PATH} bytes=399990-`])
    expect(await readFile(join(folder, 'blobs', DIGEST))).toEqual(BLOB)
  })

  it('is begun again when what was kept of it turns out to be wrong', async () => {
    server.faults.set(PATH, { kind: 'stall-after', bytes: 200_000 })
    await expect(download()).rejects.toMatchObject({ code: 'stalled' })
    server.faults.clear()
    const partial = join(folder, 'partial', `${DIGEST}.part`)
    const bytes = await readFile(partial)
    bytes[5] = 0
    await writeFile(partial, bytes)
    await expect(download()).rejects.toMatchObject({ code: 'tampered-file' })
    await download()
    expect(await readFile(join(folder, 'blobs', DIGEST))).toEqual(BLOB)
  })

  it('is fetched again when the one that lies there is damaged', async () => {
    await download()
    const path = join(folder, 'blobs', DIGEST)
    await writeFile(path, Buffer.alloc(BLOB.length))
    await download()
    expect(await readFile(path)).toEqual(BLOB)
  })

  it('of no bytes arrives', async () => {
    const empty = digestOf('')
    repository.files.set(`blobs/${empty}`, new Uint8Array())
    await download(empty, 0)
    expect((await readFile(join(folder, 'blobs', empty))).length).toBe(0)
  })

  it('that is shorter than approved never gets its name', async () => {
    repository.files.set(PATH, BLOB.subarray(0, 1000))
    await expect(download()).rejects.toMatchObject({ failureClass: 'transient' })
    expect(await readdir(join(folder, 'blobs'))).toEqual([])
  })

  it('that is longer than approved never gets its name', async () => {
    repository.files.set(PATH, Buffer.concat([BLOB, BLOB]))
    await expect(download()).rejects.toMatchObject({ code: 'endless-data' })
    expect(await readdir(join(folder, 'blobs'))).toEqual([])
  })

  it('may take longer than any idle time-out as long as bytes arrive', async () => {
    const slow = Buffer.alloc(30, 'z')
    const path = `blobs/${digestOf(slow)}`
    repository.files.set(path, slow)
    server.faults.set(path, { kind: 'trickle', everyMs: 30 })
    const started = Date.now()
    const stream = await fetcher({ minimumBytesPerPeriod: 1 }).blob(digestOf(slow), 0)
    let length = 0
    for await (const chunk of stream?.chunks ?? []) {
      length += chunk.length
      if (length === slow.length) break
    }
    expect(length).toBe(slow.length)
    expect(Date.now() - started).toBeGreaterThan(600)
  })
})
