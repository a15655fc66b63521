import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createHub, type HubFixture, PASSPHRASE, SIGNOFFS } from '../delivery/testing/hub-fixture.ts'
import { AliasBook } from './alias-book.ts'
import { versionState } from './version-state.ts'

let folder = ''
let hub: HubFixture

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-alias-'))
  hub = await createHub(folder)
})
afterEach(async () => {
  hub.database.close()
  await rm(folder, { recursive: true, force: true })
})

it('@approved and @released move with the second of two real signatures, and by nothing else', async () => {
  const { registry, governance, policy, database, clock, service } = hub
  const stateOf = (digest: string) => versionState(governance.proposalsOf(digest), policy)
  const book = new AliasBook({ database, registry, clock, stateOf })
  const approved = () => book.resolve('chest-radiograph', 'approved')?.model.version
  const released = () => book.resolve('chest-radiograph', 'released')?.model.version
  const move = async (version: string, releaseCounter: number, before: string | undefined): Promise<void> => {
    const digest = await hub.importPackage({ version, releaseCounter })
    expect(approved()).toBe(before)
    const { id } = await service.draft('trainer', [{ digest, signoffs: SIGNOFFS }])
    await service.submit(id, 'trainer')
    expect(approved()).toBe(before)
    expect(() => book.set('chest-radiograph', 'approved', digest, 'mlops')).toThrow(/signatures/)
    await service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')
    expect([approved(), released()]).toEqual([before, before])
    await service.sign(id, 'technical-approver', PASSPHRASE, 'approval')
    expect([approved(), released()]).toEqual([version, version])
  }
  await move('1.0.0', 1, undefined)
  await move('1.1.0', 2, '1.0.0')
  const refused = await hub.importPackage({ version: '1.2.0', releaseCounter: 3 })
  const { id } = await service.draft('trainer', [{ digest: refused, signoffs: SIGNOFFS }])
  await service.submit(id, 'trainer')
  await service.sign(id, 'clinical-approver', PASSPHRASE, 'approval')
  await service.reject(id, 'technical-approver', 'the subgroup figures are too wide')
  expect(approved()).toBe('1.1.0')
})
