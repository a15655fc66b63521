import { connectAsync } from 'mqtt'
import { afterEach, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { type Acknowledgement, deviceId, sealEnvelope, topics } from '../contract/index.ts'
import { packEnvelopes } from '../exchange/index.ts'
import { type Service, silentLogger, systemClock, systemRandomness } from '../foundation/index.ts'
import { TransportError } from './link-error.ts'
import type { Credentials } from './mqtt-link.ts'
import { MqttTransport, type MqttTransportOptions } from './mqtt-transport.ts'
import { TestCertificateAuthority } from './testing/certificate-authority.ts'
import { eventually } from './testing/eventually.ts'
import { FaultProxy } from './testing/fault-proxy.ts'
import { freePort } from './testing/free-port.ts'
import { HubStub } from './testing/hub-stub.ts'
import { Mosquitto } from './testing/mosquitto.ts'
import { TEST_HUB_NAME, TestBroker } from './testing/test-broker.ts'
import type { LinkState } from './transport.ts'

const DEVICE = deviceId.parse('test-box')
const mosquittoPath = peer('mosquitto')
const DESIRED = {
  schema: 'leadglass.desired-state/1',
  version: 4,
  timestampVersion: 9,
  repositoryPath: '/delivery/',
}
const running: Service[] = []

async function started<T extends Service>(service: T): Promise<T> {
  running.push(service)
  await service.start()
  return service
}

afterEach(async () => {
  for (let service = running.pop(); service !== undefined; service = running.pop()) await service.stop()
})

function transportTo(url: string, credentials: Credentials, options: Partial<MqttTransportOptions> = {}) {
  const states: LinkState[] = []
  const answers: Acknowledgement[] = []
  const transport = new MqttTransport(
    {
      url,
      device: DEVICE,
      credentials: () => Promise.resolve(credentials),
      keepaliveSeconds: 2,
      connectTimeoutMs: 2000,
      publishTimeoutMs: 2000,
      backoff: { firstMs: 50, largestMs: 300 },
      ...options,
    },
    { clock: systemClock, randomness: systemRandomness, logger: silentLogger },
  )
  transport.onLink((state) => states.push(state))
  transport.onAcknowledgement((answer) => answers.push(answer))
  const up = (): boolean => states.at(-1)?.kind === 'up'
  const codes = (): (string | null)[] => states.flatMap((state) => (state.kind === 'down' ? [state.code] : []))
  return { transport, states, answers, up, codes }
}

function batchOf(first: number, count: number): Uint8Array {
  const envelopes = Array.from({ length: count }, (_, i) =>
    sealEnvelope(
      { device: DEVICE, epoch: 1, sequence: first + i },
      { kind: 'device-health', softwareVersion: '1.0.0', models: [], figures: { 'disk.free': i } },
    ),
  )
  const [packed] = packEnvelopes(envelopes)
  if (packed === undefined) throw new Error('nothing packed')
  return packed.bytes
}

type Broker = Service & { readonly url: string }
const brokers: readonly [string, ((authority: TestCertificateAuthority) => Promise<Broker>) | undefined][] = [
  ['the embedded broker', (authority) => Promise.resolve(new TestBroker(authority))],
  [
    'Mosquitto',
    mosquittoPath === undefined
      ? undefined
      : async (authority) => new Mosquitto(mosquittoPath, authority, await freePort()),
  ],
]

describe.each(brokers)('MQTT over %s', (name, make) => {
  const skip = make === undefined ? `${name} is not installed` : undefined
  const broker = async (authority: TestCertificateAuthority): Promise<Broker> => {
    if (make === undefined) throw new Error('no broker')
    return make(authority)
  }

  it('carries batches, hears acknowledgements and the retained desired state', async (context) => {
    if (skip !== undefined) context.skip(skip)
    const authority = new TestCertificateAuthority()
    const { url } = await started(await broker(authority))
    const hub = await started(new HubStub(url, authority.client(TEST_HUB_NAME)))
    await hub.desire(DEVICE, DESIRED)
    const { transport, answers, up } = transportTo(url, authority.client(DEVICE))
    const desired: number[] = []
    transport.onDesired((state) => desired.push(state.version))
    await started(transport)
    await eventually('the link is up', up)
    await Promise.all([transport.publish(batchOf(1, 10)), transport.publish(batchOf(11, 10))])
    await eventually('both are acknowledged', () => answers.length === 2)
    expect(answers.map((answer) => answer.watermarks[0]?.sequence)).toEqual([10, 20])
    expect(hub.receipts.map((receipt) => receipt.gap)).toEqual([false, false])
    expect(desired).toEqual([4])
  })

  it('starts while the broker is down and connects when it comes', async (context) => {
    if (skip !== undefined) context.skip(skip)
    const authority = new TestCertificateAuthority()
    const server = await broker(authority)
    // Once up and down again, so that its port is known and closed.
    await server.start()
    await server.stop()
    const { transport, up, codes } = transportTo(server.url, authority.client(DEVICE))
    await started(transport)
    await expect(transport.publish(batchOf(1, 1))).rejects.toMatchObject({ code: 'link-down' })
    await eventually('an attempt failed', () => codes().length >= 2)
    expect(new Set(codes().slice(1))).toEqual(new Set(['unreachable']))
    await started(server)
    await eventually('the link is up', up)
  })

  it('comes back after the broker was restarted', async (context) => {
    if (skip !== undefined) context.skip(skip)
    const authority = new TestCertificateAuthority()
    const server = await started(await broker(authority))
    const { transport, up } = transportTo(server.url, authority.client(DEVICE))
    await started(transport)
    await eventually('the link is up', up)
    await (server instanceof Mosquitto ? server.kill() : server.stop())
    await eventually('the link is down', () => !up())
    await server.start()
    await eventually('the link is up again', up)
    await transport.publish(batchOf(1, 1))
  })

  it('comes back after another client took its session over', async (context) => {
    if (skip !== undefined) context.skip(skip)
    const authority = new TestCertificateAuthority()
    const { url } = await started(await broker(authority))
    const credentials = authority.client(DEVICE)
    const { transport, up, codes } = transportTo(url, credentials, { backoff: { firstMs: 500, largestMs: 500 } })
    await started(transport)
    await eventually('the link is up', up)
    // MQTT 3.1.1 3.1.4-2: a second client of the same name ends the first one's connection.
    const other = await connectAsync(url, {
      clientId: DEVICE,
      ca: credentials.caPem,
      cert: credentials.certificatePem,
      key: credentials.keyPem,
      reconnectPeriod: 0,
    })
    await eventually('the link was taken', () => codes().length >= 2)
    await eventually('the link is up again', up)
    await transport.publish(batchOf(1, 1))
    await other.endAsync(true)
  })

  it('says when its own credentials cannot be read, and reads them again', async (context) => {
    if (skip !== undefined) context.skip(skip)
    const authority = new TestCertificateAuthority()
    const { url } = await started(await broker(authority))
    let missing = true
    const credentials = (): Promise<Credentials> =>
      missing ? Promise.reject(new Error('no file')) : Promise.resolve(authority.client(DEVICE))
    const { transport, up, codes } = transportTo(url, authority.client(DEVICE), { credentials })
    await started(transport)
    await eventually('it says so', () => codes().includes('credentials-unreadable'))
    missing = false
    await eventually('the link is up', up)
  })

  it('has no effect and hears nothing under another name', async (context) => {
    if (skip !== undefined) context.skip(skip)
    const authority = new TestCertificateAuthority()
    const { url } = await started(await broker(authority))
    const hub = await started(new HubStub(url, authority.client(TEST_HUB_NAME)))
    const { transport, up, codes, answers } = transportTo(url, authority.client('other-box'))
    const desired: number[] = []
    transport.onDesired((state) => desired.push(state.version))
    await started(transport)
    // One broker refuses the subscription; the other grants it and delivers nothing, and swallows what is published.
    await eventually('it was turned away or let in without rights', () => up() || codes().length >= 2)
    if (up()) await transport.publish(batchOf(1, 1))
    else expect(codes()[1]).toBe('subscription-refused')
    await hub.desire(DEVICE, DESIRED)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(hub.receipts).toEqual([])
    expect(answers).toEqual([])
    expect(desired).toEqual([])
  })

  it('is not admitted without a certificate of the authority, and keeps trying', async (context) => {
    if (skip !== undefined) context.skip(skip)
    const authority = new TestCertificateAuthority()
    const stranger = new TestCertificateAuthority()
    const { url } = await started(await broker(authority))
    const untrusted = transportTo(url, { ...stranger.client(DEVICE), caPem: authority.caPem })
    await started(untrusted.transport)
    await eventually('several attempts failed', () => untrusted.codes().length >= 3)
    expect(untrusted.states.some((state) => state.kind === 'up')).toBe(false)
    const distrusting = transportTo(url, { ...authority.client(DEVICE), caPem: stranger.caPem })
    await started(distrusting.transport)
    await eventually('several attempts failed', () => distrusting.codes().length >= 3)
    expect(distrusting.codes().slice(1)).toContain('hub-certificate-refused')
    expect(distrusting.states.some((state) => state.kind === 'up')).toBe(false)
  })

  it('does not call a batch handed over when the PUBACK is lost, and another try succeeds', async (context) => {
    if (skip !== undefined) context.skip(skip)
    const authority = new TestCertificateAuthority()
    const server = await started(await broker(authority))
    const hub = await started(new HubStub(server.url, authority.client(TEST_HUB_NAME)))
    const proxy = await started(new FaultProxy(Number(new URL(server.url).port)))
    const { transport, answers, up } = transportTo(proxy.url, authority.client(DEVICE))
    await started(transport)
    await eventually('the link is up', up)
    proxy.mode = 'mute'
    const lost = transport.publish(batchOf(1, 5))
    await expect(lost).rejects.toMatchObject({ code: 'link-lost', failureClass: 'ambiguous' })
    expect(hub.total).toBe(5)
    proxy.mode = 'pass'
    await eventually('the link is up again', up)
    await transport.publish(batchOf(1, 5))
    await eventually('it is acknowledged', () => answers.length > 0)
    expect(hub.total).toBe(5)
    expect(hub.receipts.map((receipt) => receipt.duplicates)).toEqual([0, 5])
  })

  it('notices a half-open link by its keepalive, even while it writes into it', async (context) => {
    if (skip !== undefined) context.skip(skip)
    const authority = new TestCertificateAuthority()
    const server = await started(await broker(authority))
    const proxy = await started(new FaultProxy(Number(new URL(server.url).port)))
    const { transport, up, codes } = transportTo(proxy.url, authority.client(DEVICE), { publishTimeoutMs: 60_000 })
    await started(transport)
    await eventually('the link is up', up)
    proxy.mode = 'deaf'
    const begin = Date.now()
    const writing = setInterval(() => void transport.publish(batchOf(1, 1)).catch(() => undefined), 200)
    await eventually('the link is down', () => !up(), 12_000)
    clearInterval(writing)
    // One and a half keepalives of two seconds, and some slack.
    expect(Date.now() - begin).toBeLessThan(8000)
    proxy.mode = 'pass'
    proxy.reset()
    await eventually('the link is up again', up)
    expect(codes().length).toBeGreaterThanOrEqual(2)
  })
})

describe('MQTT over a Mosquitto that hangs', () => {
  it('gives up a link to a stopped broker, times out while dialling it, and comes back', async (context) => {
    if (mosquittoPath === undefined) return context.skip('mosquitto is not installed')
    const authority = new TestCertificateAuthority()
    const server = await started(new Mosquitto(mosquittoPath, authority, await freePort()))
    const { transport, up, codes } = transportTo(server.url, authority.client(DEVICE), { connectTimeoutMs: 500 })
    await started(transport)
    await eventually('the link is up', up)
    server.signal('SIGSTOP')
    const publishing = transport.publish(batchOf(1, 1))
    await expect(publishing).rejects.toBeInstanceOf(TransportError)
    await eventually('dialling timed out', () => codes().length >= 4)
    expect(codes().at(-1)).not.toBe('identity-refused')
    server.signal('SIGCONT')
    await eventually('the link is up again', up)
    await transport.publish(batchOf(1, 1))
  })
})

describe('stopping', () => {
  it('returns at once while dialling, while waiting, while up, and twice', async () => {
    const authority = new TestCertificateAuthority()
    const broker = await started(new TestBroker(authority))
    const waiting = transportTo('mqtts://127.0.0.1:1', authority.client(DEVICE), {
      backoff: { firstMs: 60_000, largestMs: 60_000 },
    })
    await waiting.transport.start()
    await eventually('it waits', () => waiting.codes().length >= 2)
    const connected = transportTo(broker.url, authority.client(DEVICE))
    await connected.transport.start()
    await eventually('the link is up', connected.up)
    const dialling = transportTo(broker.url, authority.client(DEVICE))
    await dialling.transport.start()
    const begin = Date.now()
    for (const { transport } of [waiting, connected, dialling]) {
      await transport.stop()
      await transport.stop()
    }
    expect(Date.now() - begin).toBeLessThan(5000)
    expect(connected.states.at(-1)).toEqual({ kind: 'down', code: null })
  })
})

describe('topics', () => {
  it('name the device in the third place, where the access rules look', () => {
    expect(topics.envelopes(DEVICE).split('/')[3]).toBe(DEVICE)
  })
})
