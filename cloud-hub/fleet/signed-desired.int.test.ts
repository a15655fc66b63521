import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { desiredDelivery, unpackDesired, verifyDesired } from '@leadglass/sync-agent/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Anchoring } from '../enrolment/index.ts'
import { device } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { DesiredBook, DesiredSigner } from './index.ts'

const BOX = device('box-01')
const OLDER = device('box-02')

let core: HubCore
let signer: DesiredSigner
let book: DesiredBook
let keyFile: string

beforeEach(async () => {
  core = await createHubCore()
  keyFile = join(core.folder, 'desired-keys.json')
  signer = await DesiredSigner.open(keyFile)
  book = new DesiredBook(core.database, core.clock, signer)
  for (const name of [BOX, OLDER]) await core.enrolment.enrol(name)
  const anchoring = new Anchoring({
    database: core.database,
    audit: core.audit,
    clock: core.clock,
    hubKeys: [],
    desiredKey: () => signer.current,
    policy: null,
    repository: core.folder,
    onAnchored: () => undefined,
  })
  await anchoring.answer(BOX, { schema: 'leadglass.anchors/1', witnessKey: null })
  for (const name of [BOX, OLDER])
    book.set({ scope: 'device', name }, { schedules: { 'retention.windowMinutes': 30 } }, null, 'mlops', 'because')
})
afterEach(() => core.close())

const delivered = (name = BOX) => desiredDelivery.parse(book.delivery(name).document)

describe('desired documents of a hub that signs', () => {
  it('are signed for a device that has pinned the key, and as ever for an older one, which knows no signature', () => {
    const document = delivered()
    expect(verifyDesired(BOX, document, signer.current)).toEqual({ kind: 'trusted', pinned: signer.current })
    expect(unpackDesired(document)?.sections).toEqual({ schedules: { 'retention.windowMinutes': 30 } })
    expect(Object.keys(book.delivery(OLDER).document ?? {}).sort()).toEqual(['digest', 'text', 'version'])
  })

  it('a rotation is vouched for by the key before, and the old private key is gone', async () => {
    const pinned = signer.current
    const before = await readFile(keyFile, 'utf8')
    expect(await signer.rotate()).toMatchObject({ number: 2 })
    const verdict = verifyDesired(BOX, delivered(), pinned)
    expect(verdict).toEqual({ kind: 'trusted', pinned: signer.current })
    const { privateKeyPem } = JSON.parse(before) as { privateKeyPem: string }
    expect(await readFile(keyFile, 'utf8')).not.toContain(JSON.stringify(privateKeyPem))
    // The number stays: nothing is applied a second time.
    expect(delivered().version).toBe(1)
    const again = await DesiredSigner.open(keyFile)
    expect(again.current).toEqual(signer.current)
  })

  it('a damaged key file stops the hub: a new key would be refused everywhere', async () => {
    await writeFile(keyFile, '{"schema":"leadglass.desired-keys/1"}')
    await expect(DesiredSigner.open(keyFile)).rejects.toThrow()
  })

  it('another device cannot be told what was signed for this one', () => {
    expect(verifyDesired(OLDER, delivered(), signer.current)).toEqual({ kind: 'refused', code: 'desired-signature' })
  })
})
