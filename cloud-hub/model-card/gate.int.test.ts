import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cardDeclaration } from '@leadglass/models'
import { canonicalJson, type JsonValue } from '@leadglass/sync-agent/foundation'
import { importAnswer } from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initialiseHub } from '../commands.ts'
import { createHub, type HubFixture, SIGNOFFS } from '../delivery/testing/hub-fixture.ts'
import { Drift } from '../drift/index.ts'
import { PackageStore, Registry } from '../registry/index.ts'
import { holdTestCeremony } from '../testing/ceremony.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { HubProcess } from '../testing/hub-process.ts'
import { CardError, ModelCards } from './index.ts'
import { repackedPackage, shippedFolder } from './testing/shipped-card.ts'

describe('the gate before submission', () => {
  let folder = ''
  let core: HubCore
  let cards: ModelCards
  let registry: Registry

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-gate-'))
    core = await createHubCore()
    const { database, clock } = core
    registry = new Registry({ database, store: new PackageStore({ folder: join(folder, 'packages') }), clock })
    cards = new ModelCards({ database, registry, drift: new Drift(database, registry) })
  })
  afterEach(async () => {
    await core.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** The shipped package with another card, under another digest: nothing is declared beside it. */
  async function withCard(change: (card: Record<string, JsonValue>) => void): Promise<string> {
    const copy = join(folder, 'copy')
    await repackedPackage(copy, 'chest-radiograph/1.1.0', 'card.json', (bytes) => {
      const card = JSON.parse(bytes.toString('utf8')) as Record<string, JsonValue>
      change(card)
      return Buffer.from(canonicalJson(card))
    })
    return (await registry.importPackage(copy, 'trainer')).model.digest
  }

  it('lets a shipped package through, and refuses the same model without a declaration, field by field', async () => {
    const { model } = await registry.importPackage(shippedFolder('chest-radiograph/1.0.0'), 'trainer')
    await cards.assertCardComplete(model.digest)
    const digest = await withCard((card) => {
      card.summary = 'another'
    })
    await expect(cards.assertCardComplete(digest)).rejects.toMatchObject({ code: 'card-incomplete' })
    await expect(cards.assertCardComplete(digest)).rejects.toThrow(/declaration\.population.*declaration\.hazards/)
  })

  it('answers a submission over HTTP with card-incomplete and every field that is missing', async () => {
    const hubFolder = join(folder, 'process')
    const { policy, approvers: keys } = await holdTestCeremony(hubFolder)
    const approvers = keys.map(({ person, role, printedName, publicKey }) => ({ person, role, printedName, publicKey }))
    await initialiseHub({ folder: hubFolder, names: [], policy, approvers })
    const hub = await HubProcess.start(hubFolder)
    try {
      const copy = join(folder, 'incomplete')
      await repackedPackage(copy, 'chest-radiograph/1.1.0', 'card.json', (bytes) => {
        const card = JSON.parse(bytes.toString('utf8')) as Record<string, JsonValue>
        return Buffer.from(canonicalJson({ ...card, summary: 'another', declaration: { funding: 'none' } }))
      })
      const { model } = importAnswer.parse(await hub.post('/api/models/import', { folder: copy }))
      const signoffs = approvers.map(({ person, role }) => ({ person, role }))
      const submission = { name: model.name, version: model.version, signoffs, dueInDays: 7 }
      const answer = await hub.request('POST', '/api/approvals', submission)
      const { error } = (await answer.json()) as { error: { code: string; message: string } }
      expect([answer.status, error.code]).toEqual([409, 'card-incomplete'])
      const missing = Object.keys(cardDeclaration.shape).filter((name) => !['funding', 'subgroups'].includes(name))
      for (const member of missing) expect(error.message).toContain(`declaration.${member}`)
      expect(error.message).not.toContain('declaration.funding')
      expect(await hub.get('/api/approvals')).toMatchObject({ approvals: [] })
    } finally {
      await hub.stop()
    }
  }, 60_000)

  it('keeps the proposal from being born', async () => {
    const hub: HubFixture = await createHub(join(folder, 'hub'))
    const digest = await hub.importPackage({ version: '1.0.0', releaseCounter: 1 })
    const gaps = [{ field: 'declaration.users', title: 'Intended users', reason: 'missing' }] as const
    const refusing = hub.restart(undefined, {
      assertCardComplete: async () => {
        throw CardError.incomplete(gaps)
      },
    }).service
    await expect(refusing.draft('trainer', [{ digest, signoffs: SIGNOFFS }])).rejects.toMatchObject({
      code: 'card-incomplete',
      gaps,
    })
    expect(hub.governance.proposals()).toEqual([])
    hub.database.close()
  })
})
