import { type Service, silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AzureIotTransport } from '../../sync-agent/transport/azure-iot/index.ts'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { freePort } from '../../sync-agent/transport/testing/free-port.ts'
import { batchOf } from './testing/batches.ts'
import { DEVICE, DEVICE_KEY, EndpointFixture, HUB_NAME, transportTo } from './testing/endpoint-fixture.ts'

const WRONG_KEY = Buffer.alloc(32, 9).toString('base64')
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const refusals = (): number => hub.events.filter((event) => event.startsWith('iot-hub.device-refused')).length

describe('why the hub does not let a device in', () => {
  it('a wrong key: named as such, not tried again and again, and a new key needs no restart', async () => {
    await started(hub)
    let key = WRONG_KEY
    const { transport, up, codes } = transportTo(hub, { proof: () => ({ kind: 'shared-access-key', key }) })
    await started(transport)
    await eventually('it was refused', () => codes().includes('credentials-refused'))
    expect(hub.events).toContain('iot-hub.device-refused bad-signature')
    expect(codes()).not.toContain('device-not-admitted')
    await pause(1500)
    // Ordinary back-off, of 0.3 s at most here, would have tried several times more.
    expect(refusals()).toBe(1)
    expect(codes().at(-1)).toBe('credentials-refused')
    key = DEVICE_KEY
    await eventually('the link is up', up)
    await transport.publish(batchOf(1, 1).bytes)
    expect(hub.intake.total).toBe(1)
  })

  it.each([
    ['a certificate', { kind: 'certificate' as const }],
    ['a key', { kind: 'shared-access-key' as const, key: DEVICE_KEY }],
  ])('a revoked device with %s is told so, because it proved who it is, and stops trying', async (_name, proof) => {
    await started(hub)
    const { transport, up, codes } = transportTo(hub, { proof: () => proof })
    await started(transport)
    await eventually('the link is up', up)
    hub.admitted.delete(DEVICE)
    hub.endpoint.disconnect(DEVICE)
    await eventually('it knows', () => codes().at(-1) === 'device-not-admitted')
    const before = refusals()
    await pause(1500)
    expect(refusals()).toBe(before)
    expect(up()).toBe(false)
  })

  it('a device that the hub admits again comes back by itself, at the seldom hour', async () => {
    await started(hub)
    hub.admitted.delete(DEVICE)
    const { transport, up, codes } = transportTo(hub, { refusedRetryMs: 400 })
    await started(transport)
    await eventually('it knows', () => codes().at(-1) === 'device-not-admitted')
    hub.admitted.add(DEVICE)
    await eventually('the link is up', up)
  })

  it('a closed port, a silent one and a wrong authority are never permanent', async () => {
    const { transport, up, codes } = transportTo(hub)
    await started(transport)
    await eventually('it has tried a few times', () => codes().length >= 5)
    expect(new Set(codes().slice(1))).toEqual(new Set(['unreachable']))
    await started(hub)
    await eventually('the link is up', up)
  })

  it('a refusal whose cause cannot be asked is that of the credentials', async () => {
    await started(hub)
    hub.admitted.delete(DEVICE)
    const codes: (string | null)[] = []
    const pem = hub.authority.client(DEVICE)
    const transport = new AzureIotTransport(
      {
        address: {
          hostName: HUB_NAME,
          gatewayHostName: `localhost:${hub.mqttPort}`,
          filesHostName: `localhost:${await freePort()}`,
        },
        device: DEVICE,
        credentials: async () => ({
          pem,
          proof: { kind: 'shared-access-key', key: DEVICE_KEY },
        }),
        refusedRetryMs: 60_000,
      },
      { clock: { now: () => performance.now() }, randomness: systemRandomness, logger: silentLogger },
    )
    transport.onLink((state) => codes.push(state.kind === 'down' ? state.code : 'up'))
    await started(transport)
    await eventually('it was refused', () => codes.at(-1) === 'credentials-refused')
    await pause(500)
    expect(refusals()).toBe(1)
  })

  it('stops at once while it waits', async () => {
    await started(hub)
    const { transport, codes } = transportTo(hub, {
      proof: () => ({ kind: 'shared-access-key', key: WRONG_KEY }),
      credentialsPollMs: 60_000,
    })
    await transport.start()
    await eventually('it was refused', () => codes().at(-1) === 'credentials-refused')
    await pause(300)
    const begin = Date.now()
    await transport.stop()
    expect(Date.now() - begin).toBeLessThan(2000)
  })
})
