import { resolve } from 'node:path'
import { testPackage } from '@leadglass/appliance/scoring'
import { attributionsOf, readPackageFile, readVettedPackage } from '@leadglass/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TrainingRig } from '../../cloud-hub/training/testing/training-rig.ts'
import { NEW_HEAD_TRAINERS, trainerChoice } from '../../cloud-hub/training/trainers/choice.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..')

/** Small fits: what is asked here is whether a box runs them. */
const CHOICES = {
  linear: { options: { strength: 100 }, calibration: 'platt' },
  'multilayer-perceptron': { options: { hidden: [16], epochs: 25, learningRate: 0.003 }, calibration: 'none' },
  'gradient-boosting': { options: { maximumDepth: 3, rounds: 120 }, calibration: 'isotonic' },
  'random-forest': { options: { trees: 60, maximumDepth: 8 }, calibration: 'platt' },
} as const

describe('a candidate of a chosen trainer', () => {
  let rig: TrainingRig
  const folders = new Map<string, string>()

  beforeAll(async () => {
    rig = await TrainingRig.create()
    await rig.fill(900)
    await rig.training.start()
    const request = {
      finding: 'pneumonia',
      model: 'chest-radiograph',
      version: '1.0.0',
      seed: '1',
      requestedBy: 'mlops-1',
    }
    const runs = NEW_HEAD_TRAINERS.map((trainer) => ({
      trainer,
      run: rig.training.request({ ...request, trainer: trainerChoice.parse({ trainer, ...CHOICES[trainer] }) }),
    }))
    await rig.training.settle()
    for (const { trainer, run } of runs) {
      const ended = rig.runs.run(run)
      expect(ended).toMatchObject({ state: 'candidate', reason: null, trainer: { trainer } })
      expect(ended?.report?.trainer).toMatchObject({ name: trainer, options: CHOICES[trainer].options })
      expect(ended?.report?.parity.largestDifference).toBeLessThanOrEqual(1e-6)
      folders.set(trainer, await rig.registry.packageFolder(ended?.candidate?.digest ?? ''))
    }
  }, 240_000)
  afterAll(() => rig.close())

  it('is a version of its own, though dataset, code and seed are the same', () => {
    expect(new Set(folders.values()).size).toBe(NEW_HEAD_TRAINERS.length)
  })

  it.each(NEW_HEAD_TRAINERS)(
    '%s: a box runs the package unchanged in its worker, golden cases and all',
    async (trainer) => {
      const read = await readVettedPackage(folders.get(trainer) ?? '')
      expect(read.manifest.lineage.trainedBy).toContain(trainer)
      expect(JSON.stringify(read.card)).toContain(`${trainer} on the embedding`)
      const report = await testPackage(folders.get(trainer) ?? '', PROGRAM_ROOT)
      expect(report).toMatchObject({ passed: true })
      expect(report.golden?.maximumDeviation).toBeLessThan(1e-5)
    },
    60_000,
  )

  it('says what each dimension contributes, but for a network', async () => {
    for (const trainer of NEW_HEAD_TRAINERS) {
      const read = await readVettedPackage(folders.get(trainer) ?? '')
      const row = Float32Array.from(rig.parent.mean)
      const explain = async () =>
        attributionsOf(await readPackageFile(read, 'head.onnx'), {
          input: 'embedding',
          row,
          output: 'probability',
          index: 0,
        })
      if (trainer === 'multilayer-perceptron') {
        await expect(explain()).rejects.toMatchObject({ code: 'not-additive' })
      } else {
        expect((await explain()).method).toBe(trainer === 'linear' ? 'linear' : 'tree')
      }
    }
  })
})
