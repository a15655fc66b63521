import { join } from 'node:path'
import { readPackage } from '@leadglass/models'
import { beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../../installer/testing/peers.ts'
import { evaluateCases } from './evaluate.ts'
import { type ScoredRadiograph, scoredRadiographs } from './testing/scored-radiographs.ts'

const RADIOGRAPHS = sharedData('cxr-nih')
const PACKAGE = join(import.meta.dirname, '..', '..', '..', 'models', 'packages', 'chest-radiograph', '1.1.0')
const POINT = { name: 'in-use', threshold: 0.412, runningThreshold: 0.412, chosenBy: 'the shipped package' }
/** Where the shipped score of the projection decides. */
const AP_THRESHOLD = 0.586
/** Preprocessing here and where the card was made round differently. */
const ROUNDING = 0.003

describe.skipIf(RADIOGRAPHS === undefined)('the shipped model on real radiographs (needs the shared NIH data)', () => {
  let all: ScoredRadiograph[]
  beforeAll(async () => {
    all = await scoredRadiographs(RADIOGRAPHS ?? '', PACKAGE)
  }, 120_000)

  it('has the area and the intervals of its card, which another program wrote', async () => {
    const { card } = await readPackage(PACKAGE)
    const stated = (
      card.metrics as { metric: string; output: string; value: number; low: number; high: number }[]
    ).filter(({ metric, output }) => metric === 'auc' && output === 'pneumonia')
    const test = all.filter(({ part }) => part === 'test')
    const clustered = evaluateCases(test, [POINT])
    const plain = evaluateCases(
      test.map((one, i) => ({ ...one, patient: String(i) })),
      [POINT],
    )
    expect(clustered.cases).toMatchObject({ n: 84, patients: 52 })
    for (const [i, found] of [plain, clustered].entries()) {
      for (const end of ['value', 'low', 'high'] as const) {
        expect(Math.abs(found.candidate.auc[end] - (stated[i]?.[end] ?? Number.NaN)), end).toBeLessThan(ROUNDING)
      }
    }
  })

  it('says for whom it cannot say anything: 84 test images are few', () => {
    const { subgroups } = evaluateCases(
      all.filter(({ part }) => part === 'test'),
      [POINT],
    )
    const bands = subgroups.filter(({ by }) => by === 'age-band')
    expect(bands.reduce((sum, { n }) => sum + n, 0)).toBe(84)
    for (const { n, figures } of bands) if (n < 30) expect(figures.auc).toBeNull()
    expect(bands.some(({ enough }) => !enough)).toBe(true)
  })

  it('suspects a shortcut of a score that tells the projection only, and weighs it against the real one', () => {
    // Pneumonia is rarer among the AP images of this set: "not AP" is a score of pneumonia that knows no lung.
    const byView = all.map((one) => ({
      ...one,
      score: one.apScore < AP_THRESHOLD ? 0.8 : 0.2,
      runningScore: one.score,
    }))
    const { shortcuts, candidate, comparison, subgroups } = evaluateCases(byView, [POINT])
    const view = shortcuts.find(({ by }) => by === 'view')
    console.info(
      `projection alone: AUC ${candidate.auc.value.toFixed(3)}, within projections ${view?.stratified?.value.toFixed(3)}`,
    )
    expect(candidate.auc.low).toBeGreaterThan(0.6)
    expect(view).toMatchObject({ verdict: 'suspected' })
    expect(view?.stratified?.low).toBeLessThan(0.5)
    expect(view?.stratified?.high).toBeGreaterThan(0.5)
    expect(comparison?.auc.high).toBeLessThan(0)
    expect(subgroups.filter(({ by }) => by === 'view').every(({ figures }) => figures.auc !== null)).toBe(true)
  })

  it('finds what is left of the shipped score within projections, on all images', () => {
    const { shortcuts, candidate } = evaluateCases(all, [POINT])
    const view = shortcuts.find(({ by }) => by === 'view')
    console.info(
      `pneumonia: AUC ${candidate.auc.value.toFixed(3)}, within projections ${view?.stratified?.value.toFixed(3)} (${view?.verdict}), projection alone ${view?.axisAlone.toFixed(3)}`,
    )
    // The greater part of the figure is not the projection: within either it still tells the classes apart.
    expect(view?.stratified?.low).toBeGreaterThan(0.85)
    for (const { auc } of view?.strata ?? []) expect(auc?.low).toBeGreaterThan(0.8)
  })
})
