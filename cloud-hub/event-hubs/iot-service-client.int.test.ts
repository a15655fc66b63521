import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clientFor, SharedAccessKeyAuthenticationProvider } from '../../sync-agent/transport/azure-iot/testing/sdk.ts'
import { TestCertificateAuthority } from '../../sync-agent/transport/testing/certificate-authority.ts'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { IotHubEndpoint } from '../iot-hub-endpoint/index.ts'
import { device } from '../testing/device.ts'
import { IotServiceClient, policyToken } from './iot-service-client.ts'

const BOX = device('box-01')
const DEVICE_KEY = Buffer.alloc(32, 9).toString('base64')
const SERVICE_KEY = Buffer.alloc(32, 11).toString('base64')

const authority = new TestCertificateAuthority()
const closing: (() => Promise<void> | void)[] = []
let folder: string
let endpoint: IotHubEndpoint

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iot-service-'))
  endpoint = new IotHubEndpoint(
    { host: '127.0.0.1', mqttPort: 0, httpsPort: 0, hostName: 'localhost', folder, ...authority.server() },
    {
      devices: { isAdmitted: (name) => name === BOX, keysOf: (name) => (name === BOX ? [DEVICE_KEY] : []) },
      policies: { keysOf: (policy) => (policy === 'service' ? [SERVICE_KEY] : []) },
      intake: { submitBatch: async () => undefined },
      clock: systemClock,
      logger: silentLogger,
    },
  )
  await endpoint.start()
})
afterEach(async () => {
  for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close()
  await endpoint.stop()
  await rm(folder, { recursive: true, force: true })
})

function service(
  change: Partial<{ port: number; policy: string; key: string; caPem: string; timeoutMs: number }> = {},
) {
  const { port = endpoint.ports.https, policy = 'service', key = SERVICE_KEY, caPem = authority.caPem } = change
  const connection = { hostName: `localhost:${port}`, policy, key }
  const client = new IotServiceClient({ connection, caPem, timeoutMs: change.timeoutMs ?? 5000 }, systemClock)
  closing.push(() => client.close())
  return client
}

/** A service that answers every call the same. */
async function answering(status: number, body: string, headers: Record<string, string> = {}): Promise<number> {
  const { certificatePem, keyPem } = authority.server()
  const server: Server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    request.resume().once('end', () => response.writeHead(status, headers).end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

describe('the service side of an IoT Hub, against our endpoint’s paths', () => {
  it('changes a twin, which a connected device hears, and calls a method', async () => {
    const gateway = `GatewayHostName=localhost:${endpoint.ports.mqtt}`
    const sdk = clientFor(`HostName=localhost;${gateway};DeviceId=${BOX};SharedAccessKey=${DEVICE_KEY}`)
    closing.push(() => sdk.close().then(() => undefined))
    await sdk.setOptions({ ca: authority.caPem })
    await sdk.open()
    const twin = await sdk.getTwin()
    const heard: unknown[] = []
    twin.on('properties.desired', (patch: unknown) => void heard.push(patch))
    sdk.onDeviceMethod('leadglass-refresh', (request, response) => {
      const payload: unknown = request.payload
      void response.send(200, { heard: payload }, () => undefined)
    })
    const client = service()
    const before = await client.patchDesired(BOX, { leadglass: { answers: { s0: { n: 1 } } } })
    expect(await client.patchDesired(BOX, { leadglass: { answers: null } })).toBe(before + 1)
    await eventually('the device heard of it', () => JSON.stringify(heard).includes('"s0"'))
    await eventually('the device takes methods', () =>
      client.invokeMethod(BOX, 'leadglass-refresh', 7).then(
        (answer) => answer.status === 200 && JSON.stringify(answer.payload) === '{"heard":7}',
        () => false,
      ),
    )
    expect((await endpoint.twin(BOX)).desired).toEqual({ leadglass: {} })
  }, 30_000)

  it('a device that is not there, one that is none, and a patch that is too large, each by its code', async () => {
    const client = service()
    await expect(client.invokeMethod(BOX, 'any', null)).rejects.toMatchObject({ code: 'device-not-online' })
    await expect(client.patchDesired('X' as never, {})).rejects.toMatchObject({ code: 'device-not-found' })
    const huge = { leadglass: { text: 'x'.repeat(40_000) } }
    await expect(client.patchDesired(BOX, huge)).rejects.toMatchObject({ code: 'service-refused' })
    await expect(client.patchDesired(BOX, { 'a b': 1 })).rejects.toMatchObject({ code: 'service-refused' })
  })

  it('nobody else may: wrong key, unknown policy, no token, a device’s own token', async () => {
    for (const change of [{ key: DEVICE_KEY }, { policy: 'owner' }]) {
      await expect(service(change).patchDesired(BOX, {})).rejects.toMatchObject({ code: 'service-credentials-refused' })
    }
    const provider = SharedAccessKeyAuthenticationProvider.fromConnectionString(
      `HostName=localhost;DeviceId=${BOX};SharedAccessKey=${DEVICE_KEY}`,
    )
    const { sharedAccessSignature } = await provider.getDeviceCredentials()
    provider.stop()
    // A service may not be a device either: its token names the policy.
    const connection = { hostName: 'localhost', policy: 'service', key: DEVICE_KEY }
    for (const token of [undefined, String(sharedAccessSignature), policyToken(connection, 0)]) {
      const status = await raw(`/twins/${BOX}?api-version=2021-04-12`, token)
      expect(status).toBe(401)
    }
    const asDevice = policyToken({ ...connection, key: DEVICE_KEY }, Date.now())
    expect(await raw(`/devices/${BOX}/messages/devicebound?api-version=2021-04-12`, asDevice)).toBe(401)
    expect(
      await raw(`/devices/${BOX}/messages/devicebound?api-version=2021-04-12`, String(sharedAccessSignature)),
    ).toBe(204)
  })

  it('tells throttling, an exhausted quota, a stranger’s certificate, silence and nonsense apart', async () => {
    const throttled = service({ port: await answering(429, 'ErrorCode:ThrottlingException;', { 'retry-after': '7' }) })
    await expect(throttled.patchDesired(BOX, {})).rejects.toMatchObject({
      code: 'service-throttled',
      retryAfterMs: 7000,
    })
    const exhausted = service({ port: await answering(403, '{"Message":"ErrorCode:IotHubQuotaExceeded;daily"}') })
    await expect(exhausted.patchDesired(BOX, {})).rejects.toMatchObject({
      code: 'service-quota-exceeded',
      failureClass: 'transient',
    })
    const busy = service({ port: await answering(500, '') })
    await expect(busy.patchDesired(BOX, {})).rejects.toMatchObject({ code: 'service-unreachable' })
    const nonsense = service({ port: await answering(200, '{"properties":') })
    await expect(nonsense.patchDesired(BOX, {})).rejects.toMatchObject({ code: 'service-refused' })
    const stranger = service({ caPem: new TestCertificateAuthority().caPem })
    await expect(stranger.patchDesired(BOX, {})).rejects.toMatchObject({ code: 'service-unreachable' })
    const away = service({ port: 1 })
    await expect(away.patchDesired(BOX, {})).rejects.toMatchObject({ code: 'service-unreachable' })
  })
})

/** The status of a request with this token. */
async function raw(path: string, token: string | undefined): Promise<number> {
  const { request } = await import('node:https')
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: token }
    const sent = request({ host: 'localhost', port: endpoint.ports.https, path, headers, ca: authority.caPem })
    sent.once('error', reject)
    sent.once('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sent.end()
  })
}
