import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestOf, digestOfFile, ManualClock, silentLogger } from '../foundation/index.ts'
import { FileHighWaterMarks } from './file-high-water-marks.ts'
import { FolderFetcher } from './folder-fetcher.ts'
import type { UpdateOutcome, VerifiedOutcome } from './outcome.ts'
import { approverPart, FakeRepository, fakeKey, fakePackage, instant, type Part } from './testing/fake-repository.ts'
import { MemoryFetcher, MemoryHighWaterMarks } from './testing/memory.ts'
import { UpdateClient } from './update-client.ts'
import { verifyKit } from './verify-kit.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const DAY = 86_400_000

let folder = ''
let clock: ManualClock
let repository: FakeRepository
/** Root and policy as provisioned: nothing later changes them. */
let pinned: Pick<Parameters<typeof verifyKit>[0], 'initialRoot' | 'policy'>
let applianceMarks: MemoryHighWaterMarks

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-updates-'))
  clock = new ManualClock(NOW)
  repository = new FakeRepository(NOW)
  repository.list(fakePackage({}))
  repository.publish()
  pinned = { initialRoot: repository.initialRoot, policy: repository.policy }
  applianceMarks = new MemoryHighWaterMarks()
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

function agentMarks(): FileHighWaterMarks {
  return new FileHighWaterMarks({ folder: join(folder, 'agent'), logger: silentLogger })
}

/** One attempt of a freshly started agent. */
function refresh(fetcher = new MemoryFetcher(repository.files)): Promise<UpdateOutcome> {
  const state = { stateFolder: join(folder, 'agent'), kitFolder: join(folder, 'kit'), highWaterMarks: agentMarks() }
  return new UpdateClient({ ...pinned, ...state, fetcher, clock, logger: silentLogger }).refresh()
}

/** The appliance's verdict on the kit as it lies there. */
function verify(): Promise<UpdateOutcome> {
  const state = {
    kitFolder: join(folder, 'kit'),
    stateFolder: join(folder, 'appliance'),
    highWaterMarks: applianceMarks,
  }
  return verifyKit({ ...pinned, ...state, clock, logger: silentLogger })
}

function verified(outcome: UpdateOutcome): VerifiedOutcome {
  if (outcome.kind !== 'verified') throw new Error(`not verified: ${JSON.stringify(outcome)}`)
  return outcome
}

function attackOf(outcome: UpdateOutcome): string {
  if (outcome.kind === 'verified') return outcome.refused.map((refusal) => refusal.attack).join() || 'verified'
  return outcome.kind === 'refused' ? outcome.attack : outcome.reason
}

/** What both sides say of the repository; the appliance reads it as if the agent had copied it unseen. */
async function bothSides(): Promise<[string, string]> {
  const agent = attackOf(await refresh())
  await repository.writeTo(join(folder, 'kit'))
  return [agent, attackOf(await verify())]
}

/** Publishes a second release of the same model. */
function publishSecond(): void {
  repository.list(fakePackage({ version: '1.1.0', releaseCounter: 2 }))
  repository.next('approvedModels', 'snapshot', 'timestamp')
  repository.publish()
}

describe('the way of a release', () => {
  it('goes from the repository through the kit to the appliance, file by file', async () => {
    const outcome = verified(await refresh())
    expect(outcome.refused).toEqual([])
    expect(outcome.metadataVersions).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1, approvedModels: 1 })
    const [release] = verified(await verify()).releases
    expect(release?.releaseCounter).toBe(1)
    expect(release?.approvals.map((approval) => approval.person)).toEqual(['clinical-approver', 'technical-approver'])
    expect(await digestOfFile(release?.manifestPath ?? '')).toBe(release?.model.digest)
    expect(release?.files).toHaveLength(2)
    for (const file of release?.files ?? []) {
      expect(await digestOfFile(release?.blobPath(file.sha256) ?? '')).toBe(file.sha256)
    }
  })

  it('takes the newest release of a model and names the older one as superseded', async () => {
    verified(await refresh())
    publishSecond()
    verified(await refresh())
    const outcome = verified(await verify())
    expect(outcome.releases.map((release) => release.model.version)).toEqual(['1.1.0'])
    expect(outcome.superseded.map((model) => model.version)).toEqual(['1.0.0'])
    expect(applianceMarks.state.releaseCounters).toEqual({ 'chest-radiograph': 2 })
  })

  it('keeps the generation before the present one for readers, and removes the one before that', async () => {
    verified(await refresh())
    const first = await readdir(join(folder, 'kit', 'blobs'))
    publishSecond()
    verified(await refresh())
    expect(await readdir(join(folder, 'kit', 'blobs'))).toEqual(expect.arrayContaining(first))
    repository.next('snapshot', 'timestamp')
    repository.publish()
    verified(await refresh())
    const last = await readdir(join(folder, 'kit', 'blobs'))
    expect(last).toHaveLength(2)
    expect(first.some((name) => last.includes(name))).toBe(false)
    expect(verified(await verify()).releases).toHaveLength(1)
  })

  it('asks for nothing but the timestamp when nothing is new', async () => {
    verified(await refresh())
    const fetcher = new MemoryFetcher(repository.files)
    verified(await refresh(fetcher))
    expect(fetcher.requests.filter((path) => path.startsWith('metadata/'))).toEqual([
      'metadata/2.root.json',
      'metadata/timestamp.json',
    ])
    expect(fetcher.requests.filter((path) => path.startsWith('blobs/'))).toEqual([])
  })

  it('is verified with nothing listed before the first release', async () => {
    repository = new FakeRepository(NOW)
    repository.publish({ withoutApprovedModels: true })
    pinned = { initialRoot: repository.initialRoot, policy: repository.policy }
    expect(verified(await refresh()).releases).toEqual([])
    expect(verified(await verify()).metadataVersions.approvedModels).toBe(0)
  })

  it('brings back older bytes when that was approved as a new release', async () => {
    publishSecond()
    verified(await refresh())
    verified(await verify())
    const first = fakePackage({})
    const undone = fakePackage({ version: '1.1.0', releaseCounter: 2 }).statement.model
    repository.list(first, { ...first.statement, releaseCounter: 3, rollbackOf: undone })
    repository.next('approvedModels', 'snapshot', 'timestamp')
    repository.publish()
    verified(await refresh())
    const [release] = verified(await verify()).releases
    expect(release?.model.version).toBe('1.0.0')
    expect(release?.releaseCounter).toBe(3)
  })

  it('follows rotations of the root, and the appliance follows them from the kit', async () => {
    verified(await refresh())
    for (let version = 2; version <= 4; version += 1) {
      const timestamp = fakeKey()
      Object.assign(repository.parts.root, { version, ...repository.rootRoles({ timestamp }) })
      repository.signers.timestamp = [timestamp]
      repository.next('snapshot', 'timestamp')
      repository.publish()
    }
    expect(verified(await refresh()).metadataVersions.root).toBe(4)
    expect(verified(await verify()).metadataVersions.root).toBe(4)
    expect(await readdir(join(folder, 'kit', 'metadata'))).toEqual(
      expect.arrayContaining(['1.root.json', '2.root.json', '3.root.json', '4.root.json']),
    )
  })

  it('goes on with the models in use when the repository cannot be reached', async () => {
    const fetcher = new MemoryFetcher(new Map())
    expect(await refresh(fetcher)).toMatchObject({ kind: 'unreachable', reason: 'missing' })
    verified(await refresh())
    const broken = new MemoryFetcher(repository.files)
    broken.failing.add('metadata/timestamp.json')
    expect(await refresh(broken)).toMatchObject({ kind: 'unreachable', reason: 'unreachable' })
    expect(verified(await verify()).releases).toHaveLength(1)
  })

  it('does not advance the kit before every file of a new release is there', async () => {
    verified(await refresh())
    publishSecond()
    const broken = new MemoryFetcher(repository.files)
    const blob = fakePackage({ version: '1.1.0', releaseCounter: 2 }).blobs[1] ?? new Uint8Array()
    broken.failing.add(`blobs/${digestOf(blob)}`)
    expect((await refresh(broken)).kind).toBe('unreachable')
    expect(verified(await verify()).releases.map((release) => release.model.version)).toEqual(['1.0.0'])
    verified(await refresh())
    expect(verified(await verify()).releases.map((release) => release.model.version)).toEqual(['1.1.0'])
  })
})

describe('approvals, as agent and appliance see them', () => {
  it('one signature is refused', async () => {
    repository.signers['approved-models'] = [repository.clinical]
    repository.publish()
    expect(await bothSides()).toEqual(['too-few-approvals', 'too-few-approvals'])
  })

  it('the same person twice, with two keys, is refused', async () => {
    const second = fakeKey()
    repository.addApprover(second.keyid, approverPart(second.publicKey, 'clinical-approver', 'technical'))
    repository.signers['approved-models'] = [repository.clinical, second]
    repository.publish()
    expect(await bothSides()).toEqual(['same-person-twice', 'same-person-twice'])
  })

  it('one key under two keyids is refused', async () => {
    const alias = 'a'.repeat(64)
    repository.addApprover(alias, approverPart(repository.clinical.publicKey, 'technical-approver', 'technical'))
    repository.signers['approved-models'] = [repository.clinical, { ...repository.clinical, keyid: alias }]
    repository.publish()
    expect(await bothSides()).toEqual(['alias-key', 'alias-key'])
  })

  it('a model listed by the top-level role, with no approval, is refused', async () => {
    repository.parts.targets.targets = repository.parts.approvedModels.targets
    repository.parts.approvedModels.targets = {}
    repository.publish()
    expect(await bothSides()).toEqual(['listed-by-another-role', 'listed-by-another-role'])
  })

  it('a threshold lowered by the holders of the top-level role is refused', async () => {
    ;(repository.delegation().roles[0] as Part).threshold = 1
    repository.signers['approved-models'] = [repository.clinical]
    repository.publish()
    expect(await bothSides()).toEqual(['threshold-lowered', 'threshold-lowered'])
  })

  it('an extra delegation is refused', async () => {
    const { roles } = repository.delegation()
    roles.unshift({ ...roles[0], name: 'quick-fixes', threshold: 1 })
    repository.publish()
    expect(await bothSides()).toEqual(['extra-delegation', 'extra-delegation'])
  })

  it('approved-models that delegates further is refused', async () => {
    repository.parts.approvedModels.delegations = { keys: {}, roles: [] }
    repository.publish()
    expect(await bothSides()).toEqual(['redelegated', 'redelegated'])
  })

  it('an author who approves is refused', async () => {
    const one = fakePackage({ author: 'clinical-approver' })
    repository.list(one)
    repository.publish()
    expect(await bothSides()).toEqual(['author-approved', 'author-approved'])
  })

  it('a root other than the pinned one is refused', async () => {
    const other = new FakeRepository(NOW)
    other.publish()
    pinned = { ...pinned, initialRoot: other.initialRoot }
    expect(await bothSides()).toEqual(['root-not-pinned', 'root-not-pinned'])
  })

  it('a repository of somebody else altogether is refused', async () => {
    const other = new FakeRepository(NOW)
    other.list(fakePackage({ releaseCounter: 9 }))
    other.publish()
    repository = other
    expect(await bothSides()).toEqual(['arbitrary-software', 'arbitrary-software'])
  })

  it('one release with a fault does not stop another model', async () => {
    repository.list(fakePackage({ name: 'hand-radiograph', author: 'technical-approver' }))
    repository.publish()
    const outcome = verified(await refresh())
    expect(outcome.releases.map((release) => release.model.name)).toEqual(['chest-radiograph'])
    expect(outcome.refused.map((refusal) => [refusal.model?.name, refusal.attack])).toEqual([
      ['hand-radiograph', 'author-approved'],
    ])
  })

  it('two releases of one model with one counter are refused', async () => {
    repository.list(fakePackage({ version: '1.0.1', releaseCounter: 1 }))
    repository.publish()
    expect(await bothSides()).toEqual(['duplicate-release', 'duplicate-release'])
  })
})

describe('bytes', () => {
  const manifestPath = (): string => [...repository.files.keys()].find((path) => path.endsWith('.manifest.json')) ?? ''
  const blobPath = (): string => [...repository.files.keys()].find((path) => path.startsWith('blobs/')) ?? ''
  const flip = (path: string): void => {
    const bytes = Buffer.from(repository.files.get(path) ?? '')
    bytes[3] = (bytes[3] ?? 0) ^ 1
    repository.files.set(path, bytes)
  }

  it('a tampered manifest is refused', async () => {
    flip(manifestPath())
    expect(await bothSides()).toEqual(['tampered-file', 'tampered-file'])
  })

  it('a tampered blob is refused', async () => {
    flip(blobPath())
    expect(await bothSides()).toEqual(['tampered-file', 'tampered-file'])
  })

  it('a blob that goes on is refused', async () => {
    repository.files.set(
      blobPath(),
      Buffer.concat([repository.files.get(blobPath()) ?? new Uint8Array(), Buffer.alloc(9)]),
    )
    expect(await bothSides()).toEqual(['endless-data', 'endless-data'])
  })

  it('a missing blob is refused', async () => {
    repository.files.delete(blobPath())
    expect(await bothSides()).toEqual(['incomplete', 'incomplete'])
  })

  it('a manifest that calls itself another version is refused', async () => {
    const honest = fakePackage({})
    const manifest = Buffer.from(
      Buffer.from(honest.manifest).toString().replace('"version":"1.0.0"', '"version":"1.0.2"'),
    )
    const model = { ...honest.statement.model, digest: digestOf(manifest) }
    repository.list({ ...honest, manifest, statement: { ...honest.statement, model } })
    repository.publish()
    expect(await bothSides()).toEqual(['statement-mismatch', 'statement-mismatch'])
  })

  it.each(['1.snapshot.json', '1.targets.json', '1.approved-models.json'])('a tampered %s is refused', async (name) => {
    flip(`metadata/${name}`)
    expect(await bothSides()).toEqual(['tampered-file', 'tampered-file'])
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
    repository.files.set('metadata/timestamp.json', Buffer.from(content))
    const [agent, appliance] = await bothSides()
    expect(['malformed-metadata', 'freeze', 'arbitrary-software']).toContain(agent)
    expect(appliance).toBe(agent)
  })

  it.each(['timestamp.json', '1.snapshot.json', '2.root.json'])('an oversized %s is refused', async (name) => {
    repository.files.set(`metadata/${name}`, Buffer.alloc(3_000_000, ' '))
    expect(await bothSides()).toEqual(['endless-data', 'endless-data'])
  })
})

describe('time', () => {
  it.each(['root', 'targets', 'approvedModels', 'snapshot', 'timestamp'] as const)(
    'an expired %s is refused as freeze',
    async (part) => {
      repository = new FakeRepository(NOW)
      repository.list(fakePackage({}))
      repository.parts[part].expires = instant(NOW - 1000)
      repository.publish()
      pinned = { initialRoot: repository.initialRoot, policy: repository.policy }
      expect(await bothSides()).toEqual(['freeze', 'freeze'])
    },
  )

  it.each(['garbage', 'release 2040', '2040', '9999-99-99T00:00:00Z', '2040-01-01T00:00:00+00:00', 7, null])(
    'a validity that says %s is refused as freeze, for each role',
    async (expires) => {
      for (const part of ['root', 'targets', 'approvedModels', 'snapshot', 'timestamp'] as const) {
        await rm(folder, { recursive: true, force: true })
        repository = new FakeRepository(NOW)
        repository.list(fakePackage({}))
        repository.parts[part].expires = expires
        repository.publish()
        pinned = { initialRoot: repository.initialRoot, policy: repository.policy }
        expect(await bothSides()).toEqual(['freeze', 'freeze'])
      }
    },
  )

  it('a repository that stands still is refused when its timestamp ends, and the kit stays', async () => {
    verified(await refresh())
    clock.advance(15 * DAY)
    expect(attackOf(await refresh())).toBe('freeze')
    expect(attackOf(await verify())).toBe('freeze')
    expect(await readdir(join(folder, 'kit', 'blobs'))).toHaveLength(2)
    repository.next('snapshot', 'timestamp')
    for (const part of ['snapshot', 'timestamp'] as const) repository.parts[part].expires = instant(NOW + 40 * DAY)
    repository.publish()
    verified(await refresh())
    expect(verified(await verify()).releases).toHaveLength(1)
  })

  it('a clock set back does not make ended metadata valid again', async () => {
    const old = new Map(repository.files)
    repository.next('snapshot', 'timestamp')
    Object.assign(repository.parts.timestamp, {
      expires: instant(NOW + 60 * DAY),
      'x-leadglass-issued-at': instant(NOW + 50 * DAY),
    })
    repository.parts.snapshot.expires = instant(NOW + 60 * DAY)
    repository.publish()
    verified(await refresh())
    await rm(join(folder, 'agent', 'metadata'), { recursive: true })
    clock.advance(-400 * DAY)
    // Same versions as the newest, so that only time can refuse them.
    const replayed = JSON.parse(Buffer.from(old.get('metadata/timestamp.json') ?? '').toString()) as { signed: Part }
    Object.assign(repository.parts.timestamp, { expires: replayed.signed.expires, version: 3 })
    repository.publish()
    expect(attackOf(await refresh())).toBe('freeze')
  })

  it('a clock far ahead stops installs only until it is right again', async () => {
    verified(await refresh())
    clock.advance(4000 * DAY)
    expect(attackOf(await refresh())).toBe('freeze')
    clock.advance(-4000 * DAY)
    verified(await refresh())
  })
})

describe('going back', () => {
  async function afterSecond(): Promise<Map<string, Uint8Array>> {
    const old = new Map(repository.files)
    publishSecond()
    verified(await refresh())
    verified(await verify())
    return old
  }

  it('older metadata is refused', async () => {
    const old = await afterSecond()
    expect(attackOf(await refresh(new MemoryFetcher(old)))).toBe('metadata-rollback')
  })

  it.each([[['timestamp.json', 'snapshot.json']], [['timestamp.json']], [['.']]])(
    'older metadata is refused after the loss of local %s',
    async (lost) => {
      const old = await afterSecond()
      for (const side of ['agent', 'appliance']) {
        for (const name of lost) await rm(join(folder, side, 'metadata', name), { recursive: true, force: true })
      }
      expect(attackOf(await refresh(new MemoryFetcher(old)))).toBe('metadata-rollback')
      repository.files.clear()
      for (const [path, bytes] of old) repository.files.set(path, bytes)
      await repository.writeTo(join(folder, 'kit'))
      expect(attackOf(await verify())).toBe('metadata-rollback')
    },
  )

  it('an older release is refused even under newer metadata', async () => {
    await afterSecond()
    repository.parts.approvedModels.targets = {}
    repository.list(fakePackage({}))
    repository.next('approvedModels', 'snapshot', 'timestamp')
    repository.publish()
    expect(await bothSides()).toEqual(['older-version', 'older-version'])
  })

  it('an older list of approved models under newer online metadata is refused', async () => {
    const first = repository.files.get('metadata/1.approved-models.json') ?? new Uint8Array()
    await afterSecond()
    repository.next('snapshot', 'timestamp')
    repository.parts.approvedModels = (JSON.parse(Buffer.from(first).toString()) as { signed: Part }).signed
    repository.publish()
    expect(await bothSides()).toEqual(['metadata-rollback', 'metadata-rollback'])
  })

  it('a vanished list of approved models is refused', async () => {
    await afterSecond()
    repository.next('snapshot', 'timestamp')
    repository.publish({ withoutApprovedModels: true })
    expect(await bothSides()).toEqual(['metadata-rollback', 'metadata-rollback'])
  })

  it('an older root is refused after the loss of every local file', async () => {
    const before = new Map(repository.files)
    const timestamp = fakeKey()
    Object.assign(repository.parts.root, { version: 2, ...repository.rootRoles({ timestamp }) })
    repository.signers.timestamp = [timestamp]
    repository.next('snapshot', 'timestamp')
    repository.publish()
    verified(await refresh())
    await rm(join(folder, 'agent', 'metadata'), { recursive: true })
    expect(attackOf(await refresh(new MemoryFetcher(before)))).toBe('metadata-rollback')
  })

  it('snapshots of two moments put together are refused', async () => {
    const old = await afterSecond()
    repository.files.set('metadata/2.snapshot.json', old.get('metadata/1.snapshot.json') ?? new Uint8Array())
    await rm(join(folder, 'agent', 'metadata'), { recursive: true })
    expect(attackOf(await refresh())).toBe('tampered-file')
    const meta = { version: 2 }
    repository.parts.timestamp = { ...repository.parts.timestamp, version: 3, meta: { 'snapshot.json': meta } }
    repository.files.set('metadata/timestamp.json', repository.signPart('timestamp', repository.parts.timestamp))
    expect(attackOf(await refresh())).toBe('mix-and-match')
  })

  it('a fast-forward of the online roles ends when the root exchanges their keys', async () => {
    repository.parts.timestamp.version = 2 ** 31
    repository.parts.snapshot.version = 2 ** 31
    repository.publish()
    verified(await refresh())
    const exchanged = { timestamp: fakeKey(), snapshot: fakeKey() }
    Object.assign(repository.parts.root, { version: 2, ...repository.rootRoles(exchanged) })
    Object.assign(repository.signers, { timestamp: [exchanged.timestamp], snapshot: [exchanged.snapshot] })
    repository.parts.timestamp.version = 3
    repository.parts.snapshot.version = 3
    repository.publish()
    expect(verified(await refresh()).metadataVersions.timestamp).toBe(3)
    await rm(join(folder, 'agent', 'metadata'), { recursive: true })
    expect(verified(await refresh()).metadataVersions.timestamp).toBe(3)
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
      Object.assign(repository.parts.root, { version: 2 })
      repository.next('snapshot', 'timestamp')
      repository.publish()
      verified(await refresh())
      await damages[damage as keyof typeof damages](join(folder, 'agent', 'metadata', name))
      if (damage === 'a folder in its place') {
        // Nothing of ours makes folders there; a role's file cannot be replaced then, and the client says so.
        await rm(join(folder, 'agent', 'metadata', name), { recursive: true })
      }
      const outcome = verified(await refresh())
      expect(outcome.metadataVersions.root).toBe(2)
      expect(outcome.releases).toHaveLength(1)
    },
  )

  it('one damaged copy of the marks loses nothing; both damaged are reported', async () => {
    const old = new Map(repository.files)
    publishSecond()
    verified(await refresh())
    await truncate(join(folder, 'agent', 'high-water-marks.a.json'), 10)
    await rm(join(folder, 'agent', 'metadata'), { recursive: true })
    expect(attackOf(await refresh(new MemoryFetcher(old)))).toBe('metadata-rollback')
    const events: string[] = []
    const logger = { ...silentLogger, error: (event: string) => void events.push(event) }
    for (const copy of ['a', 'b']) await writeFile(join(folder, 'agent', `high-water-marks.${copy}.json`), '{"marks"')
    const marks = await new FileHighWaterMarks({ folder: join(folder, 'agent'), logger }).read()
    expect(marks.root).toBe(0)
    expect(events).toEqual(['updates.marks-lost'])
  })

  it('a kit that cannot be written is an error of the device, and the old kit stays', async () => {
    verified(await refresh())
    publishSecond()
    if (process.getuid?.() === 0) {
      // root may write anywhere; a file where a folder must be stops it too.
      await rm(join(folder, 'kit', '.partial'), { recursive: true, force: true })
      await writeFile(join(folder, 'kit', '.partial'), '')
    } else {
      await chmod(join(folder, 'kit', 'blobs'), 0o500)
    }
    await expect(refresh()).rejects.toMatchObject({ code: 'kit-not-writable', failureClass: 'transient' })
    expect(verified(await verify()).releases.map((release) => release.model.version)).toEqual(['1.0.0'])
  })
})

describe('a kit by an agent that has been taken over', () => {
  it('with links instead of files is refused', async () => {
    verified(await refresh())
    const [blob] = await readdir(join(folder, 'kit', 'blobs'))
    const path = join(folder, 'kit', 'blobs', blob ?? '')
    const secret = join(folder, 'secret')
    await writeFile(secret, await readFile(path))
    await rm(path)
    await symlink(secret, path)
    expect(attackOf(await verify())).toBe('tampered-file')
  })

  it('with a linked folder is refused', async () => {
    verified(await refresh())
    await rename(join(folder, 'kit', 'blobs'), join(folder, 'elsewhere'))
    await symlink(join(folder, 'elsewhere'), join(folder, 'kit', 'blobs'))
    expect(attackOf(await verify())).toBe('tampered-file')
  })

  it('with a device that never ends is refused at once', async () => {
    await mkdir(join(folder, 'kit', 'metadata'), { recursive: true })
    await symlink('/dev/zero', join(folder, 'kit', 'metadata', 'timestamp.json'))
    expect(attackOf(await verify())).toBe('malformed-metadata')
  })

  it('with a release that it approved itself is refused', async () => {
    verified(await refresh())
    verified(await verify())
    const forged = new FakeRepository(NOW)
    forged.list(fakePackage({ version: '6.6.6', releaseCounter: 6 }))
    forged.publish()
    for (const [path, bytes] of forged.files) {
      if (path !== 'metadata/1.root.json') repository.files.set(path, bytes)
    }
    await repository.writeTo(join(folder, 'kit'))
    expect(attackOf(await verify())).toBe('arbitrary-software')
  })

  it('with the online keys stolen as well still brings nothing that was not approved', async () => {
    verified(await refresh())
    verified(await verify())
    const evil = fakePackage({ version: '6.6.6', releaseCounter: 6 })
    for (const signers of [[], [fakeKey(), fakeKey()], [repository.timestampKey, repository.snapshotKey]]) {
      repository.list(evil)
      repository.signers['approved-models'] = signers
      repository.next('approvedModels', 'snapshot', 'timestamp')
      repository.publish()
      await repository.writeTo(join(folder, 'kit'))
      expect(attackOf(await verify())).toBe('too-few-approvals')
    }
  })

  it('with any one file left out, emptied or exchanged never gives other bytes than approved', async () => {
    publishSecond()
    const honest = new Map(repository.files)
    for (const path of honest.keys()) {
      for (const replacement of [undefined, new Uint8Array(), Buffer.from('{}'), honest.get('metadata/1.root.json')]) {
        await rm(join(folder, 'appliance'), { recursive: true, force: true })
        applianceMarks = new MemoryHighWaterMarks()
        repository.files.clear()
        for (const [name, bytes] of honest) repository.files.set(name, bytes)
        if (replacement === undefined) repository.files.delete(path)
        else repository.files.set(path, replacement)
        await repository.writeTo(join(folder, 'kit'))
        const outcome = await verify()
        if (outcome.kind !== 'verified') continue
        for (const release of outcome.releases) {
          expect(await digestOfFile(release.manifestPath)).toBe(release.model.digest)
          for (const file of release.files) expect(await digestOfFile(release.blobPath(file.sha256))).toBe(file.sha256)
        }
      }
    }
  })
})

describe('an update kit on a disk', () => {
  it('is taken by the agent like a server, without a socket', async () => {
    await repository.writeTo(join(folder, 'usb'))
    const fetcher = new FolderFetcher({ folder: join(folder, 'usb') })
    const state = { stateFolder: join(folder, 'agent'), kitFolder: join(folder, 'kit'), highWaterMarks: agentMarks() }
    const client = new UpdateClient({ ...pinned, ...state, fetcher, clock, logger: silentLogger })
    expect(verified(await client.refresh()).releases).toHaveLength(1)
    expect(verified(await verify()).releases).toHaveLength(1)
  })

  it('that is older than what is installed is refused', async () => {
    await repository.writeTo(join(folder, 'usb'))
    publishSecond()
    verified(await refresh())
    const fetcher = new FolderFetcher({ folder: join(folder, 'usb') })
    const state = { stateFolder: join(folder, 'agent'), kitFolder: join(folder, 'kit'), highWaterMarks: agentMarks() }
    const client = new UpdateClient({ ...pinned, ...state, fetcher, clock, logger: silentLogger })
    expect(attackOf(await client.refresh())).toBe('metadata-rollback')
  })
})
