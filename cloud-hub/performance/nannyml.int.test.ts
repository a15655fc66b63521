import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pythonPeer } from '../../installer/testing/peers.ts'
import { chunksByCount } from './chunks.ts'
import { type Estimate, fitEstimator } from './estimator.ts'
import { expectedPerformance } from './expected.ts'
import { type LabelledCase, PERFORMANCE_METRICS, type PerformanceMetric } from './figures.ts'
import { madeCases } from './testing/made-cases.ts'

const PYTHON = pythonPeer()
const SCRIPT = join(import.meta.dirname, 'testing', 'nannyml-peer.py')

interface PeerAnswer {
  readonly calibrated: boolean
  readonly chunks: readonly Readonly<Record<PerformanceMetric, Estimate>>[]
}

function askNannyMl(
  reference: readonly LabelledCase[],
  analysis: readonly LabelledCase[],
  chunkSize: number,
  calibrate = true,
): PeerAnswer {
  const input = JSON.stringify({ reference, analysis, chunkSize, calibrate })
  const out = execFileSync(PYTHON ?? '', [SCRIPT], { input, maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(out.toString('utf8')) as PeerAnswer
}

/** NannyML rounds running sums to 5 decimals before it draws a curve, and draws the error of average precision unseeded. */
const CLOSE: Readonly<Record<PerformanceMetric, number>> = {
  'roc-auc': 1e-6,
  'average-precision': 1e-6,
  f1: 1e-9,
  precision: 1e-9,
  recall: 1e-9,
  specificity: 1e-9,
  accuracy: 1e-9,
}

describe.skipIf(PYTHON === undefined)('estimates without labels, beside NannyML', () => {
  it.each([
    // On a calibrated score chance decides whether calibration helps; where the classes are apart both leave it.
    ['a score that parts the classes', { power: 1, spread: 2000 }, false],
    ['a score that is too high', { power: 0.4 }, true],
    ['a score that is too low, on a finding that became rarer', { power: 2.5, level: -1.5 }, true],
  ])(
    'agree on %s',
    (_, kind, calibrated) => {
      const chunkSize = 1000
      const reference = madeCases({ ...kind, count: 6000, seed: 11, level: 0 })
      const analysis = madeCases({ ...kind, count: 4000, seed: 12 })
      const fitted = fitEstimator(reference, 1)
      if (fitted.state !== 'fitted') throw new Error(fitted.reason)
      const { estimator } = fitted
      const theirs = askNannyMl(reference, analysis, chunkSize)
      expect(theirs.calibrated).toBe(calibrated)
      expect(estimator.calibration.method).toBe(calibrated ? 'isotonic' : 'none')
      const limits = estimator.limitsFor(chunkSize)
      expect(limits.from).toBe('reference-chunks')
      const ours = chunksByCount(analysis, chunkSize).map(({ cases }) => estimator.estimate(cases, limits).figures)
      expect(theirs.chunks).toHaveLength(4)
      let beyond = 0
      for (const [place, chunk] of theirs.chunks.entries()) {
        for (const metric of PERFORMANCE_METRICS) {
          const [mine, other] = [ours[place]?.[metric], chunk[metric]]
          expect(Math.abs((mine?.value ?? 9) - (other.value ?? 0)), metric).toBeLessThan(CLOSE[metric])
          expect(Math.abs((mine?.lowerLimit ?? 9) - (other.lowerLimit ?? 0)), metric).toBeLessThan(1e-9)
          expect(Math.abs((mine?.upperLimit ?? 9) - (other.upperLimit ?? 0)), metric).toBeLessThan(1e-9)
          expect(mine?.beyond, metric).toBe(other.beyond)
          if (metric === 'average-precision') {
            // Resampled on both sides, here with a seed: two draws of fifty differ by a tenth and more.
            expect((mine?.samplingError ?? 0) / (other.samplingError ?? 0)).toBeGreaterThan(0.6)
            expect((mine?.samplingError ?? 0) / (other.samplingError ?? 0)).toBeLessThan(1.7)
            continue
          }
          expect(Math.abs((mine?.samplingError ?? 9) - (other.samplingError ?? 0)), metric).toBeLessThan(1e-9)
          expect(Math.abs((mine?.low ?? 9) - (other.low ?? 0)), metric).toBeLessThan(CLOSE[metric])
          expect(Math.abs((mine?.high ?? 9) - (other.high ?? 0)), metric).toBeLessThan(CLOSE[metric])
          beyond += Number(other.beyond)
        }
      }
      if ('level' in kind) expect(beyond).toBeGreaterThan(0)
    },
    120_000,
  )

  it('agree on a score that is taken as the probability that it is', () => {
    const reference = madeCases({ count: 3000, seed: 21 })
    const analysis = madeCases({ count: 900, seed: 22 })
    const theirs = askNannyMl(reference, analysis, 900, false)
    expect(theirs.calibrated).toBe(false)
    const { figures } = expectedPerformance(
      analysis,
      Float64Array.from(analysis, (one) => one.score),
    )
    for (const metric of PERFORMANCE_METRICS) {
      expect(Math.abs((figures[metric] ?? 9) - (theirs.chunks[0]?.[metric].value ?? 0)), metric).toBeLessThan(
        CLOSE[metric],
      )
    }
  }, 120_000)
})
