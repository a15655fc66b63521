import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IdentityStore, joinHub } from '@leadglass/sync-agent/agent'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { enrolmentList, invitation } from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { initialiseHub } from '../commands.ts'
import { device, TestDevice } from '../testing/device.ts'
import { HubProcess } from '../testing/hub-process.ts'

const BOX = device('box-09')

describe('the hub as a process', () => {
  let folder: string
  let hub: HubProcess

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-'))
    await initialiseHub({ folder, names: ['localhost'] })
    hub = await HubProcess.start(folder, { deviceCertificateDays: 7 })
  })
  afterEach(async () => {
    await hub.kill()
    await rm(folder, { recursive: true, force: true })
  })

  it('invites a box over its API, takes it in, and ends it when it is revoked', async () => {
    const invited = invitation.parse(await hub.post(`/api/devices/${BOX}/invitation`, { minutes: 5 }))
    const before = enrolmentList.parse(await hub.get('/api/enrolment'))
    expect(before.invitations.map((one) => one.device)).toEqual([BOX])
    const hubUrl = `mqtts://localhost:${hub.mqtt}`
    const store = new IdentityStore(folder)
    const { code, authorityFingerprint: hubFingerprint } = invited
    const joined = await joinHub({ hubUrl, code, device: BOX, auditKey: null, hubFingerprint }, store, systemClock)
    expect(joined.hubKeys.map((key) => key.split('+')[0])).toEqual(['leadglass/hub/audit', 'leadglass/hub/witness'])
    const [entry] = enrolmentList.parse(await hub.get('/api/enrolment')).devices
    const days = (Date.parse(entry?.notAfter ?? '') - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(6.9)
    expect(days).toBeLessThan(7.1)
    const box = await TestDevice.connect(BOX, hubUrl, joined)
    await hub.post(`/api/devices/${BOX}/revocation`, { reason: 'stolen' })
    await expect.poll(() => box.connected).toBe(false)
    await expect(TestDevice.connect(BOX, hubUrl, joined)).rejects.toThrow()
    const again = await hub.request('POST', `/api/devices/${BOX}/invitation`, {})
    expect(again.status).toBe(409)
    expect((await hub.request('POST', '/api/devices/box-10/invitation', {}, {})).status).toBe(401)
    await box.end()
  }, 60_000)
})
