import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canonicalJson, digestOf, type JsonValue } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHub, type HubFixture, SIGNOFFS } from '../delivery/testing/hub-fixture.ts'
import { Drift } from '../drift/index.ts'
import { PackageStore, Registry } from '../registry/index.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { CardError, ModelCards } from './index.ts'
import { shippedFolder } from './testing/shipped-card.ts'

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
    await cp(shippedFolder('chest-radiograph/1.1.0'), copy, { recursive: true })
    const read = async (name: string): Promise<Record<string, JsonValue>> =>
      JSON.parse(await readFile(join(copy, name), 'utf8')) as Record<string, JsonValue>
    const card = await read('card.json')
    change(card)
    const bytes = canonicalJson(card)
    const manifest = await read('manifest.json')
    const files = manifest.files as { path: string; bytes: number; sha256: string }[]
    const entry = files.find((file) => file.path === 'card.json')
    if (entry === undefined) throw new Error('the package lists no card')
    Object.assign(entry, { bytes: Buffer.byteLength(bytes), sha256: digestOf(bytes) })
    for (const name of ['card.json', 'manifest.json']) await chmod(join(copy, name), 0o644)
    await writeFile(join(copy, 'card.json'), bytes)
    await writeFile(join(copy, 'manifest.json'), canonicalJson(manifest))
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
