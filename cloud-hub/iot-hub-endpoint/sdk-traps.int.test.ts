import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clientFor, type SdkClient } from '../../sync-agent/transport/azure-iot/testing/sdk.ts'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { batchOf } from './testing/batches.ts'
import { DEVICE, DEVICE_KEY, EndpointFixture, HUB_NAME, transportTo } from './testing/endpoint-fixture.ts'

const run = promisify(execFile)
const closing: (() => Promise<unknown>)[] = []
let hub: EndpointFixture

beforeEach(async () => {
  hub = await EndpointFixture.create()
})
afterEach(async () => {
  for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close().catch(() => undefined)
  await hub.remove()
})

/** The unmodified SDK as an application uses it: its own retry, its own queue. */
async function sdkClient(): Promise<SdkClient> {
  const gateway = `GatewayHostName=localhost:${hub.mqttPort}`
  const client = clientFor(`HostName=${HUB_NAME};${gateway};DeviceId=${DEVICE};SharedAccessKey=${DEVICE_KEY}`)
  closing.push(() => client.close())
  client.on('error', () => undefined)
  await client.setOptions({ ca: hub.authority.caPem, keepalive: 20 })
  return client
}

/** What the SDK calls MAX_OPERATION_TIMEOUT, 240 s of a constant, made short. */
function shortenRetries(client: SdkClient, ms: number): void {
  expect(Reflect.get(client, '_maxOperationTimeout')).toBe(240_000)
  expect(Reflect.set(client, '_maxOperationTimeout', ms)).toBe(true)
}

describe('what the SDK does by itself, beside what the transport makes of it', () => {
  it('open() rejects at once with the name of a refused key while nothing listens; the transport calls it unreachable', async () => {
    await expect((await sdkClient()).open()).rejects.toMatchObject({ name: 'UnauthorizedError' })
    const { transport, codes, up } = transportTo(hub)
    closing.push(() => transport.stop())
    await transport.start()
    await eventually('several attempts', () => codes().length >= 4)
    expect(codes().slice(1)).not.toContain('broker-refused')
    expect(codes()).toContain('unreachable')
    await hub.start()
    await eventually('the link is up', up)
  })

  it('it gives up after its longest operation and stays away although the hub is back; the transport comes back', async () => {
    await hub.start()
    const client = await sdkClient()
    shortenRetries(client, 1500)
    await client.open()
    // It comes back by itself only while it has something to listen for.
    client.onDeviceMethod('any', (_request, response) => response.send(200, {}, () => undefined))
    const call = (): Promise<boolean> =>
      hub.endpoint.invokeMethod(DEVICE, 'any', {}, 1000).then(
        () => true,
        () => false,
      )
    await eventually('it listens', call)
    let given = false
    client.on('disconnect', () => {
      given = true
    })
    await hub.stop()
    await eventually('the SDK has given up', () => given, 20_000)
    await hub.start()
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(hub.endpoint.isConnected(DEVICE)).toBe(false)
    const { transport, up } = transportTo(hub)
    closing.push(() => transport.stop())
    await transport.start()
    await eventually('the link is up', up)
    await hub.stop()
    await eventually('the link is down', () => !up())
    // Longer away than the SDK would have tried.
    await new Promise((resolve) => setTimeout(resolve, 3000))
    await hub.start()
    await eventually('the link is up again', up)
  }, 60_000)

  it('what it was given while the hub was away is in memory only: a process that is killed loses it', async () => {
    await hub.start()
    const gateway = `GatewayHostName=localhost:${hub.mqttPort}`
    const text = `HostName=${HUB_NAME};${gateway};DeviceId=${DEVICE};SharedAccessKey=${DEVICE_KEY}`
    const program = join(import.meta.dirname, 'testing', 'send-process.ts')
    const child = spawn(process.execPath, [program, text, hub.authority.caPem], { stdio: ['pipe', 'pipe', 'ignore'] })
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    await eventually('it is open', () => output.includes('open'), 20_000)
    child.stdin.write(`${Buffer.from(batchOf(1, 5).bytes).toString('base64')}\n`)
    await eventually('a message arrives while all is well', () => hub.intake.total === 5)
    await hub.stop()
    child.stdin.write(`${Buffer.from(batchOf(6, 5).bytes).toString('base64')}\n`)
    await eventually('the SDK took it', () => output.split('given').length === 3)
    child.kill('SIGKILL')
    await gone
    await hub.start()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(hub.intake.total).toBe(5)
  }, 40_000)
})

describe('a direct method', () => {
  it('without an answer in time fails with a code, and a late answer is nobody’s', async () => {
    await hub.start()
    const client = await sdkClient()
    await client.open()
    let late: (() => void) | undefined
    client.onDeviceMethod('slow', (_request, response) => {
      late = () => response.send(200, { late: true }, () => undefined)
    })
    client.onDeviceMethod('fast', (_request, response) => response.send(200, { fast: true }, () => undefined))
    const call = async (name: string): Promise<unknown> => hub.endpoint.invokeMethod(DEVICE, name, {}, 1000)
    await eventually('methods are taken', () =>
      call('fast').then(
        () => true,
        () => false,
      ),
    )
    await expect(call('slow')).rejects.toMatchObject({ code: 'method-timed-out' })
    late?.()
    expect(await call('fast')).toMatchObject({ payload: { fast: true } })
    await client.close()
    await eventually('it is gone', () => !hub.endpoint.isConnected(DEVICE))
    await expect(call('fast')).rejects.toMatchObject({ code: 'device-not-connected' })
  }, 30_000)
})

describe('a private authority', () => {
  it('must be in NODE_EXTRA_CA_CERTS for files: without it the hub’s own calls pass and the blocks do not', async () => {
    const files = await EndpointFixture.create('localhost')
    closing.push(() => files.remove())
    await files.start()
    const program = join(import.meta.dirname, 'testing', 'upload-process.ts')
    const text = `HostName=localhost;DeviceId=${DEVICE};SharedAccessKey=${DEVICE_KEY}`
    const { NODE_EXTRA_CA_CERTS: _extra, ...env } = process.env
    const parameters = [text, files.authority.caPem, String(files.httpsPort), 'x.bin', '1000']
    const outcome = await run(process.execPath, [program, ...parameters], { env, timeout: 45_000 }).then(
      ({ stdout }) => stdout.trim(),
      () => 'failed',
    )
    expect(outcome).toMatch(/^failed/)
    expect(files.uploads).toEqual([])
  }, 60_000)
})
