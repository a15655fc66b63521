import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunksByCount, chunksByPeriod } from './chunks.ts'
import { fitEstimator } from './estimator.ts'
import { expectedPerformance } from './expected.ts'
import { type LabelledCase, PERFORMANCE_METRICS, realisedFigures } from './figures.ts'
import { boundsFromCounts } from './from-counts.ts'
import { chooseCalibration, isotonicMap, UNCALIBRATED } from './score-calibration.ts'
import { madeCases } from './testing/made-cases.ts'

const caseArbitrary = fc.record({
  score: fc.double({ min: 0, max: 1, noNaN: true }),
  positive: fc.boolean(),
  label: fc.constantFrom(0 as const, 1 as const),
})

describe('performance estimated without labels', () => {
  it('is the realised performance where every probability is sure', () => {
    fc.assert(
      fc.property(fc.uniqueArray(caseArbitrary, { minLength: 1, selector: (one) => one.score }), (cases) => {
        const { figures } = expectedPerformance(
          cases,
          Float64Array.from(cases, (one) => one.label),
        )
        const realised = realisedFigures(cases)
        for (const metric of PERFORMANCE_METRICS) {
          if (realised[metric] === null) expect(figures[metric], metric).toBeNull()
          else expect(figures[metric], metric).toBeCloseTo(realised[metric], 10)
        }
      }),
    )
  })

  it('comes near the truth where the cases change and what is true of a score does not', () => {
    const fitted = fitEstimator(madeCases({ count: 4000, seed: 1, power: 0.5 }), 1)
    if (fitted.state !== 'fitted') throw new Error(fitted.reason)
    const shifted = madeCases({ count: 20_000, seed: 2, power: 0.5, level: -1 })
    const estimate = fitted.estimator.estimate(shifted, fitted.estimator.limitsFor(500))
    const realised = realisedFigures(shifted)
    for (const metric of PERFORMANCE_METRICS) {
      expect(Math.abs((estimate.figures[metric].value ?? 9) - (realised[metric] ?? 0)), metric).toBeLessThan(0.03)
    }
  })

  it('does not see that what is true of a score has changed: the assumption that the page states', () => {
    const fitted = fitEstimator(madeCases({ count: 4000, seed: 1 }), 1)
    if (fitted.state !== 'fitted') throw new Error(fitted.reason)
    const turned = madeCases({ count: 5000, seed: 3, noise: 0.8 })
    const estimate = fitted.estimator.estimate(turned, fitted.estimator.limitsFor(500)).figures['roc-auc']
    expect((estimate.value ?? 0) - (realisedFigures(turned)['roc-auc'] ?? 1)).toBeGreaterThan(0.15)
  })

  it.each<[string, LabelledCase[], string]>([
    ['too few cases', madeCases({ count: 299, seed: 1 }), 'too-few-cases'],
    ['one class', madeCases({ count: 400, seed: 1 }).map((one) => ({ ...one, label: 0 })), 'too-few-positives'],
    ['the other class', madeCases({ count: 400, seed: 1 }).map((one) => ({ ...one, label: 1 })), 'too-few-negatives'],
    [
      'no number',
      [...madeCases({ count: 400, seed: 1 }), { score: Number.NaN, positive: true, label: 1 }],
      'scores-not-finite',
    ],
  ])('refuses a reference of %s', (_, cases, reason) => {
    expect(fitEstimator(cases, 1)).toEqual({ state: 'refused', reason })
  })

  it('leaves out scores that are no number, counts them, and counts what the reference has never seen', () => {
    const fitted = fitEstimator(madeCases({ count: 900, seed: 1 }), 1)
    if (fitted.state !== 'fitted') throw new Error(fitted.reason)
    const { estimator } = fitted
    const limits = estimator.limitsFor(500)
    expect(limits.from).toBe('sampling-error')
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, 7, -3].map((score) => ({ score, positive: true }))
    const found = estimator.estimate([...odd, ...madeCases({ count: 96, seed: 2 })], limits)
    expect(found).toMatchObject({ n: 98, unusable: 2 })
    expect(found.outsideSupport).toBeGreaterThanOrEqual(2 / 98)
    const none = estimator.estimate([], limits)
    expect(none.n).toBe(0)
    for (const metric of PERFORMANCE_METRICS) {
      expect(none.figures[metric]).toMatchObject({ value: null, low: null, high: null, beyond: false })
    }
  })

  it('calibrates a score that is no probability, and is the same for the same seed', () => {
    const logits = madeCases({ count: 800, seed: 4 }).map((one) => ({
      ...one,
      score: Math.log(one.score / (1 - one.score)),
    }))
    expect(chooseCalibration(logits, 1).method).toBe('isotonic')
    expect(JSON.stringify(fitEstimator(logits, 5))).toBe(JSON.stringify(fitEstimator(logits, 5)))
  })

  it('never lets a higher score mean a lower probability', () => {
    fc.assert(
      fc.property(fc.array(caseArbitrary, { minLength: 1 }), fc.array(fc.double({ noNaN: true })), (cases, asked) => {
        const map = isotonicMap(cases)
        const found = asked.sort((a, b) => a - b).map((score) => map.probabilityOf(score))
        for (const [place, probability] of found.entries()) {
          expect(probability).toBeGreaterThanOrEqual(Math.max(0, (found[place - 1] ?? 0) - 1e-12))
          expect(probability).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})

describe('bounds from counts alone', () => {
  it('hold wherever in its bin each score was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 80 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (scores, threshold, count) => {
          const bins = Array.from({ length: count }, (_, bin) => {
            const [low, high] = [bin / count, bin === count - 1 ? Number.POSITIVE_INFINITY : (bin + 1) / count]
            return { low, high, count: scores.filter((score) => score >= low && score < high).length }
          })
          const bounds = boundsFromCounts(bins, threshold, UNCALIBRATED)
          const cases = scores.map((score) => ({ score, positive: score >= threshold }))
          const { figures } = expectedPerformance(cases, Float64Array.from(scores))
          for (const metric of ['f1', 'precision', 'recall', 'specificity', 'accuracy'] as const) {
            const bound = bounds?.[metric]
            const value = figures[metric]
            if (bound === null || bound === undefined || value === null) continue
            expect(value, metric).toBeGreaterThanOrEqual(bound.low - 1e-9)
            expect(value, metric).toBeLessThanOrEqual(bound.high + 1e-9)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('are none without a case', () => {
    expect(boundsFromCounts([{ low: 0, high: 1, count: 0 }], 0.5, UNCALIBRATED)).toBeUndefined()
  })
})

describe('chunks', () => {
  it('by count and by period hold every case once, in order', () => {
    const instants = ['2026-01-31T23:59:59.000Z', '2026-02-01T00:00:00.000Z', '2026-02-02T00:00:00.000Z']
    expect(chunksByCount(instants, 2).map((one) => one.key)).toEqual(['1-2', '3-3'])
    expect(chunksByPeriod(instants, 'month', (one) => one).map((one) => [one.key, one.cases.length])).toEqual([
      ['2026-01', 1],
      ['2026-02', 2],
    ])
    expect(chunksByPeriod(instants, 'week', (one) => one).map((one) => [one.key, one.cases.length])).toEqual([
      ['2026-01-26', 2],
      ['2026-02-02', 1],
    ])
  })
})
