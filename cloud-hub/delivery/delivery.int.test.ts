import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOfFile, silentLogger } from '@leadglass/sync-agent/foundation'
import {
  FileHighWaterMarks,
  FolderFetcher,
  UpdateClient,
  type UpdateOutcome,
  type VerifiedOutcome,
  verifyKit,
} from '@leadglass/sync-agent/updates'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApproverKey, openApproverKey } from '../governance/approver-key.ts'
import { signApproval } from '../governance/signing.ts'
import { versionState } from '../registry/version-state.ts'
import { createRepositoryKeys, initialiseRepository, signRoot, signTargets } from './ceremony.ts'
import { openCustodianKey } from './custodian-key.ts'
import { createOnlineKeys, readOnlineKeys } from './online-keys.ts'
import { FolderRepositoryFiles, type RepositoryFiles } from './repository-files.ts'
import { RepositoryWriter } from './repository-writer.ts'
import { OnlineResigner } from './resign-online.ts'
import { createHub, type HubFixture, PASSPHRASE, release, SIGNOFFS, TEST_COST } from './testing/hub-fixture.ts'

const DAY = 86_400_000

let folder = ''
let hub: HubFixture

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-delivery-'))
  hub = await createHub(folder)
})

afterEach(async () => {
  hub.database.close()
  await rm(folder, { recursive: true, force: true })
})

/** One attempt of a device's agent, straight from the repository's files, and the appliance's verdict on the kit. */
async function deliver(site = 'site'): Promise<UpdateOutcome> {
  const at = (name: string): string => join(folder, site, name)
  const pinned = { initialRoot: hub.root, policy: hub.policy, clock: hub.clock, logger: silentLogger }
  const marks = (name: string): FileHighWaterMarks => new FileHighWaterMarks({ folder: at(name), logger: silentLogger })
  const fetcher = new FolderFetcher({ folder: join(folder, 'repository') })
  const agent = { stateFolder: at('agent'), kitFolder: at('kit'), highWaterMarks: marks('agent') }
  const outcome = await new UpdateClient({ ...pinned, ...agent, fetcher }).refresh()
  if (outcome.kind !== 'verified') return outcome
  return verifyKit({
    ...pinned,
    stateFolder: at('appliance'),
    kitFolder: at('kit'),
    highWaterMarks: marks('appliance'),
  })
}

function verified(outcome: UpdateOutcome): VerifiedOutcome {
  if (outcome.kind !== 'verified') throw new Error(`not verified: ${JSON.stringify(outcome)}`)
  return outcome
}

describe('the way of a release through the hub', () => {
  it('begins with a repository that devices verify and that lists nothing', async () => {
    const outcome = verified(await deliver())
    expect(outcome.releases).toEqual([])
    expect(outcome.metadataVersions).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1, approvedModels: 0 })
  })

  it('ends on the device with both approvals and every byte, release after release', async () => {
    const first = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    await release(hub, [first])
    expect(verified(await deliver()).releases.map((one) => one.model.digest)).toEqual([first])
    const second = await hub.importPackage({ version: '1.1.0', releaseCounter: 2 })
    await release(hub, [second])
    const outcome = verified(await deliver())
    expect(outcome.releases.map((one) => one.model.version)).toEqual(['1.1.0'])
    expect(outcome.superseded.map((model) => model.version)).toEqual(['1.0.0'])
    const [one] = outcome.releases
    expect(one?.approvals.map((approval) => approval.person)).toEqual(['clinical-approver', 'technical-approver'])
    for (const file of one?.files ?? []) expect(await digestOfFile(one?.blobPath(file.sha256) ?? '')).toBe(file.sha256)
  })

  it('lists two models in one signed act', async () => {
    const chest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const hand = await hub.importPackage({ name: 'hand-radiograph', version: '1.0.0', releaseCounter: 1 })
    await release(hub, [chest, hand])
    expect(verified(await deliver()).releases.map((one) => one.model.name)).toEqual([
      'chest-radiograph',
      'hand-radiograph',
    ])
  })

  it('passes through the states that the signatures say', async () => {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const state = (): string => versionState(hub.governance.proposalsOf(digest), hub.policy)
    expect(state()).toBe('candidate')
    const { id } = await hub.service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])
    expect(state()).toBe('draft')
    await hub.service.submit(id, 'trainer')
    expect(state()).toBe('submitted')
    await hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')
    expect(state()).toBe('partially-signed')
    expect(verified(await deliver()).releases).toEqual([])
    await hub.service.sign(id, 'technical-approver', PASSPHRASE, 'approval')
    expect(state()).toBe('published')
    expect(verified(await deliver()).releases).toHaveLength(1)
  })

  it('brings older bytes back as a new release', async () => {
    const first = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const second = await hub.importPackage({ version: '1.1.0', releaseCounter: 2 })
    await release(hub, [first])
    await release(hub, [second])
    verified(await deliver())
    const undone = hub.registry.version(second)?.model
    const draft = await hub.service.draft('trainer', [
      { digest: first, signoffs: SIGNOFFS, ...(undone && { rollbackOf: undone }) },
    ])
    await hub.service.submit(draft.id, 'trainer')
    await hub.service.sign(draft.id, 'technical-approver', PASSPHRASE, 'approval')
    await hub.service.sign(draft.id, 'clinical-approver', PASSPHRASE, 'approval')
    const [one] = verified(await deliver()).releases
    expect([one?.model.version, one?.releaseCounter]).toEqual(['1.0.0', 3])
  })

  it('renews the list before it ends, without a new release', async () => {
    await release(hub, [await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })])
    hub.clock.advance(85 * DAY)
    await release(hub, [])
    await hub.writer.refreshOnline()
    hub.clock.advance(13 * DAY)
    expect(verified(await deliver()).releases).toHaveLength(1)
  })
})

describe('signatures at the hub', () => {
  async function submitted(author = 'trainer'): Promise<string> {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1, author })
    const { id } = await hub.service.draft(author, [{ digest, signoffs: SIGNOFFS }])
    await hub.service.submit(id, author)
    return id
  }

  it('one person twice is refused', async () => {
    const id = await submitted()
    await hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')
    expect(await hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')).toEqual({
      kind: 'refused',
      reason: 'already-signed',
    })
  })

  it('one person at two browsers at one instant is taken once', async () => {
    const id = await submitted()
    const outcomes = await Promise.all(
      [1, 2].map(() => hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')),
    )
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(['done', 'refused'])
    expect(hub.governance.proposal(id)?.signatures).toHaveLength(1)
  })

  it('two approvers at one instant are both taken, and the release is published once', async () => {
    const id = await submitted()
    const persons = ['clinical-approver', 'technical-approver']
    await Promise.all(persons.map((person) => hub.service.sign(id, person, PASSPHRASE, 'approval')))
    expect(hub.governance.proposal(id)).toMatchObject({ closed: 'published', closedBy: 'hub' })
    expect((await hub.writer.state()).approvedModels?.metadata.signed.version).toBe(1)
    expect(verified(await deliver()).releases).toHaveLength(1)
  })

  it('an author may not be named as approver, nor sign', async () => {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1, author: 'clinical-approver' })
    await expect(hub.service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])).rejects.toMatchObject({
      code: 'release-not-possible',
    })
    const signoffs = [
      { ...SIGNOFFS[1], person: 'technical-approver' },
      { ...SIGNOFFS[1], person: 'second-technical-approver' },
    ]
    const draft = await hub.service.draft('trainer', [{ digest, signoffs: signoffs as typeof SIGNOFFS }])
    await hub.service.submit(draft.id, 'trainer')
    expect(await hub.service.sign(draft.id, 'clinical-approver', PASSPHRASE, 'approval')).toMatchObject({
      reason: 'author-may-not-approve',
    })
  })

  it('two technical approvals do not publish', async () => {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const signoffs: typeof SIGNOFFS = ['technical-approver', 'second-technical-approver'].map((person) => ({
      person,
      role: 'technical',
      meaning: 'approval',
    }))
    const { id } = await hub.service.draft('trainer', [{ digest, signoffs }])
    await hub.service.submit(id, 'trainer')
    for (const { person } of signoffs) await hub.service.sign(id, person, PASSPHRASE, 'approval')
    const proposal = hub.governance.proposal(id)
    expect(proposal?.signatures).toHaveLength(2)
    expect(proposal === undefined ? '' : hub.service.stateOf(proposal)).toBe('partially-signed')
    expect(verified(await deliver()).releases).toEqual([])
  })

  it('another meaning than the one announced is refused', async () => {
    const id = await submitted()
    expect(await hub.service.sign(id, 'clinical-approver', PASSPHRASE, 'review')).toMatchObject({
      reason: 'wrong-meaning',
    })
  })

  it('a wrong passphrase signs nothing', async () => {
    const id = await submitted()
    await expect(hub.service.sign(id, 'clinical-approver', 'not the passphrase', 'approval')).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
    expect(hub.governance.proposal(id)?.signatures).toEqual([])
  })

  it('a key that the custodians do not vouch for is refused', async () => {
    const id = await submitted()
    const proposal = hub.governance.proposal(id)
    const subject = proposal === undefined ? undefined : hub.service.subject(proposal)
    if (subject === undefined) throw new Error('nothing to sign')
    const identity = { person: 'clinical-approver', role: 'clinical', printedName: 'Clinical Approver' } as const
    const file = await createApproverKey({ ...identity, passphrase: PASSPHRASE, cost: TEST_COST })
    const approval = signApproval(await openApproverKey(file, PASSPHRASE), subject, 'approval', hub.clock)
    expect(await hub.service.accept(id, approval)).toEqual({ kind: 'refused', reason: 'key-not-authorised' })
  })

  it('a signature over other bytes, or with an exchanged statement, is refused', async () => {
    const id = await submitted()
    const proposal = hub.governance.proposal(id)
    const subject = proposal === undefined ? undefined : hub.service.subject(proposal)
    if (subject === undefined) throw new Error('nothing to sign')
    const [clinicalFile, technicalFile] = hub.approverKeys
    const clinical = await openApproverKey(clinicalFile, PASSPHRASE)
    const technical = await openApproverKey(technicalFile, PASSPHRASE)
    const other = signApproval(clinical, { ...subject, signedBytes: Buffer.from('{}') }, 'approval', hub.clock)
    const good = signApproval(clinical, subject, 'approval', hub.clock)
    const lifted = { ...good, envelope: signApproval(technical, subject, 'approval', hub.clock).envelope }
    const renamed = signApproval({ ...clinical, person: 'technical-approver' }, subject, 'approval', hub.clock)
    expect(await hub.service.accept(id, other)).toMatchObject({ reason: 'signature-invalid' })
    expect(await hub.service.accept(id, lifted)).toMatchObject({ reason: 'signature-invalid' })
    expect(await hub.service.accept(id, { ...good, signature: '00'.repeat(64) })).toMatchObject({
      reason: 'signature-invalid',
    })
    expect(await hub.service.accept(id, renamed)).toMatchObject({ reason: 'statement-differs' })
    expect(await hub.service.accept(id, good)).toMatchObject({ kind: 'done', state: 'partially-signed' })
  })

  it.each([
    ['before there was anything to sign', -3_600_000],
    ['in the future', 3_600_000],
  ])('a signature dated %s is refused', async (_name, offset) => {
    const id = await submitted()
    const proposal = hub.governance.proposal(id)
    const subject = proposal === undefined ? undefined : hub.service.subject(proposal)
    if (subject === undefined) throw new Error('nothing to sign')
    const key = await openApproverKey(hub.approverKeys[0], PASSPHRASE)
    const dated = signApproval(key, subject, 'approval', { now: () => hub.clock.now() + offset })
    expect(await hub.service.accept(id, dated)).toMatchObject({ reason: 'statement-differs' })
  })

  it('rejection needs a named approver and a reason, and ends the proposal', async () => {
    const id = await submitted()
    expect(await hub.service.reject(id, 'trainer', 'because')).toMatchObject({ reason: 'not-named-as-approver' })
    expect(await hub.service.reject(id, 'clinical-approver', ' ')).toMatchObject({ reason: 'reason-missing' })
    expect(await hub.service.reject(id, 'clinical-approver', 'too few cases')).toMatchObject({ state: 'rejected' })
    expect(await hub.service.sign(id, 'technical-approver', PASSPHRASE, 'approval')).toMatchObject({
      reason: 'wrong-state',
    })
    expect(hub.governance.proposal(id)?.closedReason).toBe('too few cases')
  })

  it('only the author withdraws', async () => {
    const id = await submitted()
    expect(await hub.service.withdraw(id, 'clinical-approver')).toMatchObject({ reason: 'not-the-author' })
    expect(await hub.service.withdraw(id, 'trainer')).toMatchObject({ state: 'withdrawn' })
  })

  it('a proposal on a list that was replaced meanwhile is superseded and never published', async () => {
    const first = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const other = await hub.importPackage({ name: 'hand-radiograph', version: '1.0.0', releaseCounter: 1 })
    const late = await hub.service.draft('trainer', [{ digest: other, signoffs: SIGNOFFS }])
    await hub.service.submit(late.id, 'trainer')
    await hub.service.sign(late.id, 'clinical-approver', PASSPHRASE, 'approval')
    await release(hub, [first])
    expect(hub.governance.proposal(late.id)?.closed).toBe('superseded')
    await release(hub, [other])
    expect(verified(await deliver()).releases).toHaveLength(2)
  })

  it('a list that would cost an older release its approval is not published until one more signs', async () => {
    const byApprover = await hub.importPackage({ version: '1.0.0', releaseCounter: 1, author: 'technical-approver' })
    const signoffs: typeof SIGNOFFS = [
      { person: 'clinical-approver', role: 'clinical', meaning: 'approval' },
      { person: 'second-technical-approver', role: 'technical', meaning: 'approval' },
    ]
    const first = await hub.service.draft('technical-approver', [{ digest: byApprover, signoffs }])
    await hub.service.submit(first.id, 'technical-approver')
    for (const { person } of signoffs) await hub.service.sign(first.id, person, PASSPHRASE, 'approval')
    const hand = await hub.importPackage({ name: 'hand-radiograph', version: '1.0.0', releaseCounter: 1 })
    const all = [...SIGNOFFS, { person: 'second-technical-approver', role: 'technical', meaning: 'approval' } as const]
    const second = await hub.service.draft('trainer', [{ digest: hand, signoffs: all }])
    await hub.service.submit(second.id, 'trainer')
    await hub.service.sign(second.id, 'clinical-approver', PASSPHRASE, 'approval')
    await expect(hub.service.sign(second.id, 'technical-approver', PASSPHRASE, 'approval')).rejects.toMatchObject({
      code: 'devices-would-refuse',
    })
    expect(verified(await deliver()).releases).toHaveLength(1)
    expect(await hub.service.sign(second.id, 'second-technical-approver', PASSPHRASE, 'approval')).toMatchObject({
      state: 'published',
    })
    expect(verified(await deliver()).releases).toHaveLength(2)
  })
})

describe('what cannot be proposed', () => {
  it.each([
    ['a version that is listed', { version: '1.0.0', releaseCounter: 1 }],
    ['a counter that is not above the listed one', { version: '1.0.1', releaseCounter: 1 }],
  ])('%s', async (_name, options) => {
    await release(hub, [await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })])
    const digest = await hub.importPackage(options)
    await expect(hub.service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])).rejects.toMatchObject({
      code: 'release-not-possible',
    })
  })

  it.each([
    ['nobody knows', { person: 'stranger', role: 'technical', meaning: 'approval' }],
    ['has another role', { person: 'technical-approver', role: 'clinical', meaning: 'approval' }],
    ['is named twice', { person: 'clinical-approver', role: 'clinical', meaning: 'approval' }],
  ] as const)('an approver who %s', async (_name, signoff) => {
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const signoffs = [SIGNOFFS[0], signoff] as typeof SIGNOFFS
    await expect(hub.service.draft('trainer', [{ digest, signoffs }])).rejects.toMatchObject({
      code: 'release-not-possible',
    })
  })

  it('a package that the registry does not know', async () => {
    await expect(hub.service.draft('trainer', [{ digest: 'f'.repeat(64), signoffs: SIGNOFFS }])).rejects.toMatchObject({
      code: 'release-not-possible',
    })
  })
})

describe('a crash', () => {
  class Crash extends Error {}

  /** Files that stop working at the n-th act, before or after it was done. */
  function crashing(at: number, when: 'before' | 'after'): RepositoryFiles & { acts: number } {
    const real = new FolderRepositoryFiles({ folder: join(folder, 'repository') })
    const self = {
      acts: 0,
      read: (path: string) => real.read(path),
      list: (path: string) => real.list(path),
      write: (path: string, bytes: Uint8Array) => act(() => real.write(path, bytes)),
      copyBlob: (source: string, sha256: Parameters<typeof real.copyBlob>[1]) =>
        act(() => real.copyBlob(source, sha256)),
    }
    const act = async (todo: () => Promise<void>): Promise<void> => {
      self.acts += 1
      if (self.acts === at && when === 'before') throw new Crash()
      await todo()
      if (self.acts >= at) throw new Crash()
    }
    return self
  }

  it.each(['before', 'after'] as const)(
    'at any step of publishing (%s the step) leaves the old state, or the new one, and never another',
    async (when) => {
      const first = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
      await release(hub, [first])
      let version = 1
      for (let at = 1; at <= 6; at += 1) {
        version += 1
        const digest = await hub.importPackage({ version: `1.${version}.0`, releaseCounter: version })
        const files = crashing(at, when)
        const broken = hub.restart(files)
        await expect(release(hub, [digest], broken.service)).rejects.toBeInstanceOf(Crash)
        expect(files.acts).toBe(at)
        const between = verified(await deliver(`site-${when}-${at}`))
        const published = at === 6 && when === 'after'
        expect(between.releases.map((one) => one.releaseCounter)).toEqual([published ? version : version - 1])
        expect(between.refused).toEqual([])
        const restarted = hub.restart()
        await restarted.service.resume()
        expect(hub.governance.proposalsOf(digest).map((proposal) => proposal.closed)).toEqual(['published'])
        expect(verified(await deliver(`site-${when}-${at}`)).releases.map((one) => one.releaseCounter)).toEqual([
          version,
        ])
      }
      await expect(release(hub, [], hub.restart(crashing(99, when)).service)).resolves.toBeTypeOf('string')
    },
  )

  it('between a new root and its first timestamp is mended by the next refresh', async () => {
    const online = await createOnlineKeys(join(folder, 'secrets', 'next-online-keys.json'))
    const parties = {
      ...hub.parties,
      online: { snapshot: online.snapshot.publicKey, timestamp: online.timestamp.publicKey },
    }
    const root = signRoot(2, parties, hub.parties, hub.custodians, hub.clock)
    const writer = new RepositoryWriter({ files: crashing(1, 'after'), keys: online, clock: hub.clock })
    await expect(writer.publishRoot(root)).rejects.toBeInstanceOf(Crash)
    const files = new FolderRepositoryFiles({ folder: join(folder, 'repository') })
    const restarted = new RepositoryWriter({ files, keys: online, clock: hub.clock })
    expect(await new OnlineResigner({ writer: restarted, clock: hub.clock, logger: silentLogger }).look()).toBe(true)
    expect(verified(await deliver()).metadataVersions.root).toBe(2)
  })
})

describe('custodians', () => {
  it('exchange an approver, whose old key then counts for nothing', async () => {
    await release(hub, [await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })])
    const approvers = hub.parties.approvers.filter((one) => one.person !== 'technical-approver')
    const targets = signTargets(2, { ...hub.parties, approvers }, hub.custodians, hub.clock)
    await expect(hub.writer.publishTargets(targets)).rejects.toMatchObject({ code: 'signatures-missing' })
    await hub.writer.publishTargets(targets, { revoking: true })
    expect(await deliver()).toMatchObject({ kind: 'refused', attack: 'too-few-approvals' })
    const renewal = await hub.service.draft('trainer', [])
    await hub.service.submit(renewal.id, 'trainer')
    expect(await hub.service.sign(renewal.id, 'technical-approver', PASSPHRASE, 'approval')).toMatchObject({
      reason: 'key-not-authorised',
    })
    for (const person of ['clinical-approver', 'second-technical-approver']) {
      await hub.service.sign(renewal.id, person, PASSPHRASE, 'approval')
    }
    const [one] = verified(await deliver()).releases
    expect(one?.approvals.map((approval) => approval.person)).toEqual([
      'clinical-approver',
      'second-technical-approver',
    ])
  })

  it('below the threshold sign nothing', async () => {
    const one = hub.custodians.filter((custodian) => custodian.role === 'targets').slice(0, 1)
    expect(() => signTargets(2, hub.parties, one, hub.clock)).toThrow(/custodians of targets/)
    const twice = [...one, ...one]
    expect(() => signTargets(2, hub.parties, twice, hub.clock)).toThrow(/custodians of targets/)
  })

  it('cannot give one key to two people or roles', () => {
    const [first, second] = hub.parties.approvers
    if (first === undefined || second === undefined) throw new Error('no approvers')
    const approvers = [first, { ...second, publicKey: first.publicKey }]
    expect(() => signTargets(2, { ...hub.parties, approvers }, hub.custodians, hub.clock)).toThrow(/one key/)
    const online = { snapshot: hub.parties.online.snapshot, timestamp: first.publicKey }
    expect(() => signTargets(2, { ...hub.parties, online }, hub.custodians, hub.clock)).toThrow(/one key/)
  })

  it('leave key files that only their passphrase opens, and that no other user reads', async () => {
    const at = join(folder, 'second-ceremony')
    const keys = await createRepositoryKeys({
      folder: at,
      passphraseOf: (name) => `${PASSPHRASE} ${name}`,
      cost: TEST_COST,
    })
    expect((await readdir(at)).sort()).toEqual(
      ['root-1', 'root-2', 'root-3', 'targets-1', 'targets-2', 'targets-3'].map((name) => `${name}.key.json`),
    )
    expect((await stat(join(at, 'root-1.key.json'))).mode & 0o777).toBe(0o600)
    await expect(openCustodianKey(keys.root[0], `${PASSPHRASE} root-2`)).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
    await expect(openCustodianKey({ ...keys.root[0], number: 2 }, `${PASSPHRASE} root-1`)).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
  })

  it('initialise a repository once', async () => {
    const files = new FolderRepositoryFiles({ folder: join(folder, 'repository') })
    const options = {
      files,
      parties: hub.parties,
      signers: hub.custodians,
      onlineKeys: hub.onlineKeys,
      clock: hub.clock,
    }
    await expect(initialiseRepository(options)).rejects.toMatchObject({ code: 'already-initialised' })
  })
})

describe('online keys', () => {
  it('are read back from a file that no other user reads', async () => {
    const path = join(folder, 'secrets', 'online-keys.json')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await readOnlineKeys(path)).timestamp.keyid).toBe(hub.onlineKeys.timestamp.keyid)
  })

  it('are renewed daily and keep devices fresh for years, until people must sign again', async () => {
    const resigner = new OnlineResigner({ writer: hub.writer, clock: hub.clock, logger: silentLogger })
    expect(await resigner.look()).toBe(false)
    for (let day = 0; day < 170; day += 1) {
      hub.clock.advance(1.01 * DAY)
      expect(await resigner.look()).toBe(true)
      if (day % 17 === 0) verified(await deliver())
    }
    const events: string[] = []
    const logger = {
      ...silentLogger,
      warn: (event: string, fields?: object) => void events.push(`${event} ${JSON.stringify(fields)}`),
    }
    await new OnlineResigner({ writer: hub.writer, clock: hub.clock, logger }).look()
    expect(events).toEqual(['delivery.renewal-due {"role":"targets","days":8}'])
    hub.clock.advance(12 * DAY)
    await resigner.look()
    expect(await deliver()).toMatchObject({ kind: 'refused', attack: 'freeze' })
  })
})
