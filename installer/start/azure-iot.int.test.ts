import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { type DeviceState, deviceDetail, deviceState } from '@leadglass/ui/contract/hub-api'
import {
  type DesiredStateView,
  desiredStateView,
  settingsApplied,
  settingsHistory,
  settingsView,
} from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { silentProgress } from '../cli/progress.ts'
import { waitUntilSettled } from '../fault/settle.ts'
import { sendFiles } from '../send/send-files.ts'
import { startThrowawayInstance, type ThrowawayInstance } from './throwaway.ts'

let folder: string
let instance: ThrowawayInstance

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-azure-iot-'))
  instance = await startThrowawayInstance(join(folder, 'data'), { transport: 'azure-iot' })
}, 180_000)
afterAll(async () => {
  await instance.stop()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

async function until<T>(what: string, ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const end = Date.now() + 90_000
  for (;;) {
    const value = await ask()
    if (holds(value)) return value
    if (Date.now() > end) throw new Error(`${what}: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

it('an instance whose agent speaks the Azure IoT SDK: a study arrives, a wish waits for a box that is away, is applied, and is reported signed', async () => {
  const { client } = instance
  const { device } = client.instance
  const state = (): Promise<DeviceState> =>
    client.request({ service: 'hub', method: 'GET', path: `/api/devices/${device}/state`, schema: deviceState })
  const wish = (sections: unknown, expiresAt: string | null = null): Promise<unknown> =>
    client.request({
      service: 'hub',
      method: 'POST',
      path: '/api/fleet/desired',
      body: { scope: 'device', name: device, sections, expiresAt, reason: 'a test of wishes' },
      schema: z.unknown(),
    })
  const file = join(folder, 'phantom.dcm')
  await writeFile(file, phantomDicom({ seed: 5, index: 1, rows: 128, columns: 128 }).bytes)
  const to = { aeTitle: 'LEADGLASS', host: '127.0.0.1', port: instance.ports.dimse }
  await sendFiles(to, 'TEST', [file], () => undefined)
  await waitUntilSettled(client, 1, 90_000, silentProgress)
  const path = `/api/devices/${device}`
  await until(
    'the features of the study are at the hub',
    () => client.request({ service: 'hub', method: 'GET', path, schema: deviceDetail }),
    ({ streams }) => streams.some(({ stream, effects }) => stream === 'features' && effects > 0),
  )
  const first = await until('the box has reported', state, ({ reported }) => reported !== null)
  expect(first).toMatchObject({ documents: [], reported: { refusal: null } })

  const agent = await instance.pidOf('agent')
  if (agent === undefined) throw new Error('no agent')
  process.kill(agent, 'SIGSTOP')
  await wish({ schedules: { 'retention.windowMinutes': 33 }, deidentification: { profile: 'basic' } })
  await new Promise((resolve) => setTimeout(resolve, 2500))
  expect((await state()).documents[0]).toMatchObject({ version: 1, state: 'queued', deliveredAt: null })
  process.kill(agent, 'SIGCONT')
  const told = await until(
    'the box has said what became of it',
    state,
    ({ documents: [newest] }) => newest?.endedAt != null,
  )
  expect(told.documents[0]).toMatchObject({ state: 'rejected', reason: 'decided-at-site' })
  expect(told.differences).toEqual([
    { section: 'schedules', state: 'applied', reason: null },
    { section: 'deidentification', state: 'local', reason: 'decided-at-site' },
  ])
  const history = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/settings/versions',
    schema: settingsHistory,
  })
  expect(history.versions[0]?.author).toBe('hub')

  await wish({ schedules: { 'retention.windowMinutes': 34 } })
  await until('the next wish is applied', state, ({ documents: [newest] }) => newest?.state === 'applied')

  // An act: the site lets the hub ask for it, the workers are replaced, and the box says so, all between real processes.
  const site = { service: 'appliance', path: '/api/settings' } as const
  const { settings, digest } = await client.request({ ...site, method: 'GET', schema: settingsView })
  const allowed = { ...(settings as object), hubMayDecide: ['schedules', 'command', 'backfill'] }
  const body = { settings: allowed, base: digest, acceptRisks: true }
  await client.request({ ...site, method: 'POST', body, schema: settingsApplied })
  await wish({ command: { id: randomUUID(), act: 'restart-workers' } })
  const done = await until('the act has its end', state, ({ documents: [newest] }) => newest?.endedAt != null)
  expect(done.documents[0]).toMatchObject({ state: 'applied' })
  expect(done.differences).toContainEqual({ section: 'command', state: 'applied', reason: null })
  const window = { window: '22:00-06:00', zone: 'UTC', from: '20260101', to: '20260102', deliver: false }
  await wish({ backfill: { id: randomUUID(), model: 'no-such-model', ...window } })
  const refused = await until('the backfill has its end', state, ({ documents: [newest] }) => newest?.endedAt != null)
  expect(refused.documents[0]).toMatchObject({ state: 'rejected', reason: 'backfill-model' })
  expect(await wishesOf(client)).toMatchObject({ unsigned: false, refused: null })
}, 300_000)

/** What the box itself says of the newest document: the key that "leadglass up" pinned is the hub's. */
function wishesOf(client: ThrowawayInstance['client']): Promise<DesiredStateView> {
  return client.request({ service: 'appliance', method: 'GET', path: '/api/desired-state', schema: desiredStateView })
}
