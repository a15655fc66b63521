import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { topics } from '@leadglass/sync-agent/contract'
import { decodeBatch, packEnvelopes } from '@leadglass/sync-agent/exchange'
import { ingestSummary } from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { Uploader } from '../../sync-agent/agent/uploader.ts'
import { freePort } from '../../sync-agent/transport/testing/free-port.ts'
import { enrolDevice, initialiseHub, issueBrokerCertificate } from '../commands.ts'
import { device, featuresBody, payloadOf, sealAll, TestDevice } from '../testing/device.ts'
import { HubProcess } from '../testing/hub-process.ts'
import { mosquittoAccessList, mosquittoConfiguration } from './mosquitto.ts'

const mosquitto = peer('mosquitto')
const BOX = device('box-01')

async function waitForPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the broker does not listen')
}

describe.skipIf(mosquitto === undefined)(
  'ingest through an external Mosquitto (skipped when it is not installed)',
  () => {
    let folder: string
    let broker: ChildProcess
    let port: number
    let hub: HubProcess
    let devicePort: number
    let otherFolder: string

    const startBroker = async (): Promise<void> => {
      broker = spawn(mosquitto ?? '', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' })
      await waitForPort(port)
    }

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'hub-mosquitto-'))
      await initialiseHub({ folder, names: [], accounts: [] })
      port = await freePort()
      const file = (name: string): string => join(folder, name)
      const { caPem, certificatePem, keyPem } = await issueBrokerCertificate({ folder, names: ['127.0.0.1'] })
      await writeFile(file('broker-ca.pem'), caPem)
      await writeFile(file('broker.pem'), certificatePem)
      await writeFile(file('broker.key'), keyPem)
      await writeFile(file('access.txt'), mosquittoAccessList())
      const paths = {
        host: '127.0.0.1',
        port,
        caFile: file('broker-ca.pem'),
        certificateFile: file('broker.pem'),
        keyFile: file('broker.key'),
        accessFile: file('access.txt'),
      }
      // Debian's build gives up root; the temporary folder is readable by its owner only.
      await writeFile(file('mosquitto.conf'), `user root\n${mosquittoConfiguration(paths)}`)
      await startBroker()
      otherFolder = await mkdtemp(join(tmpdir(), 'hub-other-'))
      await initialiseHub({ folder: otherFolder, names: [], accounts: [] })
      devicePort = await freePort()
      const broker = { url: `mqtts://127.0.0.1:${port}` }
      hub = await HubProcess.start(folder, { broker, enrolmentPort: devicePort })
    })
    afterAll(async () => {
      await hub.stop()
      broker.kill()
      await rm(folder, { recursive: true, force: true })
      await rm(otherFolder, { recursive: true, force: true })
    })

    it('commits and acknowledges over the same path as the embedded broker, and again after the broker was away', async () => {
      expect(hub.mqtt).toBeNull()
      const identity = await enrolDevice({ folder, device: BOX })
      const url = `mqtts://127.0.0.1:${port}`
      const envelopes = sealAll(
        BOX,
        Array.from({ length: 200 }, (_, i) => featuresBody(i)),
      )
      const send = async (from: number, to: number): Promise<void> => {
        const box = await TestDevice.connect(BOX, url, identity)
        const batch = randomUUID()
        let answered = false
        // Until the hub has subscribed again nobody takes the message: the device sends until it is acknowledged.
        while (!answered) {
          await box.publish(payloadOf(envelopes.slice(from, to), batch))
          answered = await Promise.race([
            box.acknowledged(batch).then(() => true),
            new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1000)),
          ])
        }
        await box.end()
      }
      await send(0, 100)
      broker.kill()
      await once(broker, 'exit')
      await startBroker()
      await send(100, 200)
      const { devices } = ingestSummary.parse(await hub.get('/api/ingest/summary'))
      expect(devices[0]?.streams[0]).toMatchObject({ watermark: 200, effects: 200 })
    })

    it('takes what is too large for a message on its own device port, and answers over the broker', async () => {
      const large = device('box-03')
      const identity = await enrolDevice({ folder, device: large })
      const credentials = { caPem: identity.caPem, certificatePem: identity.certificatePem, keyPem: identity.keyPem }
      let state = 1
      const values = Array.from({ length: 200_000 }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
        return Math.fround(state / 2 ** 32)
      })
      const [packed] = packEnvelopes(sealAll(large, [featuresBody(0, values)]))
      const bytes = packed?.bytes ?? new Uint8Array()
      expect(decodeBatch(bytes)).toMatchObject({ upload: true })
      const box = await TestDevice.connect(large, `mqtts://127.0.0.1:${port}`, identity)
      // The broker itself has no such way: nothing is lost by trying.
      await expect(new Uploader(`mqtts://127.0.0.1:${port}`, async () => credentials).upload(bytes)).rejects.toThrow()
      const uploader = new Uploader(`mqtts://127.0.0.1:${devicePort}`, async () => credentials)
      for (let times = 0; times < 2; times += 1) await uploader.upload(bytes)
      const answer = await box.acknowledged(packed?.batch.batch ?? '')
      expect(answer.watermarks).toEqual([{ epoch: 1, stream: 'features', sequence: 1 }])
      const { devices } = ingestSummary.parse(await hub.get('/api/ingest/summary'))
      expect(devices.find((one) => one.device === large)?.streams[0]).toMatchObject({ watermark: 1, effects: 1 })
      await box.end()
      const foreign = await enrolDevice({ folder: otherFolder, device: large })
      const forged = async () => ({ ...foreign, caPem: identity.caPem })
      await expect(new Uploader(`mqtts://127.0.0.1:${devicePort}`, forged).upload(bytes)).rejects.toThrow()
    })

    it('lets no device publish under another name', async () => {
      const identity = await enrolDevice({ folder, device: 'box-02' })
      const second = await TestDevice.connect(device('box-02'), `mqtts://127.0.0.1:${port}`, identity)
      const forged = sealAll(BOX, [featuresBody(7)], 201)
      await second.publish(payloadOf(forged), topics.envelopes(BOX)).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 300))
      const { devices } = ingestSummary.parse(await hub.get('/api/ingest/summary'))
      expect(devices.find((one) => one.device === BOX)?.streams[0]?.watermark).toBe(200)
      await second.end()
    })
  },
)
