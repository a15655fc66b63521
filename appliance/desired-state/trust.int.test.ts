import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DesiredKey, type DeviceId, packDesired } from '@leadglass/sync-agent/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pinAnchors } from '../enrolment/index.ts'
import { DesiredTrust } from './index.ts'
import { signingHub } from './testing/signing-hub.ts'

const DEVICE = 'test-box' as DeviceId
const DOCUMENT = packDesired({ schema: 'leadglass.desired-document/1', version: 1, expiresAt: null, sections: {} })

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-trust-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Trust as after a restart: everything it knows is on the disk. */
const trust = (offersKey = false) => new DesiredTrust(DEVICE, folders(), async () => offersKey)
const folders = () => ({
  initialRoot: join(folder, 'root.json'),
  policy: join(folder, 'policy.json'),
  trust: folder,
  trustState: join(folder, 'state'),
})
const anchors = (desiredKey: DesiredKey) => ({ hubKeys: [], desiredKey, updates: null })

describe('a box that has pinned no key', () => {
  it('cannot tell who speaks while its hub does not sign', async () => {
    expect(await trust().judge(DOCUMENT)).toEqual({ kind: 'unpinned' })
  })

  it('refuses what is unsigned as soon as the hub has offered a key, also when the offer is withheld later', async () => {
    expect(await trust(true).judge(DOCUMENT)).toEqual({ kind: 'refused', code: 'desired-unsigned' })
    expect(await trust(false).judge(DOCUMENT)).toEqual({ kind: 'refused', code: 'desired-unsigned' })
  })

  it('takes nothing that it cannot verify, and remembers that its hub signs', async () => {
    const signed = signingHub(DEVICE).signer()(DOCUMENT)
    expect(await trust().judge({ ...DOCUMENT, signed })).toEqual({ kind: 'refused', code: 'desired-not-pinned' })
    expect(await trust().judge(DOCUMENT)).toEqual({ kind: 'refused', code: 'desired-unsigned' })
  })
})

describe('a box that missed more rotations than a document carries', () => {
  it('goes on when a person confirms the present key; nothing else replaces a key, and none goes back', async () => {
    const hub = signingHub(DEVICE)
    await pinAnchors(folders(), anchors(hub.first), 'confirmed')
    for (let times = 0; times < 6; times += 1) hub.rotate()
    const document = { ...DOCUMENT, signed: hub.signer()(DOCUMENT) }
    expect(await trust().judge(document)).toEqual({ kind: 'refused', code: 'desired-key-unknown' })
    expect(await pinAnchors(folders(), anchors(hub.present()), 'fill')).toBe(false)
    expect(await trust().judge(document)).toMatchObject({ kind: 'refused' })
    expect(await pinAnchors(folders(), anchors(hub.present()), 'confirmed')).toBe(true)
    expect(await trust().judge(document)).toEqual({ kind: 'hub', rotatedTo: null })
    expect(await pinAnchors(folders(), anchors(hub.first), 'confirmed')).toBe(false)
    const forged = { ...hub.present(), publicKey: signingHub(DEVICE).first.publicKey }
    await expect(pinAnchors(folders(), anchors(forged), 'confirmed')).rejects.toMatchObject({ code: 'anchors-differ' })
    expect(await trust().key()).toEqual(hub.present())
  })
})
