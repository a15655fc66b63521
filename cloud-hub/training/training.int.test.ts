import { readPackage } from '@leadglass/models'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { syntheticSite } from '../testing/synthetic-site.ts'
import { DEFAULT_GATES } from './gates.ts'
import { auc } from './math/auc.ts'
import { MOST_ATTEMPTS } from './run-store.ts'
import { TrainingRig } from './testing/training-rig.ts'

describe('training at the hub', () => {
  let rig: TrainingRig

  beforeEach(async () => {
    rig = await TrainingRig.create()
  })
  afterEach(() => rig.close())

  it('retrains the head, beats the parent, and registers a package that verifies and runs', async () => {
    const { logits, labels } = await rig.fill(900)
    const truth = labels.map((label) => (label.value === 'present' ? 1 : 0))
    const ceiling = auc(logits, truth)
    await rig.training.start()
    const run = rig.ask()
    await rig.training.settle()
    const ended = rig.runs.run(run)
    expect(ended?.reason).toBeNull()
    expect(ended).toMatchObject({ state: 'candidate', progress: 100, candidate: { version: '1.1.0' } })
    expect(rig.words().slice(-5)).toEqual([
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
    expect(report?.candidate.auc.value).toBeGreaterThan(ceiling - 0.06)
    expect(report?.comparison.low).toBeGreaterThan(0.1)
    const candidate = await readPackage(await rig.registry.packageFolder(ended?.candidate?.digest ?? ''))
    expect(candidate.manifest).toMatchObject({ version: '1.1.0', releaseCounter: 2, lineage: { parent: rig.digest } })
    expect(candidate.manifest.lineage.dataset).toBe(`snapshot ${ended?.snapshot}`)
    const scores = candidate.reference.features.find((feature) => feature.feature === 'score.pneumonia')
    expect(scores?.counts.reduce((sum, count) => sum + count, 0)).toBe(900)
    expect(rig.runs.logs(run).map((line) => line.message)).toContain('registered chest-radiograph 1.1.0 as candidate')
    console.info(
      `AUC ${report?.candidate.auc.value.toFixed(3)} (parent ${report?.parentModel.auc.value.toFixed(3)}, reference ${ceiling.toFixed(3)}), export parity ${report?.parity.largestDifference.toExponential(1)}`,
    )
  })

  it('gives the same head for the same dataset, code and seed', async () => {
    await rig.fill(400)
    await rig.training.start()
    const first = rig.ask()
    const second = rig.ask()
    await rig.training.settle()
    expect(rig.runs.run(first)).toMatchObject({
      state: 'candidate',
      report: { head: { sha256: expect.any(String) as string } },
    })
    expect(rig.runs.run(second)?.report).toEqual(rig.runs.run(first)?.report)
    expect(rig.runs.run(second)?.candidate).toEqual(rig.runs.run(first)?.candidate)
  })

  it('says with three sites how a head does at each that was fitted to the others', async () => {
    await rig.fillThreeSites(600)
    await rig.training.start()
    const run = rig.ask()
    await rig.training.settle()
    const report = rig.runs.run(run)?.report
    expect(report?.sitesLeftOut?.map(({ site, studies }) => [site, studies])).toEqual([
      ['box-01', 200],
      ['box-02', 200],
      ['box-03', 200],
    ])
    // The synthetic labels follow one rule at every site: without it the head finds what the parent does not.
    for (const { candidate, parent } of report?.sitesLeftOut ?? [])
      expect(candidate.value).toBeGreaterThan(parent.value + 0.1)
    expect(report?.cases.heldOut.patients).toBe(Math.floor((report?.cases.training.patients ?? 0) * (3 / 7)))
  })

  it('stops with the reason when a gate is not passed, and registers nothing', async () => {
    await rig.fill(200)
    await rig.restart({ gates: { ...DEFAULT_GATES, heldOutPatients: 1000 } })
    const run = rig.ask()
    await rig.training.settle()
    expect(rig.runs.run(run)).toMatchObject({ state: 'stopped', candidate: null })
    expect(rig.words().slice(-2)).toEqual(['evaluation.recorded', 'training.refused'])
    expect(rig.runs.run(run)?.reason).toContain('patients')
    expect(rig.registry.versions('chest-radiograph')).toHaveLength(1)
  })

  it('stops when nothing is labelled', async () => {
    await rig.training.start()
    const run = rig.ask()
    await rig.training.settle()
    expect(rig.runs.run(run)).toMatchObject({ state: 'stopped' })
  })

  it('goes on by itself after a stop, from its own dataset, whatever labels came since', async () => {
    await rig.fill(300)
    const run = rig.ask()
    await expect.poll(() => rig.runs.run(run)?.state, { timeout: 40_000, interval: 20 }).toBe('training')
    await rig.training.stop()
    const waiting = rig.runs.run(run)
    expect(waiting).toMatchObject({ state: 'queued', attempt: 1 })
    await rig.send(syntheticSite(rig.parent, rig.digest, 301).labels.slice(300))
    await rig.restart()
    await rig.training.settle()
    expect(rig.runs.run(run)).toMatchObject({ state: 'candidate', attempt: 1, snapshot: waiting?.snapshot })
    expect(rig.words().filter((word) => word === 'dataset.frozen')).toHaveLength(1)
    expect(() => rig.training.restart(run)).toThrow(/come to its end/)
  })

  it('makes no second candidate when a kill came between the registration and its note', async () => {
    await rig.fill(300)
    await rig.training.start()
    const run = rig.ask()
    await rig.training.settle()
    const first = rig.runs.run(run)?.candidate
    // As the kill leaves it: the version is in the registry, the run does not know.
    const killed = rig.core.database.prepare(
      `UPDATE training_run SET state = 'packaging', candidate_version = NULL, candidate_digest = NULL`,
    )
    await rig.restart({ between: () => killed.run() })
    await rig.training.settle()
    expect(rig.runs.run(run)).toMatchObject({ state: 'candidate', attempt: 2, candidate: first })
    expect(rig.registry.versions('chest-radiograph')).toHaveLength(2)
  })

  it('leaves a run to a person that was under way at every kill', async () => {
    await rig.fill(300)
    const run = rig.ask()
    const killed = rig.core.database.prepare(`UPDATE training_run SET state = 'training', attempt = ?`)
    await rig.restart({ between: () => killed.run(MOST_ATTEMPTS) })
    await rig.training.settle()
    expect(rig.runs.run(run)).toMatchObject({ state: 'interrupted', reason: 'the hub ended during each attempt' })
    rig.training.restart(run)
    await rig.training.settle()
    expect(rig.runs.run(run)?.state).toBe('candidate')
  })

  it('cancels a waiting and a running run', async () => {
    await rig.fill(300)
    await rig.training.start()
    const [first, second] = [rig.ask(), rig.ask()]
    rig.training.cancel(second)
    expect(rig.runs.run(second)?.state).toBe('cancelled')
    rig.training.cancel(first)
    await rig.training.settle()
    expect(rig.runs.run(first)?.state).toBe('cancelled')
    rig.training.restart(first)
    await rig.training.settle()
    expect(rig.runs.run(first)?.state).toBe('candidate')
  })

  it('refuses a finding that the model does not score, and a model that is not there', () => {
    const request = {
      finding: 'effusion',
      model: 'chest-radiograph',
      version: '1.0.0',
      seed: '1',
      requestedBy: 'mlops-1',
    }
    expect(() => rig.training.request(request)).toThrow(/does not score/)
    expect(() => rig.training.request({ ...request, finding: 'pneumonia', version: '9.0.0' })).toThrow(
      /no chest-radiograph/,
    )
  })
})
