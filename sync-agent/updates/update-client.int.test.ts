import { chmod, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestOf, digestOfFile, silentLogger } from '../foundation/index.ts'
import { FileHighWaterMarks } from './file-high-water-marks.ts'
import { FolderFetcher } from './folder-fetcher.ts'
import { FakeRepository, fakeKey, fakePackage } from './testing/fake-repository.ts'
import { MemoryFetcher } from './testing/memory.ts'
import { attackOf, NOW, Site, verified } from './testing/site.ts'

let site: Site

beforeEach(async () => {
  site = await Site.create()
})

afterEach(() => site.dispose())

describe('the way of a release', () => {
  it('goes from the repository through the kit to the appliance, file by file', async () => {
    const outcome = verified(await site.refresh())
    expect(outcome.refused).toEqual([])
    expect(outcome.metadataVersions).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1, approvedModels: 1 })
    const [release] = verified(await site.verify()).releases
    expect(release?.releaseCounter).toBe(1)
    expect(release?.approvals.map((approval) => approval.person)).toEqual(['clinical-approver', 'technical-approver'])
    expect(await digestOfFile(release?.manifestPath ?? '')).toBe(release?.model.digest)
    expect(release?.files).toHaveLength(2)
    for (const file of release?.files ?? []) {
      expect(await digestOfFile(release?.blobPath(file.sha256) ?? '')).toBe(file.sha256)
    }
  })

  it('takes the newest release of a model and names the older one as superseded', async () => {
    verified(await site.refresh())
    site.publishSecond()
    verified(await site.refresh())
    const outcome = verified(await site.verify())
    expect(outcome.releases.map((release) => release.model.version)).toEqual(['1.1.0'])
    expect(outcome.superseded.map((model) => model.version)).toEqual(['1.0.0'])
    expect(site.applianceMarks.state.releaseCounters).toEqual({ 'chest-radiograph': 2 })
  })

  it('keeps the generation before the present one for readers, and removes the one before that', async () => {
    verified(await site.refresh())
    const first = await readdir(site.at('kit', 'blobs'))
    site.publishSecond()
    verified(await site.refresh())
    expect(await readdir(site.at('kit', 'blobs'))).toEqual(expect.arrayContaining(first))
    site.repository.next('snapshot', 'timestamp')
    site.repository.publish()
    verified(await site.refresh())
    const last = await readdir(site.at('kit', 'blobs'))
    expect(last).toHaveLength(2)
    expect(first.some((name) => last.includes(name))).toBe(false)
    expect(verified(await site.verify()).releases).toHaveLength(1)
  })

  it('asks for nothing but the timestamp when nothing is new', async () => {
    verified(await site.refresh())
    const fetcher = new MemoryFetcher(site.repository.files)
    verified(await site.refresh(fetcher))
    expect(fetcher.requests.filter((path) => path.startsWith('metadata/'))).toEqual([
      'metadata/2.root.json',
      'metadata/timestamp.json',
    ])
    expect(fetcher.requests.filter((path) => path.startsWith('blobs/'))).toEqual([])
  })

  it('is verified with nothing listed before the first release', async () => {
    site.repository = new FakeRepository(NOW)
    site.repository.publish({ withoutApprovedModels: true })
    site.provision()
    expect(verified(await site.refresh()).releases).toEqual([])
    expect(verified(await site.verify()).metadataVersions.approvedModels).toBe(0)
  })

  it('brings back older bytes when that was approved as a new release', async () => {
    site.publishSecond()
    verified(await site.refresh())
    verified(await site.verify())
    const first = fakePackage({})
    const undone = fakePackage({ version: '1.1.0', releaseCounter: 2 }).statement.model
    site.repository.list(first, { ...first.statement, releaseCounter: 3, rollbackOf: undone })
    site.repository.next('approvedModels', 'snapshot', 'timestamp')
    site.repository.publish()
    verified(await site.refresh())
    const [release] = verified(await site.verify()).releases
    expect(release?.model.version).toBe('1.0.0')
    expect(release?.releaseCounter).toBe(3)
  })

  it('follows rotations of the root, and the appliance follows them from the kit', async () => {
    verified(await site.refresh())
    for (let version = 2; version <= 4; version += 1) {
      const timestamp = fakeKey()
      Object.assign(site.repository.parts.root, { version, ...site.repository.rootRoles({ timestamp }) })
      site.repository.signers.timestamp = [timestamp]
      site.repository.next('snapshot', 'timestamp')
      site.repository.publish()
    }
    expect(verified(await site.refresh()).metadataVersions.root).toBe(4)
    expect(verified(await site.verify()).metadataVersions.root).toBe(4)
    expect(await readdir(site.at('kit', 'metadata'))).toEqual(
      expect.arrayContaining(['1.root.json', '2.root.json', '3.root.json', '4.root.json']),
    )
  })

  it('goes on with the models in use when the repository cannot be reached', async () => {
    const fetcher = new MemoryFetcher(new Map())
    expect(await site.refresh(fetcher)).toMatchObject({ kind: 'unreachable', reason: 'missing' })
    verified(await site.refresh())
    const broken = new MemoryFetcher(site.repository.files)
    broken.failing.add('metadata/timestamp.json')
    expect(await site.refresh(broken)).toMatchObject({ kind: 'unreachable', reason: 'unreachable' })
    expect(verified(await site.verify()).releases).toHaveLength(1)
  })

  it('does not advance the kit before every file of a new release is there', async () => {
    verified(await site.refresh())
    site.publishSecond()
    const broken = new MemoryFetcher(site.repository.files)
    const blob = fakePackage({ version: '1.1.0', releaseCounter: 2 }).blobs[1] ?? new Uint8Array()
    broken.failing.add(`blobs/${digestOf(blob)}`)
    expect((await site.refresh(broken)).kind).toBe('unreachable')
    expect(verified(await site.verify()).releases.map((release) => release.model.version)).toEqual(['1.0.0'])
    verified(await site.refresh())
    expect(verified(await site.verify()).releases.map((release) => release.model.version)).toEqual(['1.1.0'])
  })
})

describe('damage on the device', () => {
  const names = ['timestamp.json', 'snapshot.json', 'targets.json', 'approved-models.json', '2.root.json']
  const damages = {
    'zero length': (path: string) => truncate(path, 0),
    'half a file': async (path: string) => truncate(path, (await readFile(path)).length >> 1),
    'a flipped bit': async (path: string) => {
      const bytes = await readFile(path)
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
      await writeFile(path, bytes)
    },
    'a folder in its place': async (path: string) => {
      await rm(path)
      await mkdir(path)
    },
  }

  it.each(names.flatMap((name) => Object.keys(damages).map((damage) => [name, damage] as const)))(
    '%s with %s is repaired, not fatal',
    async (name, damage) => {
      Object.assign(site.repository.parts.root, { version: 2 })
      site.repository.next('snapshot', 'timestamp')
      site.repository.publish()
      verified(await site.refresh())
      await damages[damage as keyof typeof damages](site.at('agent', 'metadata', name))
      const outcome = verified(await site.refresh())
      expect(outcome.metadataVersions.root).toBe(2)
      expect(outcome.releases).toHaveLength(1)
    },
  )

  it('one damaged copy of the marks loses nothing; both damaged are reported', async () => {
    const old = new Map(site.repository.files)
    site.publishSecond()
    verified(await site.refresh())
    await truncate(site.at('agent', 'high-water-marks.a.json'), 10)
    await rm(site.at('agent', 'metadata'), { recursive: true })
    expect(attackOf(await site.refresh(new MemoryFetcher(old)))).toBe('metadata-rollback')
    const events: string[] = []
    const logger = { ...silentLogger, error: (event: string) => void events.push(event) }
    for (const copy of ['a', 'b']) await writeFile(site.at('agent', `high-water-marks.${copy}.json`), '{"marks"')
    const marks = await new FileHighWaterMarks({ folder: site.at('agent'), logger }).read()
    expect(marks.root).toBe(0)
    expect(events).toEqual(['updates.marks-lost'])
  })

  it('a kit that cannot be written is an error of the device, and the old kit stays', async () => {
    verified(await site.refresh())
    site.publishSecond()
    if (process.getuid?.() === 0) {
      // root may write anywhere; a file where a folder must be stops it too.
      await rm(site.at('kit', '.partial'), { recursive: true, force: true })
      await writeFile(site.at('kit', '.partial'), '')
    } else {
      await chmod(site.at('kit', 'blobs'), 0o500)
    }
    await expect(site.refresh()).rejects.toMatchObject({ code: 'kit-not-writable', failureClass: 'transient' })
    expect(verified(await site.verify()).releases.map((release) => release.model.version)).toEqual(['1.0.0'])
  })
})

describe('an update kit on a disk', () => {
  it('is taken by the agent like a server, without a socket', async () => {
    await site.repository.writeTo(site.at('usb'))
    const fetcher = new FolderFetcher({ folder: site.at('usb') })
    expect(verified(await site.refresh(fetcher)).releases).toHaveLength(1)
    expect(verified(await site.verify()).releases).toHaveLength(1)
  })
})
