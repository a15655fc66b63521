import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { digestOf, type Service } from '@leadglass/sync-agent/foundation'
import { desiredStatePatch } from '@leadglass/sync-agent/transport'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  clientFor,
  clientWithTokens,
  Message,
  type SdkClient,
} from '../../sync-agent/transport/azure-iot/testing/sdk.ts'
import { TestCertificateAuthority } from '../../sync-agent/transport/testing/certificate-authority.ts'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { batchOf } from './testing/batches.ts'
import { DEVICE, DEVICE_KEY, EndpointFixture, HUB_NAME } from './testing/endpoint-fixture.ts'

const run = promisify(execFile)
const closing: (() => Promise<unknown>)[] = []
let hub: EndpointFixture

beforeEach(async () => {
  hub = await EndpointFixture.create()
  await hub.start()
})
afterEach(async () => {
  for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close().catch(() => undefined)
  await hub.remove()
})

const connectionString = (): string =>
  `HostName=${HUB_NAME};GatewayHostName=localhost:${hub.mqttPort};DeviceId=${DEVICE};SharedAccessKey=${DEVICE_KEY}`
const later = (): number => Math.floor(Date.now() / 1000) + 600

async function opened(client: SdkClient): Promise<SdkClient> {
  closing.push(() => client.close())
  client.on('error', () => undefined)
  await client.setOptions({ ca: hub.authority.caPem, keepalive: 20 })
  await client.open()
  return client
}

function token(key = DEVICE_KEY, resource = `${HUB_NAME}/devices/${DEVICE}`): string {
  const sr = encodeURIComponent(resource)
  const sig = createHmac('sha256', Buffer.from(key, 'base64')).update(`${sr}\n${later()}`).digest('base64')
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${later()}`
}

/** A bare MQTT client, to do what the SDK never would. */
async function bare(options: Partial<IClientOptions> = {}): Promise<MqttClient> {
  const client = mqtt.connect(`mqtts://localhost:${hub.mqttPort}`, {
    protocolVersion: 4,
    clientId: DEVICE,
    clean: false,
    reconnectPeriod: 0,
    ca: hub.authority.caPem,
    username: `${HUB_NAME}/${DEVICE}/?api-version=2021-04-12`,
    password: token(),
    ...options,
  })
  closing.push(() => client.endAsync(true))
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve())
    client.once('error', reject)
    client.once('close', () => reject(new Error('closed without an answer')))
  })
  client.on('error', () => undefined)
  return client
}

const closed = (client: MqttClient): Promise<void> => new Promise((resolve) => client.once('close', () => resolve()))
const events = `devices/${DEVICE}/messages/events/`

describe('who may come in', () => {
  it.each<[string, () => Partial<IClientOptions>]>([
    ['another key', () => ({ password: token(Buffer.alloc(32, 1).toString('base64')) })],
    ['a token for another device', () => ({ password: token(DEVICE_KEY, `${HUB_NAME}/devices/other-box`) })],
    ['no proof', () => ({ password: '' })],
    ['another client id', () => ({ clientId: 'other-box' })],
    ['another hub', () => ({ username: `elsewhere/${DEVICE}/?api-version=2021-04-12` })],
    ['no user name', () => ({ username: '' })],
    ['a certificate of another device', () => ({ password: '', ...pem('other-box') })],
  ])('not with %s: CONNACK 5', async (_name, options) => {
    await expect(bare(options())).rejects.toMatchObject({ code: 5 })
  })

  const pem = (name: string) => {
    const { certificatePem, keyPem } = hub.authority.client(name)
    return { cert: certificatePem, key: keyPem }
  }

  it('a device with its own certificate, and not with one that somebody else issued', async () => {
    const own = await bare({ password: '', ...pem(DEVICE) })
    await own.endAsync()
    await eventually('it has gone', () => !hub.endpoint.isConnected(DEVICE))
    const stranger = new TestCertificateAuthority().client(DEVICE)
    const options = { password: '', cert: stranger.certificatePem, key: stranger.keyPem }
    await expect(bare(options)).rejects.toThrow(/closed without an answer|Not authorized/)
    expect(hub.endpoint.isConnected(DEVICE)).toBe(false)
  })

  it('one connection a device: the newer one stays', async () => {
    const older = await bare()
    const gone = closed(older)
    await bare()
    await gone
    expect(hub.endpoint.isConnected(DEVICE)).toBe(true)
  })

  it('a connection ends when its token does', async () => {
    const soon = Math.floor(Date.now() / 1000) + 2
    const sr = encodeURIComponent(`${HUB_NAME}/devices/${DEVICE}`)
    const sig = createHmac('sha256', Buffer.from(DEVICE_KEY, 'base64')).update(`${sr}\n${soon}`).digest('base64')
    const client = await bare({ password: `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${soon}` })
    await closed(client)
    expect(Date.now() / 1000).toBeGreaterThanOrEqual(soon - 0.1)
  })
})

describe('what a device may do', () => {
  it.each<[string, string, Buffer, 0 | 1 | 2]>([
    ['with quality of service 2', events, Buffer.from('x'), 2],
    ['to a topic that is not documented', 'leadglass/1/x', Buffer.from('x'), 1],
    ['under another name', 'devices/other-box/messages/events/', Buffer.from('x'), 1],
    ['more than 256 KB', events, Buffer.alloc(256 * 1024 + 1), 1],
    ['with malformed properties', `${events}a=%E0%A4`, Buffer.from('x'), 1],
  ])('not publish %s: the connection ends', async (_name, topic, payload, qos) => {
    const client = await bare()
    const gone = closed(client)
    client.publish(topic, payload, { qos }, () => undefined)
    await gone
    expect(hub.intake.total).toBe(0)
  })

  it('publish with RETAIN, which is not kept', async () => {
    const client = await bare()
    await client.publishAsync(`${events}%24.mid=1`, Buffer.from(batchOf(1, 3).bytes), { qos: 1, retain: true })
    expect(hub.intake.total).toBe(3)
  })

  it('send rubbish, which is acknowledged to the broker and to nobody else', async () => {
    const client = await bare()
    await client.publishAsync(events, 'not a batch', { qos: 1 })
    expect(hub.intake.refusedPayloads).toBe(1)
    expect((await hub.endpoint.twin(DEVICE)).desired).toEqual({})
    expect(client.connected).toBe(true)
  })

  it('subscribe to its own topics only', async () => {
    const client = await bare()
    const filters = [
      `devices/${DEVICE}/messages/devicebound/#`,
      '$iothub/twin/res/#',
      '#',
      '$iothub/twin/#',
      'devices/+/x',
    ]
    const granted: number[] = []
    for (const filter of filters) {
      await client.subscribeAsync(filter, { qos: 1 }).then(
        (grants) => granted.push(...grants.map((grant) => grant.qos)),
        () => granted.push(128),
      )
    }
    expect(granted).toEqual([1, 1, 128, 128, 128])
  })

  it('leave a will on its events topic and on no other', async () => {
    await expect(bare({ will: { topic: events, payload: Buffer.from('gone'), qos: 1 } })).resolves.toBeDefined()
    const will = { topic: 'devices/other-box/messages/events/', payload: Buffer.from('x'), qos: 1 as const }
    await expect(bare({ will })).rejects.toThrow('closed without an answer')
  })
})

describe('the SDK by itself', () => {
  it('renews its token by disconnecting and connecting, and goes on sending', async () => {
    const client = await opened(clientWithTokens(connectionString(), 4, 2))
    const begin = Date.now()
    let sent = 0
    while (Date.now() - begin < 7000) {
      await client.sendEvent(new Message(Buffer.from(batchOf(sent + 1, 2).bytes)))
      sent += 2
    }
    expect(sent).toBeGreaterThan(20)
    expect([hub.intake.total, hub.intake.duplicates]).toEqual([sent, 0])
  }, 40_000)

  it('believes in subscriptions from before a restart of the endpoint, and is served', async () => {
    const client = await opened(clientFor(connectionString()))
    const twin = await client.getTwin()
    twin.on('error', () => undefined)
    const heard: unknown[] = []
    twin.on('properties.desired.leadglass.state', (state: unknown) => heard.push(state))
    client.onDeviceMethod('hello', (_request, response) => void response.send(200, { hello: true }))
    await eventually('methods are answered', async () =>
      hub.endpoint.invokeMethod(DEVICE, 'hello', {}, 500).then(
        () => true,
        () => false,
      ),
    )
    await hub.stop()
    await hub.start()
    await eventually('it is back', () => hub.endpoint.isConnected(DEVICE), 30_000)
    expect((await hub.endpoint.invokeMethod(DEVICE, 'hello', {}, 5000)).payload).toEqual({ hello: true })
    const state = {
      schema: 'leadglass.desired-state/1' as const,
      version: 3,
      timestampVersion: 3,
      repositoryPath: '/d',
    }
    await hub.endpoint.setDesired(DEVICE, state)
    await eventually('the push arrives', () => heard.length > 0)
    expect(heard.at(-1)).toEqual((desiredStatePatch(state).leadglass as { state: unknown }).state)
    await twin.get()
    expect(twin.properties.desired).toMatchObject({ leadglass: { state } })
  }, 60_000)

  it('reports, removes with null, and hears of a refusal, which it sees only in the body', async () => {
    const client = await opened(clientFor(connectionString()))
    const twin = await client.getTwin()
    const reported = twin.properties.reported as unknown as {
      update(patch: unknown, done: (error?: Error) => void): void
    }
    const update = (patch: unknown) =>
      new Promise<void>((resolve, reject) => reported.update(patch, (error) => (error ? reject(error) : resolve())))
    await update({ a: { b: 1, c: 2 } })
    await update({ a: { b: null } })
    expect((await hub.endpoint.twin(DEVICE)).reported).toEqual({ a: { c: 2 } })
    await expect(update({ 'a.b': 1 })).rejects.toThrow(/forbidden name/)
    await expect(update({ a: 'x'.repeat(40_000) })).rejects.toThrow(/32 KB/)
    expect((await hub.endpoint.twin(DEVICE)).reportedVersion).toBe(3)
  })

  it('may listen for cloud-to-device messages, of which there are none', async () => {
    const client = await opened(clientFor(connectionString()))
    const heard: unknown[] = []
    client.on('message', (message) => heard.push(message))
    await eventually('it is subscribed', async () =>
      (await hub.endpoint.twin(DEVICE)).subscriptions.includes('devicebound'),
    )
    expect(heard).toEqual([])
  })

  it('refuses more than 256 KB itself', async () => {
    const client = await opened(clientFor(connectionString()))
    const huge = new Message(Buffer.alloc(256 * 1024 + 1))
    await expect(client.sendEvent(huge)).rejects.toMatchObject({ name: 'MessageTooLargeError' })
  })
})

describe('file upload', () => {
  async function withFiles(): Promise<{
    hub: EndpointFixture
    upload: (name: string, bytes: number) => Promise<string>
  }> {
    // HTTPS knows no gateway, so here the hub's own name leads to it; the port comes with the agent.
    const files = await EndpointFixture.create('localhost')
    await files.start()
    closing.push(() => files.remove())
    const caFile = join(files.folder, 'ca.pem')
    await writeFile(caFile, files.authority.caPem)
    const text = `HostName=localhost;DeviceId=${DEVICE};SharedAccessKey=${DEVICE_KEY}`
    const program = join(import.meta.dirname, 'testing', 'upload-process.ts')
    const upload = async (name: string, bytes: number): Promise<string> => {
      const parameters = [text, files.authority.caPem, String(files.httpsPort), name, String(bytes)]
      const { stdout } = await run(process.execPath, [program, ...parameters], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
        timeout: 60_000,
      })
      return stdout.trim()
    }
    return { hub: files, upload }
  }

  it('carries a file of several blocks through the unmodified SDK, whole and once', async () => {
    const { hub: files, upload } = await withFiles()
    const bytes = 9 * 1024 * 1024 + 17
    expect(await upload('model/feedback.bin', bytes)).toBe('uploaded')
    const content = Buffer.alloc(bytes, 'leadglass')
    expect(files.uploads).toMatchObject([
      { device: DEVICE, name: 'model/feedback.bin', bytes, sha256: digestOf(content) },
    ])
    const kept = join(files.folder, 'uploads', DEVICE, `${files.uploads[0]?.id}.blob`)
    expect(digestOf(await readFile(kept))).toBe(digestOf(content))
    expect(await readdir(join(files.folder, 'uploads', '.incoming'))).toEqual([])
  }, 60_000)

  it('refuses names that are paths, strangers, forged tickets and endless blocks', async () => {
    const { hub: files, upload } = await withFiles()
    expect(await upload('../escape', 10)).toMatch(/^failed/)
    const host = `localhost:${files.httpsPort}`
    const auth = { authorization: token(DEVICE_KEY, `localhost/devices/${DEVICE}`) }
    const base = `https://${host}/devices/${DEVICE}/files`
    const ask = (url: string, method: string, headers: Record<string, string>, body: string | Buffer) =>
      request(files, url, method, headers, body)
    const wanted = JSON.stringify({ blobName: 'x.bin' })
    expect((await ask(`${base}?api-version=2021-04-12`, 'POST', {}, wanted)).status).toBe(401)
    const stranger = { authorization: token(DEVICE_KEY, 'localhost/devices/other-box') }
    expect((await ask(`${base}?api-version=2021-04-12`, 'POST', stranger, wanted)).status).toBe(401)
    const { status, body } = await ask(`${base}?api-version=2021-04-12`, 'POST', auth, wanted)
    expect(status).toBe(200)
    const ticket = JSON.parse(body) as { correlationId: string; sasToken: string; blobName: string }
    const blob = `https://${host}/uploads/${ticket.blobName}`
    const put = (url: string, bytes: Buffer) => ask(url, 'PUT', {}, bytes)
    const block = `&comp=block&blockid=${encodeURIComponent('AAAA')}`
    expect((await put(`${blob}${ticket.sasToken}${block}`, Buffer.from('ok'))).status).toBe(201)
    expect((await put(`${blob}${ticket.sasToken.slice(0, -2)}00${block}`, Buffer.from('x'))).status).toBe(404)
    expect((await put(`${blob}2${ticket.sasToken}${block}`, Buffer.from('x'))).status).toBe(404)
    expect((await put(`${blob}${ticket.sasToken}${block}`, Buffer.alloc(4 * 1024 * 1024 + 1))).status).toBe(413)
    const list = '<?xml version="1.0"?><BlockList><Latest>BBBB</Latest></BlockList>'
    expect((await ask(`${blob}${ticket.sasToken}&comp=blocklist`, 'PUT', {}, list)).status).toBe(400)
    const note = `${base}/notifications/${ticket.correlationId}?api-version=2021-04-12`
    expect((await ask(note, 'POST', auth, JSON.stringify({ isSuccess: true }))).status).toBe(400)
    expect((await ask(note, 'POST', auth, JSON.stringify({ isSuccess: false }))).status).toBe(204)
    expect((await ask(note, 'POST', auth, JSON.stringify({ isSuccess: false }))).status).toBe(404)
    expect(files.uploads).toEqual([])
    const asked = Array.from({ length: 12 }, () => ask(`${base}?api-version=2021-04-12`, 'POST', auth, wanted))
    const statuses = (await Promise.all(asked)).map((answer) => answer.status)
    expect(statuses.filter((code) => code === 200)).toHaveLength(10)
    expect(statuses.filter((code) => code === 429)).toHaveLength(2)
  }, 60_000)
})

async function request(
  files: Service & { readonly authority: { readonly caPem: string } },
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string | Buffer,
): Promise<{ status: number; body: string }> {
  const { request: send } = await import('node:https')
  return new Promise((resolve, reject) => {
    const outgoing = send(url, { method, headers, ca: files.authority.caPem }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // The server may answer and close before it has read a body that is too large.
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error)
    })
    outgoing.end(body)
  })
}
