import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPackage, readPackageFile } from '@leadglass/models'
import type { EnvelopeBody } from '@leadglass/sync-agent/contract'
import { importAnswer, type TrainingRun, trainingRunList } from '@leadglass/ui/contract/hub-api'
import Database from 'better-sqlite3'
import { enrolDevice, initialiseHub } from '../../commands.ts'
import { device, payloadOf, sealAll, TestDevice } from '../../testing/device.ts'
import { HubProcess } from '../../testing/hub-process.ts'
import { syntheticSite } from '../../testing/synthetic-site.ts'
import { readHead } from '../head-graph.ts'
import type { RunState } from '../run-store.ts'
import type { TriggerPolicy } from '../triggers/policy.ts'
import { PACKAGE } from './training-rig.ts'

const BOX = device('box-01')
const BATCH = 100

/** A hub as a process, with the shipped package, triggers that it declares, and a device that sends what it labelled. */
export class HubWithLabels {
  readonly #folder: string
  readonly #declared: readonly Partial<TriggerPolicy>[]
  readonly #training: object
  hub: HubProcess

  private constructor(folder: string, declared: readonly Partial<TriggerPolicy>[], training: object, hub: HubProcess) {
    this.#folder = folder
    this.#declared = declared
    this.#training = training
    this.hub = hub
  }

  /**
   * @param at the hub's folder, which exists; one of its own when left out.
   * @param training what else the configuration says of training.
   */
  static async start(declared: readonly object[], at?: string, training: object = {}): Promise<HubWithLabels> {
    const folder = at ?? (await mkdtemp(join(tmpdir(), 'hub-labels-')))
    await initialiseHub({ folder, names: ['localhost'] })
    const made = new HubWithLabels(folder, declared, training, await startHub(folder, declared, training))
    importAnswer.parse(await made.hub.post('/api/models/import', { folder: PACKAGE }))
    return made
  }

  async close(): Promise<void> {
    await this.hub.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Ends the process at this instant. */
  async kill(): Promise<void> {
    await this.hub.kill()
  }

  /** A new process on the same folder. */
  async again(): Promise<void> {
    this.hub = await startHub(this.#folder, this.#declared, this.#training)
  }

  /** The device sends features and labels of a synthetic site, and waits until the hub has acknowledged all of them. */
  async sendSite(instances: number): Promise<void> {
    const { digest } = await readPackage(PACKAGE)
    const head = readHead(await readPackageFile(await readPackage(PACKAGE), 'head.onnx'))
    const { features, labels } = syntheticSite(head, digest, instances)
    const identity = await enrolDevice({ folder: this.#folder, device: BOX })
    const box = await TestDevice.connect(BOX, `mqtts://127.0.0.1:${this.hub.mqtt}`, identity)
    await this.#send(box, features)
    await this.#send(box, labels)
    await box.end()
  }

  async runs(): Promise<readonly TrainingRun[]> {
    return trainingRunList.parse(await this.hub.get('/api/training-runs')).runs
  }

  /** Resolves with what `look` finds. @throws after `withinMs`. */
  async until<Found>(look: () => Promise<Found | undefined> | Found | undefined, withinMs = 60_000): Promise<Found> {
    const deadline = Date.now() + withinMs
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      if (Date.now() > deadline) throw new Error(`nothing was found within ${withinMs} ms`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  /** Looks into the hub's database from outside, as the process writes it. */
  async untilState(state: RunState): Promise<void> {
    const database = new Database(join(this.#folder, 'hub.db'), { readonly: true })
    try {
      const read = database.prepare('SELECT count(*) AS n FROM training_run WHERE state = ?')
      await this.until(() => ((read.get(state) as { readonly n: number }).n > 0 ? true : undefined))
    } finally {
      database.close()
    }
  }

  async #send(box: TestDevice, bodies: readonly EnvelopeBody[]): Promise<void> {
    for (let i = 0; i < bodies.length; i += BATCH) {
      const batch = randomUUID()
      await box.publish(payloadOf(sealAll(BOX, bodies.slice(i, i + BATCH), i + 1), batch))
      await box.acknowledged(batch)
    }
  }
}

function startHub(folder: string, declared: readonly object[], training: object): Promise<HubProcess> {
  const triggers = declared.map((one) => ({ model: 'chest-radiograph', finding: 'pneumonia', ...one }))
  return HubProcess.start(folder, { training: { triggers, lookSeconds: 1, ...training } })
}
