import { mkdtemp, rm } from 'node:fs/promises'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { IdentityStore, joinHub } from '@leadglass/sync-agent/agent'
import { ENROLMENT_PROTOCOL, enrolmentSecrets, normaliseEnrolmentCode } from '@leadglass/sync-agent/contract'
import { digestOf, ManualClock, systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CertificateAuthority } from '../ingest/index.ts'
import { device, featuresBody, payloadOf, sealAll, TestDevice } from '../testing/device.ts'
import { EnrolmentHub } from './testing/enrolment-hub.ts'

const BOX = device('box-01')
const HOUR_MS = 3_600_000

describe('joining with a one-time code', () => {
  let hub: EnrolmentHub
  let folder: string
  let store: IdentityStore

  beforeEach(async () => {
    hub = await EnrolmentHub.start()
    folder = await mkdtemp(join(tmpdir(), 'box-'))
    store = new IdentityStore(folder)
  })
  afterEach(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const joinWith = (
    code: string,
    more: Partial<Parameters<typeof joinHub>[0]> = {},
    into = store,
    clock = systemClock,
  ) => joinHub({ hubUrl: hub.url, code, device: null, auditKey: null, ...more }, into, clock)

  const connected = async (identity: { certificatePem: string; keyPem: string; caPem: string }) =>
    TestDevice.connect(BOX, hub.url, identity)

  it('gives a certificate for a key made at the box, with which it sends', async () => {
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    const identity = await joinWith(code)
    expect(identity.device).toBe(BOX)
    expect(JSON.stringify(hub.core.database.prepare('SELECT * FROM enrolment_invitation').all())).not.toContain(
      code.replaceAll('-', ''),
    )
    const box = await connected(identity)
    const batch = crypto.randomUUID()
    await box.publish(payloadOf(sealAll(BOX, [featuresBody(0)]), batch))
    expect((await box.acknowledged(batch)).watermarks).toHaveLength(1)
    await box.end()
    expect(await store.readNext()).toBeUndefined()
    expect(hub.invitations.open()).toEqual([])
  })

  it('takes a code typed in small letters with spaces, and finds a slip before anything is sent', async () => {
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    const wrong = `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`
    await expect(joinWith(wrong)).rejects.toMatchObject({ code: 'code-mistyped' })
    expect((await joinWith(` ${code.toLowerCase().replaceAll('-', ' ')} `)).device).toBe(BOX)
  })

  it('gives the same certificate again to the same key, and nothing to another box', async () => {
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    const first = await joinWith(code)
    // What a kill before the answer was written leaves: the key, and no identity.
    const again = new IdentityStore(await mkdtemp(join(folder, 'again-')))
    const next = { invitation: 'x', keyPem: first.keyPem, certificatePem: null }
    const id = enrolmentSecrets(normaliseEnrolmentCode(code) ?? '').id
    await again.writeNext({ ...next, invitation: digestOf(id) })
    expect((await joinWith(code, {}, again)).certificatePem).toBe(first.certificatePem)
    const other = new IdentityStore(await mkdtemp(join(folder, 'other-')))
    await expect(joinWith(code, {}, other)).rejects.toMatchObject({ code: 'invitation-used' })
    expect(await other.read()).toBeUndefined()
  })

  it('refuses a code that is unknown, over, replaced, or for another name', async () => {
    const old = hub.invitations.invite(BOX, HOUR_MS)
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    await expect(joinWith(old.code)).rejects.toMatchObject({ code: 'invitation-expired' })
    await expect(joinWith(code, { device: device('box-02') })).rejects.toMatchObject({ code: 'device-mismatch' })
    const brief = hub.invitations.invite(device('box-03'), 1)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await expect(joinWith(brief.code)).rejects.toMatchObject({ code: 'invitation-expired' })
    await expect(joinWith('0000-0000-0000-0000')).rejects.toMatchObject({ code: 'invitation-unknown' })
    expect((await joinWith(code)).device).toBe(BOX)
    expect(hub.alarms('join-invitation-unknown')).toBe(1)
  })

  it('refuses a clock that is days off, and the code is good afterwards', async () => {
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    const late = new ManualClock(Date.now() - 3 * 86_400_000)
    await expect(joinWith(code, {}, store, late)).rejects.toMatchObject({ code: 'clock-off' })
    expect((await joinWith(code)).device).toBe(BOX)
  })

  it('never gives a revoked name again', async () => {
    await joinWith(hub.invitations.invite(BOX, HOUR_MS).code)
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    hub.enrolment.revoke(BOX, 'lost')
    await expect(joinWith(code)).rejects.toMatchObject({ code: 'device-revoked' })
    expect(() => hub.invitations.invite(BOX, HOUR_MS)).toThrow('revoked')
  })

  it('answers a flood of guesses with 429, and goes on for who is connected', async () => {
    const box = await connected(await joinWith(hub.invitations.invite(BOX, HOUR_MS).code))
    const codes: string[] = []
    for (let i = 0; i < 12; i++) {
      await joinWith('0000-0000-0000-0000', {}, store).catch((error: { code: string }) => codes.push(error.code))
    }
    expect(codes.at(-1)).toBe('too-many-requests')
    expect(box.connected).toBe(true)
    await box.end()
  })

  it('a box refuses somebody in between, the hub refuses what they pass on, and three tries void the code', async () => {
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    const between = await manInTheMiddle(hub)
    await expect(joinWith(code, { hubUrl: between.url })).rejects.toMatchObject({ code: 'enrolment-intercepted' })
    expect(await store.read()).toBeUndefined()
    expect(hub.alarms('enrolment-intercepted', BOX)).toBe(1)
    for (let i = 0; i < 2; i++) await expect(joinWith(code, { hubUrl: between.url })).rejects.toThrow()
    await expect(joinWith(code)).rejects.toMatchObject({ code: 'invitation-expired' })
    await between.stop()
  })

  it('a box refuses an impostor that does not know the code, and a hub of another fingerprint', async () => {
    const { code } = hub.invitations.invite(BOX, HOUR_MS)
    await expect(joinWith(code, { hubFingerprint: '00'.repeat(32) })).rejects.toMatchObject({ code: 'hub-not-genuine' })
    const impostor = await EnrolmentHub.start()
    await expect(joinWith(code, { hubUrl: impostor.url })).rejects.toMatchObject({ code: 'invitation-unknown' })
    await impostor.stop()
    expect(await store.read()).toBeUndefined()
  })

  it('kicks a revoked device at once, and tells its return from others', async () => {
    const identity = await joinWith(hub.invitations.invite(BOX, HOUR_MS).code)
    const box = await connected(identity)
    hub.enrolment.revoke(BOX, 'stolen')
    hub.broker.disconnect(BOX)
    await expect.poll(() => box.connected).toBe(false)
    await expect(connected(identity)).rejects.toThrow()
    expect(hub.alarms('refused-device-revoked', BOX)).toBe(1)
    await box.end()
  })

  it('tells a self-made authority, an expired certificate and an unknown serial apart', async () => {
    const { caPem } = await joinWith(hub.invitations.invite(BOX, HOUR_MS).code)
    const forger = new CertificateAuthority(join(folder, 'forger'), systemClock)
    await forger.initialise()
    await expect(connected({ ...(await forger.issueClient(BOX)), caPem })).rejects.toThrow()
    expect(hub.alarms('certificate-untrusted', BOX)).toBe(1)
    const past = new CertificateAuthority(join(hub.core.folder, 'ca'), new ManualClock(Date.now() - 10 * 86_400_000))
    await expect(connected({ ...(await past.issueClient(BOX, 1000)), caPem })).rejects.toThrow()
    expect(hub.alarms('certificate-expired', BOX)).toBe(1)
    await expect(connected({ ...(await hub.core.authority.issueClient(BOX)), caPem })).rejects.toThrow()
    expect(hub.alarms('refused-certificate-unknown', BOX)).toBe(1)
  })
})

/** Two TLS connections with somebody between them who passes everything on. */
async function manInTheMiddle(hub: EnrolmentHub): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const own = await hub.core.authority.issueServer('between', ['127.0.0.1'])
  const sockets = new Set<Socket>()
  const server: Server = createTlsServer(
    { cert: own.certificatePem, key: own.keyPem, ALPNProtocols: [ENROLMENT_PROTOCOL] },
    (inner) => {
      const outer = tlsConnect({
        host: '127.0.0.1',
        port: hub.broker.port,
        rejectUnauthorized: false,
        ALPNProtocols: [ENROLMENT_PROTOCOL],
      })
      for (const socket of [inner, outer]) {
        sockets.add(socket)
        socket.on('error', () => socket.destroy())
      }
      inner.pipe(outer).pipe(inner)
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `mqtts://127.0.0.1:${port}`,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
