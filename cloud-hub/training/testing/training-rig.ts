import { join } from 'node:path'
import { readPackage, readPackageFile } from '@leadglass/models'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import type { EnvelopeBody } from '@leadglass/sync-agent/contract'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { parsePayload } from '../../ingest/payload.ts'
import { Lake } from '../../lake/index.ts'
import { PackageStore, Registry } from '../../registry/index.ts'
import { device, payloadOf, sealAll } from '../../testing/device.ts'
import { createHubCore, type HubCore } from '../../testing/hub-core.ts'
import { syntheticSite } from '../../testing/synthetic-site.ts'
import { LocalExecutor } from '../executors/index.ts'
import type { GateLimits } from '../gates.ts'
import { type LinearHead, readHead } from '../head-graph.ts'
import { ReproductionStore } from '../reproduction-store.ts'
import { RunStore } from '../run-store.ts'
import { Training } from '../training.ts'
import { LabelLedger } from '../triggers/label-ledger.ts'

/** The package that runs of these tests improve. */
export const PACKAGE = join(import.meta.dirname, '..', '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
const BOX = device('box-01')
/** Devices of further sites. */
const OTHERS = [device('box-02'), device('box-03')]
const BATCH = 100

/** A hub below its sockets that can train: one device, the shipped package, and what a synthetic site sent. */
export class TrainingRig {
  readonly core: HubCore
  readonly registry: Registry
  readonly runs: RunStore
  readonly reproductions: ReproductionStore
  readonly labels: LabelLedger
  readonly lake: Lake
  /** Of the package. */
  readonly digest: string
  readonly parent: LinearHead
  training: Training
  readonly #sent = new Map<string, number>()

  private constructor(core: HubCore, registry: Registry, digest: string, parent: LinearHead) {
    this.core = core
    this.registry = registry
    this.digest = digest
    this.parent = parent
    this.runs = new RunStore(core.database, core.clock)
    this.reproductions = new ReproductionStore(core.database, core.clock)
    this.labels = new LabelLedger(core.database)
    this.lake = new Lake(core.database, join(core.folder, 'lake'), core.clock)
    this.training = this.#make()
  }

  /** @param packageFolder of the version to improve; its head is that of the shipped package. */
  static async create(packageFolder = PACKAGE): Promise<TrainingRig> {
    const core = await createHubCore()
    for (const box of [BOX, ...OTHERS]) await core.enrolment.enrol(box)
    const store = new PackageStore({ folder: join(core.folder, 'packages') })
    const registry = new Registry({ database: core.database, store, clock: core.clock })
    const { model } = await registry.importPackage(packageFolder, 'vendor')
    return new TrainingRig(
      core,
      registry,
      model.digest,
      readHead(await readPackageFile(await readPackage(PACKAGE), 'head.onnx')),
    )
  }

  async close(): Promise<void> {
    await this.training.stop()
    await this.core.close()
  }

  /**
   * Training of another process on the same tables and folders.
   * @param between what the tables are like when it starts: as a kill leaves them, for one.
   */
  async restart(options: { readonly gates?: GateLimits; readonly between?: () => void } = {}): Promise<void> {
    await this.training.stop()
    options.between?.()
    this.training = this.#make(options.gates)
    await this.training.start()
  }

  /** The device sends what a synthetic site has. @returns the site. */
  async fill(instances: number): Promise<ReturnType<typeof syntheticSite>> {
    const site = syntheticSite(this.parent, this.digest, instances)
    await this.send(site.features)
    await this.send(site.labels)
    return site
  }

  /** Three devices send a third each of what a synthetic site has. */
  async fillThreeSites(instances: number): Promise<void> {
    const site = syntheticSite(this.parent, this.digest, instances)
    for (const [place, box] of [BOX, ...OTHERS].entries()) {
      const isOfBox = (_: EnvelopeBody, i: number): boolean => i % 3 === place
      await this.send(site.features.filter(isOfBox), box)
      await this.send(site.labels.filter(isOfBox), box)
    }
  }

  /** A device sends bodies of one kind, after those that it sent before. */
  async send(bodies: readonly EnvelopeBody[], box = BOX): Promise<void> {
    for (let i = 0; i < bodies.length; i += BATCH) {
      const part = bodies.slice(i, i + BATCH)
      const stream = `${box}/${part[0]?.kind}`
      const sent = this.#sent.get(stream) ?? 0
      this.core.inbox.commit([await parsePayload(box, payloadOf(sealAll(box, part, sent + 1)))])
      this.#sent.set(stream, sent + part.length)
    }
  }

  /** Asks for a run as a person. */
  ask(): string {
    const request = { finding: 'pneumonia', model: 'chest-radiograph', version: '1.0.0', seed: '1' }
    return this.training.request({ ...request, requestedBy: 'mlops-1' })
  }

  /** Words of the hub's log, in order. */
  words(): (string | undefined)[] {
    return [...this.core.audit.log.leaves()].map((leaf) => decodeEvent(leaf)?.event)
  }

  /** Deletes the first patient of the site everywhere. */
  async eraseOnePatient(): Promise<void> {
    const [first] = syntheticSite(this.parent, this.digest, 1).features
    if (first === undefined) throw new Error('the site has patients')
    await this.lake.erase({
      site: BOX,
      patient: first.patient,
      requestedBy: 'operator',
      reason: 'asked by the patient',
    })
  }

  #make(gates?: GateLimits): Training {
    const { core, registry, runs, reproductions, labels, lake } = this
    return new Training({
      store: runs,
      reproductions,
      newestLabel: (finding) => labels.newest(finding),
      lake,
      registry,
      executors: [new LocalExecutor()],
      audit: core.audit,
      clock: core.clock,
      logger: silentLogger,
      folder: join(core.folder, 'training'),
      ...(gates === undefined ? {} : { gates }),
    })
  }
}
