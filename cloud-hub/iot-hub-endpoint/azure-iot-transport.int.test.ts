import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Service, systemClock } from '@leadglass/sync-agent/foundation'
import { TransportError } from '@leadglass/sync-agent/transport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AzureIotError, type DeviceProof } from '../../sync-agent/transport/azure-iot/index.ts'
import { createSdkSession } from '../../sync-agent/transport/azure-iot/sdk-client.ts'
import { TestCertificateAuthority } from '../../sync-agent/transport/testing/certificate-authority.ts'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { FaultProxy } from '../../sync-agent/transport/testing/fault-proxy.ts'
import { batchOf } from './testing/batches.ts'
import { DEVICE, DEVICE_KEY, EndpointFixture, HUB_NAME, transportTo } from './testing/endpoint-fixture.ts'

const running: Service[] = []
let hub: EndpointFixture

async function started<T extends Service>(service: T): Promise<T> {
  running.push(service)
  await service.start()
  return service
}

beforeEach(async () => {
  hub = await EndpointFixture.create()
})
afterEach(async () => {
  for (let service = running.pop(); service !== undefined; service = running.pop()) await service.stop()
  await hub.remove()
})

const proxyPort = (proxy: FaultProxy): number => Number(new URL(proxy.url).port)
const desiredState = (version: number) => ({
  schema: 'leadglass.desired-state/1' as const,
  version,
  timestampVersion: version,
  repositoryPath: '/delivery',
})

describe.each<[string, DeviceProof]>([
  ['a shared access key', { kind: 'shared-access-key', key: DEVICE_KEY }],
  ['a client certificate', { kind: 'certificate' }],
])('the SDK with %s, a private authority and another port through GatewayHostName', (_name, proof) => {
  it('carries batches once each and hears answers and the desired state through the twin', async () => {
    await started(hub)
    await hub.endpoint.setDesired(DEVICE, desiredState(4))
    const { transport, answers, marks, desired, up } = transportTo(hub, { proof: () => proof })
    await started(transport)
    await eventually('the link is up', up)
    expect(desired).toEqual([4])
    const batches = [batchOf(1, 10), batchOf(11, 10), batchOf(21, 10)]
    await Promise.all(batches.map(({ bytes }) => transport.publish(bytes)))
    await eventually('all are acknowledged', () => answers.length === 3)
    expect(answers).toEqual(batches.map(({ id }) => id))
    expect(marks.get('health')).toBe(30)
    await transport.publish(batches[1]?.bytes ?? new Uint8Array())
    await eventually('the repeated one too', () => answers.length === 4)
    expect([hub.intake.total, hub.intake.duplicates]).toEqual([30, 10])
    await hub.endpoint.setDesired(DEVICE, desiredState(5))
    await eventually('the new state arrives', () => desired.at(-1) === 5)
  })
})

describe('traps of the SDK', () => {
  it('the hub is down at boot: open() rejects as if unauthorised, and the transport goes on for ever', async () => {
    const { transport, up, codes } = transportTo(hub)
    await started(transport)
    await eventually('it has tried a few times', () => codes().length >= 5)
    expect(new Set(codes().slice(1))).toEqual(new Set(['unreachable']))
    await expect(transport.publish(batchOf(1, 1).bytes)).rejects.toMatchObject({ code: 'link-down' })
    await started(hub)
    await eventually('the link is up', up)
    await transport.publish(batchOf(1, 1).bytes)
    expect(hub.intake.total).toBe(1)
  })

  it('an authority that is not ours: the certificate of the hub is named as the reason', async () => {
    await started(hub)
    const stranger = new TestCertificateAuthority().client(DEVICE)
    const { transport, codes } = transportTo(hub, { pem: stranger })
    await started(transport)
    await eventually('it was refused twice', () => codes().length >= 3)
    expect(codes().at(-1)).toBe('hub-certificate-refused')
  })

  it('the SDK gives up after 240 s: here every attempt is a new client, so an outage has no longest length', async () => {
    await started(hub)
    const { transport, up, codes } = transportTo(hub)
    await started(transport)
    await eventually('the link is up', up)
    await hub.stop()
    await eventually('many attempts were made', () => codes().length >= 10, 20_000)
    await hub.start()
    await eventually('the link is up again', up)
    await transport.publish(batchOf(1, 1).bytes)
    await eventually('it says so', async () => {
      const { reported } = await hub.endpoint.twin(DEVICE)
      return (reported.leadglass as { connections: number }).connections === 2
    })
  })

  it('a publish without PUBACK may have arrived: it fails as ambiguous, and sending it again has no second effect', async () => {
    await started(hub)
    const proxy = await started(new FaultProxy(hub.mqttPort))
    const { transport, up, answers } = transportTo(hub, { port: proxyPort(proxy), publishTimeoutMs: 600 })
    await started(transport)
    await eventually('the link is up', up)
    proxy.mode = 'mute'
    const batch = batchOf(1, 5)
    const failure = await transport.publish(batch.bytes).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TransportError)
    expect(failure).toMatchObject({ code: 'link-lost', failureClass: 'ambiguous' })
    await eventually('it did arrive', () => hub.intake.total === 5)
    proxy.mode = 'pass'
    proxy.reset()
    await eventually('the link is up again', up)
    // The answer was given while nobody heard it: the twin still holds it.
    expect(answers).toEqual([batch.id])
    await transport.publish(batch.bytes)
    await eventually('it is answered again', () => answers.length === 2)
    expect([hub.intake.total, hub.intake.duplicates]).toEqual([5, 5])
  })

  it('a commit whose PUBACK never comes: the connection ends, and the batch is sent again', async () => {
    await started(hub)
    const { transport, up } = transportTo(hub)
    await started(transport)
    await eventually('the link is up', up)
    hub.intake.breakAfterCommit = 1
    await expect(transport.publish(batchOf(1, 5).bytes)).rejects.toMatchObject({ code: 'link-lost' })
    await eventually('the link is up again', up)
    await transport.publish(batchOf(1, 5).bytes)
    expect([hub.intake.total, hub.intake.duplicates]).toEqual([5, 5])
  })

  it('a token is renewed by a new connection, under load, and nobody notices', async () => {
    await started(hub)
    const { transport, up, states, answers } = transportTo(hub, { tokenValiditySeconds: 3, publishTimeoutMs: 10_000 })
    await started(transport)
    await eventually('the link is up', up)
    const begin = Date.now()
    let sent = 0
    while (Date.now() - begin < 8000) {
      await Promise.all([0, 1, 2, 3].map((i) => transport.publish(batchOf(sent + i * 5 + 1, 5).bytes)))
      sent += 20
    }
    expect(sent).toBeGreaterThan(200)
    await eventually('everything is acknowledged', () => answers.length === sent / 5)
    expect([hub.intake.total, hub.intake.duplicates, hub.intake.refusedPayloads]).toEqual([sent, 0, 0])
    expect(states.filter((state) => state.kind === 'down' && state.code !== null)).toEqual([])
    const twin = await hub.endpoint.twin(DEVICE)
    const connections = (twin.reported.leadglass as { connections: number }).connections
    expect(connections).toBeGreaterThanOrEqual(4)
  }, 40_000)

  it('a half-open link is seen by its keepalive, though the SDK’s own is 180 s', async () => {
    await started(hub)
    const proxy = await started(new FaultProxy(hub.mqttPort))
    const { transport, up } = transportTo(hub, { port: proxyPort(proxy), publishTimeoutMs: 60_000 })
    await started(transport)
    await eventually('the link is up', up)
    proxy.mode = 'deaf'
    const begin = Date.now()
    const writing = setInterval(() => void transport.publish(batchOf(1, 1).bytes).catch(() => undefined), 200)
    await eventually('the link is down', () => !up(), 12_000)
    clearInterval(writing)
    expect(Date.now() - begin).toBeLessThan(8000)
    proxy.mode = 'pass'
    proxy.reset()
    await eventually('the link is up again', up)
  }, 40_000)

  it('desired properties are pushed to connected devices only: each connection reads the whole twin', async () => {
    await started(hub)
    const { transport, up, desired } = transportTo(hub)
    await hub.endpoint.setDesired(DEVICE, desiredState(1))
    await started(transport)
    await eventually('the link is up', up)
    hub.endpoint.disconnect(DEVICE)
    for (const version of [2, 3, 4]) await hub.endpoint.setDesired(DEVICE, desiredState(version))
    await eventually('the newest arrives', () => desired.at(-1) === 4)
    // A crash of the hub may take versions with it; the device follows.
    await hub.stop()
    await eventually('the link is down', () => !up())
    await hub.remove()
    await hub.start()
    await hub.endpoint.setDesired(DEVICE, desiredState(9))
    await eventually('the state of the new hub arrives', () => desired.at(-1) === 9)
    expect((await hub.endpoint.twin(DEVICE)).desiredVersion).toBe(2)
  })

  it('a batch that no hub takes is refused before it is sent', async () => {
    await started(hub)
    const { transport, up } = transportTo(hub)
    await started(transport)
    await eventually('the link is up', up)
    const huge = gzipSync(randomBytes(300_000))
    await expect(transport.publish(huge)).rejects.toBeInstanceOf(AzureIotError)
    await expect(transport.publish(huge)).rejects.toMatchObject({
      code: 'message-too-large',
      failureClass: 'permanent',
    })
    expect(up()).toBe(true)
  })

  it('status is reported as differences, and stays in the twin while the device is away', async () => {
    await started(hub)
    const { transport, up } = transportTo(hub)
    await started(transport)
    await eventually('the link is up', up)
    const reported = async () =>
      (await hub.endpoint.twin(DEVICE)).reported.leadglass as Record<string, unknown> | undefined
    await eventually('it reported', async () => (await reported())?.connections === 1)
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      await transport.publish(batchOf(1 + i, 1).bytes)
    }
    await eventually('it reported again', async () => (await reported())?.batches === 3)
    await transport.stop()
    expect(await reported()).toMatchObject({ schema: 'leadglass.device-link/1', lastError: 'none' })
    expect(JSON.stringify(await reported()).length).toBeLessThan(300)
  })

  it('a direct method makes the device read its twin again', async () => {
    await started(hub)
    const { transport, up } = transportTo(hub)
    await started(transport)
    await eventually('the link is up', up)
    const answer = await hub.endpoint.invokeMethod(DEVICE, 'leadglass-refresh', null, 5000)
    expect(answer.status).toBe(200)
    expect(answer.payload).toEqual({ version: (await hub.endpoint.twin(DEVICE)).desiredVersion })
    await expect(hub.endpoint.invokeMethod(DEVICE, 'unknown', null, 300)).rejects.toMatchObject({
      code: 'method-timed-out',
    })
    await transport.stop()
    await eventually('it is gone', () => !hub.endpoint.isConnected(DEVICE))
    await expect(hub.endpoint.invokeMethod(DEVICE, 'leadglass-refresh', null, 300)).rejects.toMatchObject({
      code: 'device-not-connected',
    })
  })

  it('the SDK parses messages unguarded: malformed ones are dropped and the process lives', async () => {
    const session = await createSdkSession({
      address: { hostName: HUB_NAME, gatewayHostName: null },
      device: DEVICE,
      proof: { kind: 'shared-access-key', key: DEVICE_KEY },
      credentials: hub.authority.client(DEVICE),
      keepaliveSeconds: 30,
      tokenValiditySeconds: 60,
    })
    const base = (session.client as unknown as { _transport: { _mqtt: NodeJS.EventEmitter } })._transport._mqtt
    expect(base.listeners('message')).toHaveLength(1)
    for (const payload of ['{', '', 'null', '\u0000']) {
      for (const topic of ['$iothub/twin/PATCH/properties/desired/?$version=2', '$iothub/methods/POST/', '%']) {
        expect(() => base.emit('message', topic, Buffer.from(payload))).not.toThrow()
      }
    }
    session.stopRenewal()
  })

  it('a server certificate is renewed while devices stay connected', async () => {
    await started(hub)
    const { transport, up } = transportTo(hub)
    await started(transport)
    await eventually('the link is up', up)
    const { certificatePem, keyPem } = hub.authority.server()
    hub.endpoint.renew({ certificatePem, keyPem })
    await transport.publish(batchOf(1, 1).bytes)
    hub.endpoint.disconnect(DEVICE)
    await eventually('the link is down', () => !up())
    await eventually('the link is up with the new certificate', up)
    await transport.publish(batchOf(2, 1).bytes)
    expect(hub.intake.total).toBe(2)
  })

  it('stops at once while dialling, while waiting, while up, and twice', async () => {
    const waiting = transportTo(hub, { backoff: { firstMs: 60_000, largestMs: 60_000 } })
    await waiting.transport.start()
    await eventually('it waits', () => waiting.codes().length >= 2)
    await started(hub)
    const connected = transportTo(hub)
    await connected.transport.start()
    await eventually('the link is up', connected.up)
    const dialling = transportTo(hub)
    await dialling.transport.start()
    const begin = systemClock.now()
    for (const { transport } of [waiting, connected, dialling]) {
      await transport.stop()
      await transport.stop()
    }
    expect(systemClock.now() - begin).toBeLessThan(5000)
    expect(connected.states.at(-1)).toEqual({ kind: 'down', code: null })
  })
})
