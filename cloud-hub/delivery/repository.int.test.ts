import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openApproverKey } from '../governance/approver-key.ts'
import { signApproval } from '../governance/signing.ts'
import { createRepositoryKeys, initialiseRepository, signRoot, signTargets } from './ceremony.ts'
import { openCustodianKey } from './custodian-key.ts'
import { createOnlineKeys, readOnlineKeys } from './online-keys.ts'
import { publishApprovedModels } from './publish.ts'
import { FolderRepositoryFiles, type RepositoryFiles } from './repository-files.ts'
import { RepositoryWriter } from './repository-writer.ts'
import { OnlineResigner } from './resign-online.ts'
import {
  createHub,
  deliver,
  type HubFixture,
  PASSPHRASE,
  release,
  SIGNOFFS,
  TEST_COST,
  verified,
} from './testing/hub-fixture.ts'
import type { MetadataSignature } from './tuf-format.ts'

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
        const between = verified(await deliver(hub, `site-${when}-${at}`))
        const published = at === 6 && when === 'after'
        expect(between.releases.map((one) => one.releaseCounter)).toEqual([published ? version : version - 1])
        expect(between.refused).toEqual([])
        const restarted = hub.restart()
        await restarted.service.resume()
        expect(hub.governance.proposalsOf(digest).map((proposal) => proposal.closed)).toEqual(['published'])
        expect(verified(await deliver(hub, `site-${when}-${at}`)).releases.map((one) => one.releaseCounter)).toEqual([
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
    expect(verified(await deliver(hub)).metadataVersions.root).toBe(2)
  })
})

describe('the writer', () => {
  it('publishes no list that was signed on another one than the present', async () => {
    const hand = await hub.importPackage({ name: 'hand-radiograph', version: '1.0.0', releaseCounter: 1 })
    const late = await hub.service.draft('trainer', [{ digest: hand, signoffs: SIGNOFFS }])
    await hub.service.submit(late.id, 'trainer')
    const proposal = hub.governance.proposal(late.id)
    const subject = proposal === undefined ? undefined : hub.service.subject(proposal)
    if (subject === undefined) throw new Error('nothing to sign')
    await release(hub, [await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })])
    const signatures: MetadataSignature[] = []
    for (const file of hub.approverKeys.slice(0, 2)) {
      const { keyid, signature } = signApproval(await openApproverKey(file, PASSPHRASE), subject, 'approval', hub.clock)
      signatures.push({ keyid, sig: signature })
    }
    const list = { signedBytes: subject.signedBytes, signatures }
    await expect(publishApprovedModels(hub.writer, list, [], hub.policy)).rejects.toMatchObject({ code: 'stale' })
    expect(verified(await deliver(hub)).releases.map((one) => one.model.name)).toEqual(['chest-radiograph'])
  })
})

describe('custodians', () => {
  it('exchange an approver, whose old key then counts for nothing', async () => {
    await release(hub, [await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })])
    const approvers = hub.parties.approvers.filter((one) => one.person !== 'technical-approver')
    const targets = signTargets(2, { ...hub.parties, approvers }, hub.custodians, hub.clock)
    await expect(hub.writer.publishTargets(targets)).rejects.toMatchObject({ code: 'signatures-missing' })
    await hub.writer.publishTargets(targets, { revoking: true })
    expect(await deliver(hub)).toMatchObject({ kind: 'refused', attack: 'too-few-approvals' })
    const renewal = await hub.service.draft('trainer', [])
    await hub.service.submit(renewal.id, 'trainer')
    expect(await hub.service.sign(renewal.id, 'technical-approver', PASSPHRASE, 'approval')).toMatchObject({
      reason: 'key-not-authorised',
    })
    for (const person of ['clinical-approver', 'second-technical-approver']) {
      await hub.service.sign(renewal.id, person, PASSPHRASE, 'approval')
    }
    const [one] = verified(await deliver(hub)).releases
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
      if (day % 17 === 0) verified(await deliver(hub))
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
    expect(await deliver(hub)).toMatchObject({ kind: 'refused', attack: 'freeze' })
  })
})
