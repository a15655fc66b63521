import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { phantomDicom } from '@leadglass/models'
import { silentLogger, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RunningOrthanc, startOrthanc } from '../../installer/testing/dicom-peers.ts'
import { peer } from '../../installer/testing/peers.ts'
import { AssociationRequester } from '../dimse/index.ts'
import { freePort } from '../dimse/testing/dcmtk.ts'
import { type Settings, settingsSchema } from '../settings.ts'
import { eventually } from '../testing/appliance-process.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { DestinationError } from './errors.ts'
import { HTTP_LIMITS } from './http-client.ts'
import {
  DeliveryConfirmation,
  DeliveryQueue,
  type DeliveryQueueDependencies,
  DicomSender,
  FhirSender,
  findsOverHttp,
  SenderByProtocol,
  StowSender,
} from './index.ts'
import { exampleRequest, queueReport } from './testing/example-reports.ts'
import { SlowProxy } from './testing/slow-proxy.ts'

const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'
const program = peer('Orthanc')
const isMissing = program === undefined || !existsSync(PLUGIN)
if (isMissing && process.env.LEADGLASS_REQUIRE_PEERS === '1')
  throw new Error('the package orthanc-dicomweb is required')

describe.skipIf(isMissing).each(['stow', 'dicom'] as const)('delivery over %s [needs orthanc-dicomweb]', (protocol) => {
  let folder: string
  let ports: { readonly dicom: number; readonly http: number }
  let orthanc: RunningOrthanc | undefined
  let proxy: SlowProxy
  let held: ReturnType<typeof temporaryRecords>
  let dependencies: Omit<DeliveryQueueDependencies, 'sender'>
  let queue: DeliveryQueue
  let settings: Settings

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-orthanc-'))
    ports = { dicom: await freePort(), http: await freePort() }
    proxy = new SlowProxy(protocol === 'stow' ? ports.http : ports.dicom)
    await proxy.start()
    const entry =
      protocol === 'stow'
        ? { name: 'pacs', protocol, url: `http://127.0.0.1:${proxy.port}/dicom-web` }
        : { name: 'pacs', aeTitle: 'ORTHANC', host: '127.0.0.1', port: proxy.port }
    settings = settingsSchema.parse({ destinations: [entry] })
    held = temporaryRecords()
    const limits = { ...HTTP_LIMITS, idleMs: 1000 }
    const requester = new AssociationRequester({ logger: silentLogger, randomness: systemRandomness })
    dependencies = {
      records: held.records,
      settings: () => settings,
      audit: { record: () => undefined, recordNow: () => undefined },
      clock: systemClock,
      randomness: systemRandomness,
      logger: silentLogger,
      onChanged: () => undefined,
    }
    const sender = new SenderByProtocol({
      dicom: new DicomSender(requester, 'LEADGLASS', () => undefined),
      stow: new StowSender(limits),
      fhir: new FhirSender(limits),
    })
    queue = new DeliveryQueue({ ...dependencies, sender })
    await queue.start()
  })
  afterEach(async () => {
    await queue.stop()
    await proxy.stop()
    await orthanc?.stop()
    held.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  const start = async (more: Readonly<Record<string, unknown>> = {}): Promise<void> => {
    const plugins = { Plugins: [PLUGIN], DicomWeb: { Enable: true, Root: '/dicom-web/' } }
    orthanc = await startOrthanc(program ?? '', folder, ports, { ...plugins, ...more })
  }
  const stop = async (): Promise<void> => {
    await orthanc?.stop()
    orthanc = undefined
  }
  const instances = async (): Promise<number> => {
    const ask = () => fetch(`http://127.0.0.1:${ports.http}/instances`)
    // A connection that an earlier answer left open may be closed by now.
    const answer = await ask().catch(ask)
    return ((await answer.json()) as unknown[]).length
  }
  const add = (...indexes: readonly number[]): void => {
    for (const index of indexes) queueReport(held.records, index, ['pacs'], Date.now())
    queue.wake()
  }
  const rows = () => held.records.deliveries.list({ limit: 100 })
  const reached = (state: string, count: number): Promise<true> =>
    eventually(
      () => (rows().filter((row) => row.state === state).length === count ? true : undefined),
      `${count} deliveries ${state}`,
      30_000,
    )

  it('delivers to a slow one, and each result once', async () => {
    await start()
    proxy.delayMs = 300
    add(1, 2, 3)
    await reached('accepted', 3)
    expect(await instances()).toBe(3)
    const [row] = rows()
    const place = { ...exampleRequest(3), sopClassUid: '', sopInstanceUid: row?.sopInstanceUid ?? '' }
    const [destination] = settings.destinations
    if (protocol !== 'stow' || destination === undefined) return
    const found = await fetch(
      `http://127.0.0.1:${ports.http}/dicom-web/instances?SOPInstanceUID=${place.sopInstanceUid}`,
    )
    const [match] = (await found.json()) as Record<string, { Value?: string[] }>[]
    const seriesInstanceUid = match?.['0020000E']?.Value?.[0] ?? ''
    expect(await findsOverHttp(destination, { ...place, seriesInstanceUid })).toBe(true)
    expect(await findsOverHttp(destination, { ...place, seriesInstanceUid, sopInstanceUid: '2.25.9' })).toBe(false)
  }, 60_000)

  it('waits for one that is away and comes back, and neither loses nor doubles', async () => {
    await start()
    add(1)
    await reached('accepted', 1)
    await stop()
    add(2, 3)
    await eventually(() => (rows().some((row) => row.attempts >= 2) ? true : undefined), 'attempts', 20_000)
    expect(rows().filter((row) => row.state === 'pending')).toHaveLength(2)
    await start()
    await reached('accepted', 3)
    expect(await instances()).toBe(3)
  }, 60_000)

  it('keeps what a full one does not take, and delivers it when there is room', async () => {
    await start({ MaximumPatientCount: 1 })
    const other = phantomDicom({ seed: 1, index: 90, rows: 16, columns: 16 })
    const url = `http://127.0.0.1:${ports.http}`
    const stored = await fetch(`${url}/instances`, { method: 'POST', body: Buffer.from(other.bytes) })
    const { ParentPatient } = (await stored.json()) as { ParentPatient: string }
    await fetch(`${url}/patients/${ParentPatient}/protected`, { method: 'PUT', body: '1' })
    add(1)
    await eventually(() => (rows().some((row) => row.attempts >= 1) ? true : undefined), 'an attempt', 20_000)
    expect(rows().map((row) => [row.state, row.reason])).toEqual([['pending', expect.any(String)]])
    expect(await instances()).toBe(1)
    await fetch(`${url}/patients/${ParentPatient}`, { method: 'DELETE' })
    await reached('accepted', 1)
    expect(await instances()).toBe(1)
  }, 60_000)

  it('does not loop on one that refuses us, and delivers by replay once it does not', async () => {
    const refusing =
      protocol === 'stow'
        ? { AuthenticationEnabled: true, RegisteredUsers: { nobody: 'else' } }
        : { DicomCheckCalledAet: true, DicomAet: 'OTHER' }
    await start(refusing)
    add(1)
    await reached('dead', 1)
    const [dead] = rows()
    expect(dead?.reason).toBe(protocol === 'stow' ? 'http-401' : 'association-rejected-permanent')
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(rows()[0]?.attempts).toBe(1)
    expect(queue.circuit('pacs')).toMatchObject({ kind: 'open', reason: dead?.reason })
    await stop()
    await start()
    expect(held.records.results.replay('pacs', dead?.deliveryId ?? 0, Date.now())).toBe(true)
    queue.retryNow()
    await reached('accepted', 1)
    expect(await instances()).toBe(1)
  }, 60_000)

  it('loses and doubles nothing when it is killed in the middle of deliveries, and what it lost is sent again', async () => {
    const query = { ...settings.destinations[0], confirm: 'query' }
    settings = settingsSchema.parse({ destinations: [query] })
    await start()
    const confirmation = new DeliveryConfirmation({
      ...dependencies,
      asker: {
        requestCommitment: async () => undefined,
        finds: async (_, { sopInstanceUid }) => {
          const body = JSON.stringify({ Level: 'Instance', Query: { SOPInstanceUID: sopInstanceUid } })
          const found = await fetch(`http://127.0.0.1:${ports.http}/tools/find`, { method: 'POST', body }).catch(() => {
            throw new DestinationError('destination-unreached', 'it is away')
          })
          return ((await found.json()) as unknown[]).length > 0
        },
      },
    })
    await confirmation.start()
    try {
      proxy.delayMs = 150
      const all = Array.from({ length: 12 }, (_, place) => place + 1)
      add(...all.slice(0, 6))
      await eventually(async () => ((await instances()) >= 2 ? true : undefined), 'the first objects', 20_000)
      await orthanc?.kill()
      orthanc = undefined
      add(...all.slice(6))
      await new Promise((resolve) => setTimeout(resolve, 1500))
      expect(rows().some((row) => row.state === 'pending')).toBe(true)
      proxy.delayMs = 0
      await start()
      queue.retryNow()
      await reached('accepted', 12)
      expect(await instances()).toBe(12)
      expect(rows().filter((row) => row.state === 'dead')).toEqual([])
    } finally {
      await confirmation.stop()
    }
  }, 90_000)

  it.runIf(protocol === 'stow')(
    'sends again what was stored without an answer, and it is there once',
    async () => {
      await start()
      proxy.delayMs = Number.POSITIVE_INFINITY
      add(1)
      await eventually(() => (rows()[0]?.reason === 'http-timed-out' ? true : undefined), 'a time-out', 20_000)
      expect(await instances()).toBe(1)
      proxy.delayMs = 0
      await reached('accepted', 1)
      expect(await instances()).toBe(1)
    },
    60_000,
  )
})
