import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RECALLS_ROLE, type RecallStatement } from '@leadglass/sync-agent/contract'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { FileHighWaterMarks, FolderFetcher, UpdateClient, verifyKit } from '@leadglass/sync-agent/updates'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createOfficerKey, type OpenOfficerKey, openOfficerKey } from './recall-key.ts'
import { signTargetsWithOfficers } from './recall-metadata.ts'
import { RecallService } from './recall-service.ts'
import { createHub, type HubFixture, PASSPHRASE, SIGNOFFS, TEST_COST } from './testing/hub-fixture.ts'

let folder: string
let hub: HubFixture
let officer: OpenOfficerKey
let service: RecallService

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-recall-'))
  hub = await createHub(folder)
  const file = await createOfficerKey({ person: 'safety-officer', passphrase: PASSPHRASE, cost: TEST_COST })
  officer = await openOfficerKey(file, PASSPHRASE)
  service = new RecallService({ writer: hub.writer, policy: hub.policy, clock: hub.clock, logger: silentLogger })
})
afterEach(async () => {
  hub.database.close()
  await rm(folder, { recursive: true, force: true })
})

/** Names the officer as an older instance does: two custodians of targets sign anew. */
async function appoint(custodians: readonly number[] = [3, 4]): Promise<void> {
  const signers = hub.custodians.filter((_, at) => custodians.includes(at))
  const bytes = signTargetsWithOfficers(await hub.writer.state(), [officer], signers, hub.policy, hub.clock)
  await service.appoint(bytes)
}

async function recall(digest: string, key: OpenOfficerKey = officer): Promise<readonly RecallStatement[]> {
  const model = hub.registry.version(digest)?.model
  if (model === undefined) throw new Error('no such version')
  const { signedBytes } = await service.propose(model, key.person, 'wrong side marked')
  return service.publish({
    signedBytes,
    keyid: key.keyid,
    signature: Buffer.from(key.sign(signedBytes)).toString('hex'),
  })
}

/** A site with an agent and an appliance that keep their own state. */
function site(name: string) {
  const seen = new Map<string, RecallStatement>()
  const recallBook = {
    add: async (recalls: readonly RecallStatement[]) => {
      for (const one of recalls) seen.set(one.model.digest, one)
    },
  }
  const at = (part: string): string => join(folder, name, part)
  const common = { initialRoot: hub.root, policy: hub.policy, clock: hub.clock, logger: silentLogger }
  const marks = (part: string) => new FileHighWaterMarks({ folder: at(part), logger: silentLogger })
  return {
    seen,
    look: async (repository = join(folder, 'repository')) => {
      const client = new UpdateClient({
        ...common,
        fetcher: new FolderFetcher({ folder: repository }),
        stateFolder: at('agent'),
        kitFolder: at('kit'),
        highWaterMarks: marks('agent'),
      })
      const fetched = await client.refresh()
      if (fetched.kind !== 'verified') return fetched
      const kit = { ...common, kitFolder: at('kit'), stateFolder: at('state'), highWaterMarks: marks('state') }
      return verifyKit({ ...kit, recallBook })
    },
  }
}

async function publish(version: string, releaseCounter: number): Promise<string> {
  const digest = await hub.importPackage({ version, releaseCounter })
  const { id } = await hub.service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])
  await hub.service.submit(id, 'trainer')
  for (const { person, meaning } of SIGNOFFS) await hub.service.sign(id, person, PASSPHRASE, meaning)
  return digest
}

describe('a recall', () => {
  it('reaches a box of an older instance once the role was added, signed by one safety officer', async () => {
    const digest = await publish('1.0.0', 1)
    const box = site('site')
    expect((await box.look()).kind).toBe('verified')
    await appoint()
    await recall(digest)
    expect((await box.look()).kind).toBe('verified')
    expect([...box.seen.values()]).toMatchObject([{ person: 'safety-officer', reason: 'wrong side marked' }])
    expect(await service.mayRollOut(box.seen.get(digest)?.model as never)).toBe('recalled')
  })

  it('needs two custodians to name a safety officer, and a safety officer to recall', async () => {
    const digest = await publish('1.0.0', 1)
    await expect(appoint([3])).rejects.toMatchObject({ code: 'signatures-missing' })
    await appoint()
    const stranger = await openOfficerKey(
      await createOfficerKey({ person: 'somebody', passphrase: PASSPHRASE, cost: TEST_COST }),
      PASSPHRASE,
    )
    await expect(recall(digest, stranger)).rejects.toMatchObject({ code: 'signatures-missing' })
    expect((await service.list()).recalls).toEqual([])
  })

  it('cannot be taken back: not by a list without it, and not by the metadata of the day before', async () => {
    const digest = await publish('1.0.0', 1)
    await appoint()
    const { cp } = await import('node:fs/promises')
    await cp(join(folder, 'repository'), join(folder, 'yesterday'), { recursive: true })
    const before = await service.propose(
      { name: 'other', version: '1.0.0', digest: 'ab'.repeat(32) },
      officer.person,
      'another one',
    )
    await recall(digest)
    const signature = Buffer.from(officer.sign(before.signedBytes)).toString('hex')
    await expect(
      service.publish({ signedBytes: before.signedBytes, keyid: officer.keyid, signature }),
    ).rejects.toMatchObject({ code: 'devices-would-refuse' })
    const box = site('site')
    await box.look()
    const again = await box.look(join(folder, 'yesterday'))
    expect(again).toMatchObject({ kind: 'refused', attack: 'metadata-rollback' })
  })

  it('gives no right to list a model: its paths are those of recalls, and terminating', async () => {
    await publish('1.0.0', 1)
    await appoint()
    const roles = (await hub.writer.state()).targets.metadata.signed.delegations?.roles
    expect(roles?.[RECALLS_ROLE]).toMatchObject({ threshold: 1, terminating: true, paths: ['recalls/*/*/*.json'] })
    expect(roles?.[RECALLS_ROLE]?.isDelegatedPath('models/m/1.0.0/manifest.json')).toBe(false)
  })
})
