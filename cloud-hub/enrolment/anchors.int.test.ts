import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AnchorKeeper, AnchorStore, type Identity, IdentityStore, joinHub } from '@leadglass/sync-agent/agent'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import { type Anchors, anchorFingerprints } from '@leadglass/sync-agent/contract'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { device } from '../testing/device.ts'
import { EnrolmentHub } from './testing/enrolment-hub.ts'

const BOX = device('box-01')
const HOUR_MS = 3_600_000
const POLICY: NonNullable<Anchors['updates']>['policy'] = {
  schema: 'leadglass.approval-policy/1',
  minimumApprovals: 2,
  requiredRoles: ['clinical'],
  initialRootDigest: 'ab'.repeat(32) as NonNullable<Anchors['updates']>['policy']['initialRootDigest'],
}

describe('what a box pins of its hub', () => {
  let hub: EnrolmentHub
  let folder: string
  let identity: Identity
  let store: AnchorStore

  beforeEach(async () => {
    hub = await EnrolmentHub.start()
    folder = await mkdtemp(join(tmpdir(), 'box-'))
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    const options = { hubUrl: hub.url, code, device: BOX, auditKey: null }
    identity = await joinHub(options, new IdentityStore(folder), systemClock)
    store = new AnchorStore(folder)
  })
  afterEach(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  type Shown = Pick<Identity, 'caPem' | 'certificatePem' | 'keyPem'>
  const keeper = (credentials: () => Promise<Shown> = async () => identity) =>
    new AnchorKeeper({
      device: BOX,
      hubUrl: hub.url,
      store,
      credentials,
      witnessKeyFile: join(folder, 'witness.key.pem'),
    })

  it('comes over the connection that its certificate opens, with a key to cosign the hub’s log', async () => {
    expect(await keeper().step()).toBe(true)
    const pinned = await store.read()
    expect(pinned?.desiredKey.number).toBe(1)
    await access(join(folder, 'witness.key.pem'))
    const row = hub.core.database.prepare('SELECT desired_key AS number FROM device_anchor WHERE device = ?').get(BOX)
    expect(row).toEqual({ number: 1 })
    const events = [...hub.core.audit.log.leaves()].map((leaf) => decodeEvent(leaf))
    expect(events.at(-1)).toMatchObject({ event: 'device.anchored', subject: { id: BOX }, codes: ['desired-key-1'] })
    // Asked again for what is missing still, it changes nothing; the hub without a ceremony has no root to give.
    expect(await keeper().step()).toBe(false)
    expect(await store.read()).toEqual(pinned)
  })

  it('is given to nobody without a certificate of this hub, nor under the witness key of another device', async () => {
    const { caPem } = identity
    const stranger = async () => ({ ...(await hub.core.authority.issueClient(BOX)), caPem })
    await expect(keeper(stranger).step()).rejects.toMatchObject({ code: 'certificate-unknown' })
    hub.enrolment.revoke(BOX, 'stolen')
    await expect(keeper().step()).rejects.toMatchObject({ code: 'device-revoked' })
    expect(await store.read()).toBeUndefined()
  })

  it('is asked for again when a wish is signed with a key to which no chain leads, and then offers the present key', async () => {
    // After the ceremony, so that nothing is missing and only a wish can be a reason to ask.
    const repository = join(folder, 'repository')
    await mkdir(join(repository, 'metadata'), { recursive: true })
    await writeFile(join(repository, 'metadata', '1.root.json'), 'a root')
    await hub.stop()
    hub = await EnrolmentHub.start({ updates: { policy: POLICY, repository } })
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    const joining = { hubUrl: hub.url, code, device: BOX, auditKey: null }
    identity = await joinHub(joining, new IdentityStore(folder), systemClock)
    await keeper().step()
    const known = await store.read()
    if (known === undefined) throw new Error('nothing given')
    const { number } = known.desiredKey
    const link = (at: number) => ({ number: at, publicKey: 'ab'.repeat(32), signature: `${'A'.repeat(86)}==` })
    const signedBy = (key: number, ...links: number[]) => ({
      key,
      signature: `${'A'.repeat(86)}==`,
      chain: links.map(link),
    })
    const before = hub.core.audit.log.size
    expect(await keeper().step(signedBy(number))).toBe(false)
    expect(await keeper().step(signedBy(number + 2, number + 1, number + 2))).toBe(false)
    expect(hub.core.audit.log.size).toBe(before)
    for (let times = 0; times < 6; times += 1) await hub.signer.rotate()
    expect(await keeper().step(signedBy(number + 6, number + 5, number + 6))).toBe(true)
    const now = await store.read()
    expect(now).toEqual({ ...known, desiredKey: (await hub.anchoring.anchors()).desiredKey })
    expect(now?.desiredKey.number).toBe(number + 6)
  })

  it('is filled in when it comes later, and never replaced', async () => {
    await keeper().step()
    const first = await store.read()
    if (first === undefined) throw new Error('nothing pinned')
    const withRoot = (text: string): Anchors => ({
      ...first,
      updates: { initialRoot: Buffer.from(text).toString('base64'), policy: POLICY },
    })
    expect(await store.pin(withRoot('a root'))).toBe(true)
    const before = await readFile(join(folder, 'anchors.json'), 'utf8')
    await expect(store.pin(withRoot('another root'))).rejects.toMatchObject({ code: 'anchors-differ' })
    const log = 'leadglass/hub+00000000+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    await expect(store.pin({ ...withRoot('a root'), hubKeys: [log] })).rejects.toMatchObject({ code: 'anchors-differ' })
    expect(await readFile(join(folder, 'anchors.json'), 'utf8')).toBe(before)
    // A key of wishes that was rotated since is no other hub: a later one is offered, an earlier one never again.
    const rotated = { ...withRoot('a root'), desiredKey: { number: 2, publicKey: 'cd'.repeat(32) } }
    expect(await store.pin(rotated)).toBe(true)
    expect(await store.pin(withRoot('a root'))).toBe(false)
    expect(anchorFingerprints((await store.read()) ?? first).all).toBe(anchorFingerprints(rotated).all)
  })
})
