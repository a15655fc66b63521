import { join } from 'node:path'
import { readPackage, readPackageFile } from '@leadglass/models'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePayload } from '../ingest/payload.ts'
import { Lake } from '../lake/index.ts'
import { PackageStore, Registry } from '../registry/index.ts'
import { device, payloadOf, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { syntheticSite } from '../testing/synthetic-site.ts'
import { LocalExecutor } from './executor.ts'
import { type LinearHead, readHead } from './head-graph.ts'
import { auc } from './math/auc.ts'
import { RunStore } from './run-store.ts'
import { Training } from './training.ts'

const BOX = device('box-01')
const PACKAGE = join(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')
describe('training at the hub', () => {
  let core: HubCore
  let registry: Registry
  let store: RunStore
  let training: Training
  let parent: LinearHead
  let digest: string

  const make = (gates?: { aucMargin: number; heldOutPatients: number }): Training =>
    new Training({
      store,
      registry,
      lake: new Lake(core.database, join(core.folder, 'lake'), core.clock),
      executor: new LocalExecutor(),
      audit: core.audit,
      logger: silentLogger,
      folder: join(core.folder, 'training'),
      ...(gates === undefined ? {} : { gates: { heldOutPositives: 10, heldOutNegatives: 10, ...gates } }),
    })

  beforeEach(async () => {
    core = await createHubCore()
    await core.enrolment.enrol(BOX)
    registry = new Registry({
      database: core.database,
      store: new PackageStore({ folder: join(core.folder, 'packages') }),
      clock: core.clock,
    })
    const imported = await registry.importPackage(PACKAGE, 'vendor')
    digest = imported.model.digest
    parent = readHead(await readPackageFile(await readPackage(PACKAGE), 'head.onnx'))
    store = new RunStore(core.database, core.clock)
    training = make()
  })
  afterEach(async () => {
    await training.stop()
    await core.close()
  })

  const fill = async (instances: number): Promise<readonly number[]> => {
    const { features, labels, logits } = syntheticSite(parent, digest, instances)
    for (let i = 0; i < instances; i += 100) {
      core.inbox.commit([
        await parsePayload(BOX, payloadOf(sealAll(BOX, features.slice(i, i + 100), i + 1))),
        await parsePayload(BOX, payloadOf(sealAll(BOX, labels.slice(i, i + 100), i + 1))),
      ])
    }
    return [
      auc(
        logits,
        labels.map((label) => (label.value === 'present' ? 1 : 0)),
      ),
    ]
  }
  const words = (): (string | undefined)[] => [...core.audit.log.leaves()].map((leaf) => decodeEvent(leaf)?.event)
  const ask = (): string =>
    training.request({
      finding: 'pneumonia',
      model: 'chest-radiograph',
      version: '1.0.0',
      seed: '1',
      requestedBy: 'mlops-1',
    })

  it('retrains the head, beats the parent, and registers a package that verifies and runs', async () => {
    const [ceiling] = await fill(900)
    await training.start()
    const run = ask()
    await training.settle()
    const ended = store.run(run)
    expect(ended?.reason).toBeNull()
    expect(ended).toMatchObject({ state: 'candidate', progress: 100, candidate: { version: '1.1.0' } })
    expect(words().slice(-5)).toEqual([
      'training.started',
      'dataset.frozen',
      'evaluation.recorded',
      'training.finished',
      'model.registered',
    ])
    const report = ended?.report
    expect(report?.parity.largestDifference).toBeLessThanOrEqual(1e-6)
    expect(report?.gates.every((gate) => gate.passed)).toBe(true)
    // The weights that made the labels reach `ceiling`; a head fitted on two thirds of the data comes close to it.
    expect(report?.candidate.auc.value).toBeGreaterThan((ceiling ?? 1) - 0.06)
    expect(report?.comparison.low).toBeGreaterThan(0.1)
    const candidate = await readPackage(await registry.packageFolder(ended?.candidate?.digest ?? ''))
    expect(candidate.manifest).toMatchObject({ version: '1.1.0', releaseCounter: 2, lineage: { parent: digest } })
    expect(candidate.manifest.lineage.dataset).toBe(`snapshot ${ended?.snapshot}`)
    const scores = candidate.reference.features.find((feature) => feature.feature === 'score.pneumonia')
    expect(scores?.counts.reduce((sum, count) => sum + count, 0)).toBe(900)
    expect(store.logs(run).map((line) => line.message)).toContain('registered chest-radiograph 1.1.0 as candidate')
    console.info(
      `AUC ${report?.candidate.auc.value.toFixed(3)} (parent ${report?.parentModel.auc.value.toFixed(3)}, reference ${ceiling?.toFixed(3)}), export parity ${report?.parity.largestDifference.toExponential(1)}`,
    )
  })

  it('gives the same head for the same dataset, code and seed', async () => {
    await fill(400)
    await training.start()
    const first = ask()
    const second = ask()
    await training.settle()
    expect(store.run(first)?.report?.head).toBeDefined()
    expect(store.run(second)?.report).toEqual(store.run(first)?.report)
    expect(store.run(second)?.candidate).toEqual(store.run(first)?.candidate)
  })

  it('stops with the reason when a gate is not passed, and registers nothing', async () => {
    await fill(200)
    training = make({ aucMargin: 0.02, heldOutPatients: 1000 })
    await training.start()
    const run = ask()
    await training.settle()
    expect(store.run(run)).toMatchObject({ state: 'stopped', candidate: null })
    expect(words().slice(-2)).toEqual(['evaluation.recorded', 'training.refused'])
    expect(store.run(run)?.reason).toContain('patients')
    expect(registry.versions('chest-radiograph')).toHaveLength(1)
  })

  it('stops when nothing is labelled', async () => {
    await training.start()
    const run = ask()
    await training.settle()
    expect(store.run(run)).toMatchObject({ state: 'stopped' })
  })

  it('marks a run that a stop interrupted, and starts it again', async () => {
    await fill(300)
    const run = ask()
    for (let i = 0; i < 200 && store.run(run)?.state !== 'training'; i++) await new Promise((r) => setTimeout(r, 20))
    await training.stop()
    expect(store.run(run)?.state).toBe('interrupted')
    training = make()
    await training.start()
    training.restart(run)
    await training.settle()
    expect(store.run(run)).toMatchObject({ state: 'candidate', attempt: 2 })
    expect(() => training.restart(run)).toThrow(/come to its end/)
  })

  it('cancels a waiting and a running run', async () => {
    await fill(300)
    await training.start()
    const [first, second] = [ask(), ask()]
    training.cancel(second)
    expect(store.run(second)?.state).toBe('cancelled')
    training.cancel(first)
    await training.settle()
    expect(store.run(first)?.state).toBe('cancelled')
    training.restart(first)
    await training.settle()
    expect(store.run(first)?.state).toBe('candidate')
  })

  it('refuses a finding that the model does not score, and a model that is not there', () => {
    const request = {
      finding: 'effusion',
      model: 'chest-radiograph',
      version: '1.0.0',
      seed: '1',
      requestedBy: 'mlops-1',
    }
    expect(() => training.request(request)).toThrow(/does not score/)
    expect(() => training.request({ ...request, finding: 'pneumonia', version: '9.0.0' })).toThrow(
      /no chest-radiograph/,
    )
  })
})
