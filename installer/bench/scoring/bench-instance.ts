import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { declarationOf, parseManifest, readPackage, writePackage } from '@leadglass/models'
import { importAnswer } from '@leadglass/ui/contract/hub-api'
import { deviceStatus, localModelList } from '@leadglass/ui/contract/local-api'
import { applianceFolders } from '../../../appliance/folders.ts'
import { approveCandidate } from '../../approve/approve-candidate.ts'
import { InstallerError } from '../../errors.ts'
import { CODE_FOLDERS } from '../../start/entries.ts'
import { startThrowawayInstance, type ThrowawayInstance } from '../../start/throwaway.ts'
import { TimedSink } from './timed-sink.ts'

/** A whole instance with the shipped model, the same backbone for CT slices, and a destination that takes the time. */
export interface BenchInstance {
  readonly instance: ThrowawayInstance
  readonly sink: TimedSink
  /** What the hub has committed. */
  committed(): HubCounts
  /** Studies that the appliance has not finished. */
  waiting(): Promise<number>
  stop(): Promise<void>
}

/** Rows of effects that the hub has committed: all, and how many different instances they are about. */
export interface HubCounts {
  readonly features: number
  readonly different: number
  readonly notScored: number
}

const SHIPPED = join(CODE_FOLDERS.shippedPackages, 'chest-radiograph', '1.0.0')
const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2'
const ACTIVE_WITHIN_MS = 120_000
const DEVICE_STATUS = { service: 'appliance', method: 'GET', path: '/api/device', schema: deviceStatus } as const
const LOCAL_MODELS = { service: 'appliance', method: 'GET', path: '/api/models', schema: localModelList } as const
const FEATURES = 'SELECT count(*) AS rows, count(DISTINCT study || instance) AS different FROM instance_features'
const NOT_SCORED = 'SELECT count(*) AS rows FROM not_scored'

/** Starts it and waits until both models are in force. */
export async function startBenchInstance(folder: string): Promise<BenchInstance> {
  const sink = new TimedSink()
  await sink.start()
  const instance = await startThrowawayInstance(join(folder, 'leadglass')).catch(async (cause: unknown) => {
    await sink.stop()
    throw cause
  })
  try {
    await releaseForCt(instance, join(folder, 'backbone-on-ct'))
    await sendResultsTo(instance, sink)
  } catch (cause) {
    await instance.stop()
    await sink.stop()
    throw cause
  }
  // Read-only beside the hub's own connection: what a reader sees in WAL mode is committed.
  const database = new DatabaseSync(join(instance.layout.hub.folder, 'hub.db'), { readOnly: true })
  const [features, notScored] = [database.prepare(FEATURES), database.prepare(NOT_SCORED)]
  return {
    instance,
    sink,
    committed: () => {
      const { rows, different } = features.get() as { readonly rows: number; readonly different: number }
      return { features: rows, different, notScored: (notScored.get() as { readonly rows: number }).rows }
    },
    waiting: async () => {
      const { queues } = await instance.client.request(DEVICE_STATUS)
      return queues.receiving + queues.queued + queues.running
    },
    stop: async () => {
      database.close()
      await instance.stop()
      await sink.stop()
    },
  }
}

/** The shipped package with other rules of fit, approved as any version is. Its figures mean nothing; its work is the same. */
async function releaseForCt(instance: ThrowawayInstance, folder: string): Promise<void> {
  const { schema: _, files, ...shipped } = parseManifest(await readFile(join(SHIPPED, 'manifest.json')))
  const fit = { ...shipped.fit, modalities: ['CT'], sopClasses: [CT_IMAGE_STORAGE], bodyParts: [], views: [] }
  const manifest = { ...shipped, name: 'backbone-on-ct', title: 'Shipped backbone on CT slices', fit }
  const contents = new Map<string, Uint8Array>()
  for (const { path } of files) contents.set(path, await readFile(join(SHIPPED, path)))
  // The shipped declarations stand beside the packages; a package of another name has to carry its own.
  const { card, digest } = await readPackage(SHIPPED)
  contents.set(manifest.card, Buffer.from(JSON.stringify({ ...card, declaration: declarationOf(digest, card) })))
  await writePackage(folder, { manifest, files: contents })
  const { client } = instance
  const request = { service: 'hub', method: 'POST', path: '/api/models/import', body: { folder } } as const
  const { model } = await client.request({ ...request, schema: importAnswer })
  await approveCandidate(client, model)
  for (const deadline = Date.now() + ACTIVE_WITHIN_MS; Date.now() < deadline; await pause(250)) {
    const { models } = await client.request(LOCAL_MODELS)
    if (models.filter((entry) => entry.state === 'active').length === 2) return
  }
  throw new InstallerError('not-ready-in-time', {
    message: 'the appliance did not take the two models into use in two minutes',
    effect: 'there is nothing to measure',
    nextStep: `read the logs: ${(await readdir(instance.layout.logs)).join(', ')}`,
  })
}

async function sendResultsTo(instance: ThrowawayInstance, { aeTitle, port }: TimedSink): Promise<void> {
  const { settings } = applianceFolders(instance.layout.appliance.folder)
  const now = JSON.parse(await readFile(settings, 'utf8')) as Record<string, unknown>
  const destinations = [{ name: 'bench', aeTitle, host: '127.0.0.1', port, kinds: ['sr'] }]
  await writeFile(settings, JSON.stringify({ ...now, destinations }))
  // The settings file is looked at every second.
  await pause(2500)
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
