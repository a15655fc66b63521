import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNoteSigner, encodeVerifierKey, verifierKeyOf } from '@leadglass/sync-agent/audit-log'
import type { Acknowledgement, Envelope } from '@leadglass/sync-agent/contract'
import { packEnvelopes, rootOfDigests, signEpochStatement } from '@leadglass/sync-agent/exchange'
import { silentLogger, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AzureIotTransport } from '../../sync-agent/transport/azure-iot/index.ts'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { siteLogOrigin } from '../audit/log-names.ts'
import { featuresBody, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { InboxIntake, IotHubEndpoint } from './index.ts'
import { batchOf, envelopes } from './testing/batches.ts'
import { DEVICE } from './testing/endpoint-fixture.ts'

let core: HubCore
let folder: string

beforeEach(async () => {
  core = await createHubCore()
  folder = await mkdtemp(join(tmpdir(), 'iot-hub-'))
})
afterEach(async () => {
  await core.close()
  await rm(folder, { recursive: true, force: true })
})

/** The one batch of these envelopes, as the agent has it. */
function packed(sealed: readonly Envelope[]): Uint8Array {
  const [batch] = packEnvelopes(sealed)
  if (batch === undefined) throw new Error('nothing packed')
  return batch.bytes
}

describe('the hub’s own inbox behind the endpoint', () => {
  it('commits side by side in the order of the calls, and answers each batch', async () => {
    await core.enrolment.enrol(DEVICE)
    const intake = new InboxIntake(core.inbox, core.alarms)
    const parts = Array.from({ length: 40 }, (_, i) => batchOf(i * 5 + 1, 5))
    const answers = await Promise.all(parts.map(({ bytes }) => intake.submitBatch(DEVICE, bytes)))
    expect(answers.map((answer) => answer.batch)).toEqual(parts.map(({ id }) => id))
    expect(answers.flatMap((answer) => answer.refused)).toEqual([])
    expect(answers.at(-1)?.watermarks).toEqual([{ epoch: 1, stream: 'health', sequence: 200 }])
  })

  it('tells what will never be taken from what may be sent again', async () => {
    const stranger = new InboxIntake(core.inbox, core.alarms)
    await expect(stranger.submitBatch(DEVICE, batchOf(1, 1).bytes)).rejects.toMatchObject({
      code: 'device-unknown',
      failureClass: 'permanent',
    })
    await expect(stranger.submitBatch(DEVICE, Buffer.from('x'))).rejects.toMatchObject({
      code: 'payload-not-gzip',
      failureClass: 'permanent',
    })
    const failing = new InboxIntake(
      {
        commit: () => {
          throw new Error('disk full')
        },
      },
      core.alarms,
    )
    const both = [batchOf(1, 1), batchOf(2, 1)].map(({ bytes }) => failing.submitBatch(DEVICE, bytes))
    expect(await Promise.allSettled(both)).toMatchObject([
      { status: 'rejected', reason: { message: 'disk full' } },
      { status: 'rejected', reason: { message: 'disk full' } },
    ])
  })

  it('takes a device of the hub’s own authority from its first batch to its revocation', async () => {
    const identity = await core.enrolment.enrol(DEVICE)
    const server = await core.authority.issueServer('leadglass-hub', ['127.0.0.1', 'localhost'])
    const endpoint = new IotHubEndpoint(
      { host: '127.0.0.1', mqttPort: 0, httpsPort: 0, hostName: 'hub.test', folder, caPem: identity.caPem, ...server },
      {
        devices: { isAdmitted: (device) => core.enrolment.isAdmitted(device), keysOf: () => [] },
        intake: new InboxIntake(core.inbox, core.alarms),
        clock: systemClock,
        logger: silentLogger,
      },
    )
    await endpoint.start()
    const transport = new AzureIotTransport(
      {
        address: { hostName: 'hub.test', gatewayHostName: `localhost:${endpoint.ports.mqtt}` },
        device: DEVICE,
        credentials: async () => ({ pem: identity, proof: { kind: 'certificate' } }),
        backoff: { firstMs: 50, largestMs: 200 },
      },
      { clock: systemClock, randomness: systemRandomness, logger: silentLogger },
    )
    let up = false
    let committed = 0
    transport.onLink((state) => {
      up = state.kind === 'up'
    })
    transport.onAcknowledgement((answer) => {
      committed = answer.watermarks[0]?.sequence ?? 0
    })
    await transport.start()
    await eventually('the link is up', () => up)
    for (const first of [1, 11, 1, 21]) await transport.publish(batchOf(first, 10).bytes)
    await eventually('all is committed', () => committed === 30)
    const stored = core.database.prepare('SELECT digest FROM envelope_inbox ORDER BY sequence').pluck().all()
    expect(stored).toEqual(envelopes(1, 30).map((envelope) => envelope.digest))
    core.enrolment.revoke(DEVICE, 'test')
    endpoint.disconnect(DEVICE)
    await eventually('the link is down', () => !up)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(up).toBe(false)
    await transport.stop()
    await endpoint.stop()
  })

  it('compares an epoch that a device states, and the answer comes back through the twin', async () => {
    const identity = await core.enrolment.enrol(DEVICE)
    const { privateKey } = generateKeyPairSync('ed25519')
    const origin = siteLogOrigin(DEVICE)
    core.enrolment.pinAuditLogKey(DEVICE, encodeVerifierKey(verifierKeyOf(origin, privateKey)))
    const server = await core.authority.issueServer('leadglass-hub', ['127.0.0.1', 'localhost'])
    const intake = new InboxIntake(core.inbox, core.alarms)
    const endpoint = new IotHubEndpoint(
      { host: '127.0.0.1', mqttPort: 0, httpsPort: 0, hostName: 'hub.test', folder, caPem: identity.caPem, ...server },
      {
        devices: { isAdmitted: (device) => core.enrolment.isAdmitted(device), keysOf: () => [] },
        intake,
        uploadIntake: intake,
        clock: systemClock,
        logger: silentLogger,
      },
    )
    await endpoint.start()
    const { mqtt, https } = endpoint.ports
    const transport = new AzureIotTransport(
      {
        address: {
          hostName: 'hub.test',
          gatewayHostName: `localhost:${mqtt}`,
          filesHostName: `localhost:${https}`,
        },
        device: DEVICE,
        credentials: async () => ({ pem: identity, proof: { kind: 'certificate' } }),
      },
      { clock: systemClock, randomness: systemRandomness, logger: silentLogger },
    )
    const answers: Acknowledgement[] = []
    let up = false
    transport.onLink((state) => {
      up = state.kind === 'up'
    })
    transport.onAcknowledgement((answer) => void answers.push(answer))
    await transport.start()
    await eventually('the link is up', () => up)
    // One of the two goes as a file; the comparison must see both.
    const features = sealAll(DEVICE, [
      featuresBody(0),
      featuresBody(
        1,
        Array.from({ length: 60_000 }, (_, i) => i),
      ),
    ])
    await transport.publish(packed(features.slice(0, 1)))
    await transport.upload(packed(features.slice(1)))
    const root = rootOfDigests(features.map(({ digest }) => digest))
    const state = (serial: number, ranges: string): Uint8Array => {
      const range = { stream: 'features' as const, from: 1, to: 2, root: ranges }
      const statement = { epoch: 1, serial, run: serial, closed: false, envelopes: 2, root: ranges, ranges: [range] }
      return packed(sealAll(DEVICE, [signEpochStatement(createNoteSigner(origin, privateKey), statement)], serial, 2))
    }
    await transport.publish(state(1, root))
    await transport.publish(state(2, 'ab'.repeat(32)))
    await eventually(
      'both statements are answered',
      () => answers.filter(({ epochs }) => epochs !== undefined).length === 2,
    )
    const compared = answers.flatMap(({ epochs }) => epochs ?? [])
    expect(compared.map(({ serial, root: hubRoot, envelopes: held }) => [serial, hubRoot, held])).toEqual([
      [1, root, 2],
      [2, root, 2],
    ])
    const alarms = core.database.prepare('SELECT code FROM ingest_alarm').pluck().all()
    expect(alarms).toEqual(['epoch-unequal'])
    await transport.stop()
    await endpoint.stop()
  }, 30_000)
})
