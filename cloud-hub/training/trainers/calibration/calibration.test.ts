import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectedCalibrationError } from '../../math/calibration.ts'
import { sigmoid } from '../../math/logistic.ts'
import { seededNumbers } from '../seeded-numbers.ts'
import { type TrainingTable, trainingTable } from '../table.ts'
import { madeTable } from '../testing/made-tables.ts'
import { gradientBoosting } from '../tree/boosting.ts'
import { calibrate } from './calibrate.ts'
import { isotonicCalibration } from './isotonic.ts'
import { plattCalibration } from './platt.ts'

/** Scores that are log odds too large by a factor, and labels of the true odds. */
function overconfident(rows: number, factor: number): { scores: Float64Array; table: TrainingTable } {
  const numbers = seededNumbers(11)
  const odds = Float64Array.from({ length: rows }, () => 1.5 * numbers.normal() - 0.5)
  const labels = Uint8Array.from(odds, (logit) => Number(numbers.uniform() < sigmoid(logit)))
  return { scores: odds.map((logit) => factor * logit), table: trainingTable({ columns: 1, values: odds, labels }) }
}

describe('isotonic calibration', () => {
  it('never falls, and stays within 0 and 1', () => {
    const cases = fc.array(fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.integer({ min: 0, max: 1 })), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(
        cases,
        fc.double({ min: -20, max: 20, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (given, at, step) => {
          const rows = given.length
          const table = {
            rows,
            labels: Uint8Array.from(given, ([, label]) => label),
            weights: new Float64Array(rows).fill(1),
          }
          const { apply } = isotonicCalibration(
            Float64Array.from(given, ([score]) => score),
            table,
          )
          expect(apply(at)).toBeGreaterThanOrEqual(0)
          expect(apply(at + step)).toBeGreaterThanOrEqual(apply(at) - 1e-12)
          expect(apply(at + step)).toBeLessThanOrEqual(1)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('keeps the mean level, and pools what goes the wrong way', () => {
    const weights = new Float64Array(4).fill(1)
    const { apply } = isotonicCalibration(Float64Array.of(1, 2, 3, 4), {
      rows: 4,
      labels: Uint8Array.of(0, 1, 0, 1),
      weights,
    })
    expect(apply(0)).toBe(0)
    expect(apply(2.5)).toBeCloseTo(0.5, 6)
    expect(apply(9)).toBe(1)
  })
})

describe('calibration', () => {
  it.each([
    ['platt', plattCalibration],
    ['isotonic', isotonicCalibration],
  ] as const)('by %s mends overconfident scores', (_, fit) => {
    const { scores, table } = overconfident(5000, 3)
    const { apply } = fit(scores, table)
    const labels = [...table.labels]
    expect(expectedCalibrationError([...scores].map(sigmoid), labels)).toBeGreaterThan(0.08)
    expect(expectedCalibrationError([...scores].map(apply), labels)).toBeLessThan(0.02)
  })

  it('by Platt finds the factor', () => {
    const { scores, table } = overconfident(20_000, 3)
    const { apply } = plattCalibration(scores, table)
    expect(Math.log(apply(3) / (1 - apply(3)))).toBeCloseTo(1, 1)
  })

  it('by Platt never turns the order round', () => {
    const { scores, table } = overconfident(500, -1)
    const { apply } = plattCalibration(scores, table)
    expect(apply(2)).toBe(apply(-2))
  })

  it('is laid over models of two classes only', () => {
    const three = madeTable({ rows: 100, columns: 2, classes: 3 })
    const model = gradientBoosting.fit(three, { rounds: 1 }, 1)
    expect(() => calibrate(model, three, 'platt')).toThrow(expect.objectContaining({ code: 'options-invalid' }))
  })
})
