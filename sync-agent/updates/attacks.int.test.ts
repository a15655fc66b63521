import { readdir, rm } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestOf } from '../foundation/index.ts'
import { approverPart, FakeRepository, fakeKey, fakePackage, instant, type Part } from './testing/fake-repository.ts'
import { MemoryFetcher } from './testing/memory.ts'
import { attackOf, DAY, NOW, Site, verified } from './testing/site.ts'

let site: Site

beforeEach(async () => {
  site = await Site.create()
})

afterEach(() => site.dispose())

describe('approvals, as agent and appliance see them', () => {
  it('one signature is refused', async () => {
    site.repository.signers['approved-models'] = [site.repository.clinical]
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['too-few-approvals', 'too-few-approvals'])
  })

  it('the same person twice, with two keys, is refused', async () => {
    const second = fakeKey()
    site.repository.addApprover(second.keyid, approverPart(second.publicKey, 'clinical-approver', 'technical'))
    site.repository.signers['approved-models'] = [site.repository.clinical, second]
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['same-person-twice', 'same-person-twice'])
  })

  it('one key under two keyids is refused', async () => {
    const alias = 'a'.repeat(64)
    site.repository.addApprover(
      alias,
      approverPart(site.repository.clinical.publicKey, 'technical-approver', 'technical'),
    )
    site.repository.signers['approved-models'] = [
      site.repository.clinical,
      { ...site.repository.clinical, keyid: alias },
    ]
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['alias-key', 'alias-key'])
  })

  it('a model listed by the top-level role, with no approval, is refused', async () => {
    site.repository.parts.targets.targets = site.repository.parts.approvedModels.targets
    site.repository.parts.approvedModels.targets = {}
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['listed-by-another-role', 'listed-by-another-role'])
  })

  it('a threshold lowered by the holders of the top-level role is refused', async () => {
    ;(site.repository.delegation().roles[0] as Part).threshold = 1
    site.repository.signers['approved-models'] = [site.repository.clinical]
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['threshold-lowered', 'threshold-lowered'])
  })

  it('an extra delegation is refused', async () => {
    const { roles } = site.repository.delegation()
    roles.unshift({ ...roles[0], name: 'quick-fixes', threshold: 1 })
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['extra-delegation', 'extra-delegation'])
  })

  it('approved-models that delegates further is refused', async () => {
    site.repository.parts.approvedModels.delegations = { keys: {}, roles: [] }
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['redelegated', 'redelegated'])
  })

  it('an author who approves is refused', async () => {
    const one = fakePackage({ author: 'clinical-approver' })
    site.repository.list(one)
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['author-approved', 'author-approved'])
  })

  it('a root other than the pinned one is refused', async () => {
    const other = new FakeRepository(NOW)
    other.publish()
    site.pinned = { ...site.pinned, initialRoot: other.initialRoot }
    expect(await site.bothSides()).toEqual(['root-not-pinned', 'root-not-pinned'])
  })

  it('a repository of somebody else altogether is refused', async () => {
    const other = new FakeRepository(NOW)
    other.list(fakePackage({ releaseCounter: 9 }))
    other.publish()
    site.repository = other
    expect(await site.bothSides()).toEqual(['arbitrary-software', 'arbitrary-software'])
  })

  it('one release with a fault does not stop another model', async () => {
    site.repository.list(fakePackage({ name: 'hand-radiograph', author: 'technical-approver' }))
    site.repository.publish()
    const outcome = verified(await site.refresh())
    expect(outcome.releases.map((release) => release.model.name)).toEqual(['chest-radiograph'])
    expect(outcome.refused.map((refusal) => [refusal.model?.name, refusal.attack])).toEqual([
      ['hand-radiograph', 'author-approved'],
    ])
  })

  it('two releases of one model with one counter are refused', async () => {
    site.repository.list(fakePackage({ version: '1.0.1', releaseCounter: 1 }))
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['duplicate-release', 'duplicate-release'])
  })
})

describe('bytes', () => {
  const manifestPath = (): string =>
    [...site.repository.files.keys()].find((path) => path.endsWith('.manifest.json')) ?? ''
  const blobPath = (): string => [...site.repository.files.keys()].find((path) => path.startsWith('blobs/')) ?? ''
  const flip = (path: string): void => {
    const bytes = Buffer.from(site.repository.files.get(path) ?? '')
    bytes[3] = (bytes[3] ?? 0) ^ 1
    site.repository.files.set(path, bytes)
  }

  it('a tampered manifest is refused', async () => {
    flip(manifestPath())
    expect(await site.bothSides()).toEqual(['tampered-file', 'tampered-file'])
  })

  it('a tampered blob is refused', async () => {
    flip(blobPath())
    expect(await site.bothSides()).toEqual(['tampered-file', 'tampered-file'])
  })

  it('a blob that goes on is refused', async () => {
    site.repository.files.set(
      blobPath(),
      Buffer.concat([site.repository.files.get(blobPath()) ?? new Uint8Array(), Buffer.alloc(9)]),
    )
    expect(await site.bothSides()).toEqual(['endless-data', 'endless-data'])
  })

  it('a missing blob is refused', async () => {
    site.repository.files.delete(blobPath())
    expect(await site.bothSides()).toEqual(['incomplete', 'incomplete'])
  })

  it('a manifest that calls itself another version is refused', async () => {
    const honest = fakePackage({})
    const manifest = Buffer.from(
      Buffer.from(honest.manifest).toString().replace('"version":"1.0.0"', '"version":"1.0.2"'),
    )
    const model = { ...honest.statement.model, digest: digestOf(manifest) }
    site.repository.list({ ...honest, manifest, statement: { ...honest.statement, model } })
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['statement-mismatch', 'statement-mismatch'])
  })

  it.each(['1.snapshot.json', '1.targets.json', '1.approved-models.json'])('a tampered %s is refused', async (name) => {
    flip(`metadata/${name}`)
    expect(await site.bothSides()).toEqual(['tampered-file', 'tampered-file'])
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '\u0000\u0001'],
    ['a number', '1'],
    ['null', 'null'],
    ['another type', '{"signatures":[],"signed":{"_type":"targets"}}'],
    ['a prototype', '{"__proto__":{"signed":{}},"signatures":[]}'],
    ['deep nesting', `${'['.repeat(5000)}${']'.repeat(5000)}`],
  ])('a timestamp that holds %s is refused', async (_name, content) => {
    site.repository.files.set('metadata/timestamp.json', Buffer.from(content))
    const [agent, appliance] = await site.bothSides()
    expect(['malformed-metadata', 'freeze', 'arbitrary-software']).toContain(agent)
    expect(appliance).toBe(agent)
  })

  it.each(['timestamp.json', '1.snapshot.json', '2.root.json'])('an oversized %s is refused', async (name) => {
    site.repository.files.set(`metadata/${name}`, Buffer.alloc(3_000_000, ' '))
    expect(await site.bothSides()).toEqual(['endless-data', 'endless-data'])
  })
})

describe('time', () => {
  it.each(['root', 'targets', 'approvedModels', 'snapshot', 'timestamp'] as const)(
    'an expired %s is refused as freeze',
    async (part) => {
      site.repository = new FakeRepository(NOW)
      site.repository.list(fakePackage({}))
      site.repository.parts[part].expires = instant(NOW - 1000)
      site.repository.publish()
      site.provision()
      expect(await site.bothSides()).toEqual(['freeze', 'freeze'])
    },
  )

  it.each(['garbage', 'release 2040', '2040', '9999-99-99T00:00:00Z', '2040-01-01T00:00:00+00:00', 7, null])(
    'a validity that says %s is refused as freeze, for each role',
    async (expires) => {
      for (const part of ['root', 'targets', 'approvedModels', 'snapshot', 'timestamp'] as const) {
        await rm(site.folder, { recursive: true, force: true })
        site.repository = new FakeRepository(NOW)
        site.repository.list(fakePackage({}))
        site.repository.parts[part].expires = expires
        site.repository.publish()
        site.provision()
        expect(await site.bothSides()).toEqual(['freeze', 'freeze'])
      }
    },
  )

  it('a repository that stands still is refused when its timestamp ends, and the kit stays', async () => {
    verified(await site.refresh())
    site.clock.advance(15 * DAY)
    expect(attackOf(await site.refresh())).toBe('freeze')
    expect(attackOf(await site.verify())).toBe('freeze')
    expect(await readdir(site.at('kit', 'blobs'))).toHaveLength(2)
    site.repository.next('snapshot', 'timestamp')
    for (const part of ['snapshot', 'timestamp'] as const) site.repository.parts[part].expires = instant(NOW + 40 * DAY)
    site.repository.publish()
    verified(await site.refresh())
    expect(verified(await site.verify()).releases).toHaveLength(1)
  })

  /** Publishes online metadata as the hub does at that time. */
  function publishAt(ms: number): void {
    site.repository.next('snapshot', 'timestamp')
    site.repository.parts.snapshot.expires = instant(ms + 30 * DAY)
    Object.assign(site.repository.parts.timestamp, {
      expires: instant(ms + 14 * DAY),
      'x-leadglass-issued-at': instant(ms),
    })
    site.repository.publish()
  }

  it('a clock set back does not make ended metadata valid again', async () => {
    site.clock.advance(50 * DAY)
    publishAt(NOW + 50 * DAY)
    verified(await site.refresh())
    site.clock.advance(-400 * DAY)
    publishAt(NOW)
    expect(attackOf(await site.refresh())).toBe('freeze')
    await rm(site.at('agent', 'metadata'), { recursive: true })
    expect(attackOf(await site.refresh())).toBe('freeze')
  })

  it('a hub whose clock was years ahead for a moment does not stop installs for years', async () => {
    publishAt(NOW + 2000 * DAY)
    verified(await site.refresh())
    publishAt(NOW)
    verified(await site.refresh())
    expect(verified(await site.refresh()).releases).toHaveLength(1)
  })

  it('a clock far ahead stops installs only until it is right again', async () => {
    verified(await site.refresh())
    site.clock.advance(4000 * DAY)
    expect(attackOf(await site.refresh())).toBe('freeze')
    site.clock.advance(-4000 * DAY)
    verified(await site.refresh())
  })
})

describe('going back', () => {
  async function afterSecond(): Promise<Map<string, Uint8Array>> {
    const old = new Map(site.repository.files)
    site.publishSecond()
    verified(await site.refresh())
    verified(await site.verify())
    return old
  }

  async function loseLocalFiles(): Promise<void> {
    for (const side of ['agent', 'appliance']) await rm(site.at(side, 'metadata'), { recursive: true, force: true })
  }

  it('an older timestamp over the same snapshot is refused after the loss of local files', async () => {
    const old = site.repository.files.get('metadata/timestamp.json') ?? new Uint8Array()
    site.repository.next('timestamp')
    site.repository.publish()
    verified(await site.refresh())
    verified(await site.verify())
    await loseLocalFiles()
    site.repository.files.set('metadata/timestamp.json', old)
    expect(await site.bothSides()).toEqual(['metadata-rollback', 'metadata-rollback'])
  })

  it('an older snapshot of the same lists under a newer timestamp is refused after the loss of local files', async () => {
    site.repository.next('snapshot', 'timestamp')
    site.repository.publish()
    verified(await site.refresh())
    verified(await site.verify())
    await loseLocalFiles()
    site.repository.parts.snapshot.version = 1
    site.repository.next('timestamp')
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['metadata-rollback', 'metadata-rollback'])
  })

  it('an older top-level list under newer online metadata is refused after the loss of local files', async () => {
    site.repository.next('targets', 'snapshot', 'timestamp')
    site.repository.publish()
    verified(await site.refresh())
    verified(await site.verify())
    await loseLocalFiles()
    site.repository.parts.targets.version = 1
    site.repository.next('snapshot', 'timestamp')
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['metadata-rollback', 'metadata-rollback'])
  })

  it('a revoked timestamp key with the root that still names it is refused after the loss of local files', async () => {
    const stolen = site.repository.timestampKey
    const oldRoot = site.repository.parts.root
    const exchanged = { timestamp: fakeKey(), snapshot: fakeKey() }
    site.repository.parts.root = { ...oldRoot, version: 2, ...site.repository.rootRoles(exchanged) }
    Object.assign(site.repository.signers, { timestamp: [exchanged.timestamp], snapshot: [exchanged.snapshot] })
    site.repository.next('snapshot', 'timestamp')
    site.repository.publish()
    verified(await site.refresh())
    verified(await site.verify())
    await loseLocalFiles()
    site.repository.parts.root = oldRoot
    site.repository.files.delete('metadata/2.root.json')
    Object.assign(site.repository.signers, { timestamp: [stolen], snapshot: [site.repository.snapshotKey] })
    site.repository.next('snapshot', 'timestamp')
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['metadata-rollback', 'metadata-rollback'])
  })

  it('older metadata is refused', async () => {
    const old = await afterSecond()
    expect(attackOf(await site.refresh(new MemoryFetcher(old)))).toBe('metadata-rollback')
  })

  it.each([[['timestamp.json', 'snapshot.json']], [['timestamp.json']], [['.']]])(
    'older metadata is refused after the loss of local %s',
    async (lost) => {
      const old = await afterSecond()
      for (const side of ['agent', 'appliance']) {
        for (const name of lost) await rm(site.at(side, 'metadata', name), { recursive: true, force: true })
      }
      expect(attackOf(await site.refresh(new MemoryFetcher(old)))).toBe('metadata-rollback')
      site.repository.files.clear()
      for (const [path, bytes] of old) site.repository.files.set(path, bytes)
      await site.repository.writeTo(site.at('kit'))
      expect(attackOf(await site.verify())).toBe('metadata-rollback')
    },
  )

  it('an older release is refused even under newer metadata', async () => {
    await afterSecond()
    site.repository.parts.approvedModels.targets = {}
    site.repository.list(fakePackage({}))
    site.repository.next('approvedModels', 'snapshot', 'timestamp')
    site.repository.publish()
    expect(await site.bothSides()).toEqual(['older-version', 'older-version'])
  })

  it.each(['kept', 'lost'])(
    'an older list under newer online metadata is refused with local files %s',
    async (files) => {
      const first = site.repository.files.get('metadata/1.approved-models.json') ?? new Uint8Array()
      await afterSecond()
      if (files === 'lost') await loseLocalFiles()
      site.repository.next('snapshot', 'timestamp')
      site.repository.parts.approvedModels = (JSON.parse(Buffer.from(first).toString()) as { signed: Part }).signed
      site.repository.publish()
      expect(await site.bothSides()).toEqual(['metadata-rollback', 'metadata-rollback'])
    },
  )

  it.each(['kept', 'lost'])('a vanished list of approved models is refused with local files %s', async (files) => {
    await afterSecond()
    if (files === 'lost') await loseLocalFiles()
    site.repository.next('snapshot', 'timestamp')
    site.repository.publish({ withoutApprovedModels: true })
    expect(await site.bothSides()).toEqual(['metadata-rollback', 'metadata-rollback'])
  })

  it('an older root is refused after the loss of every local file', async () => {
    const before = new Map(site.repository.files)
    const timestamp = fakeKey()
    Object.assign(site.repository.parts.root, { version: 2, ...site.repository.rootRoles({ timestamp }) })
    site.repository.signers.timestamp = [timestamp]
    site.repository.next('snapshot', 'timestamp')
    site.repository.publish()
    verified(await site.refresh())
    await rm(site.at('agent', 'metadata'), { recursive: true })
    expect(attackOf(await site.refresh(new MemoryFetcher(before)))).toBe('metadata-rollback')
  })

  it('snapshots of two moments put together are refused', async () => {
    const old = await afterSecond()
    site.repository.files.set('metadata/2.snapshot.json', old.get('metadata/1.snapshot.json') ?? new Uint8Array())
    await rm(site.at('agent', 'metadata'), { recursive: true })
    expect(attackOf(await site.refresh())).toBe('tampered-file')
    const meta = { version: 2 }
    site.repository.parts.timestamp = {
      ...site.repository.parts.timestamp,
      version: 3,
      meta: { 'snapshot.json': meta },
    }
    site.repository.files.set(
      'metadata/timestamp.json',
      site.repository.signPart('timestamp', site.repository.parts.timestamp),
    )
    expect(attackOf(await site.refresh())).toBe('mix-and-match')
  })

  it('a fast-forward of the online roles ends when the root exchanges their keys', async () => {
    site.repository.parts.timestamp.version = 2 ** 31
    site.repository.parts.snapshot.version = 2 ** 31
    site.repository.publish()
    verified(await site.refresh())
    const exchanged = { timestamp: fakeKey(), snapshot: fakeKey() }
    Object.assign(site.repository.parts.root, { version: 2, ...site.repository.rootRoles(exchanged) })
    Object.assign(site.repository.signers, { timestamp: [exchanged.timestamp], snapshot: [exchanged.snapshot] })
    site.repository.parts.timestamp.version = 3
    site.repository.parts.snapshot.version = 3
    site.repository.publish()
    expect(verified(await site.refresh()).metadataVersions.timestamp).toBe(3)
    await rm(site.at('agent', 'metadata'), { recursive: true })
    expect(verified(await site.refresh()).metadataVersions.timestamp).toBe(3)
  })
})
