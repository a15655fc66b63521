import { describe, expect, it } from 'vitest'
import { expectedCalibrationError, wilson, youdenThresholdMilli } from './calibration.ts'
import { normalCdf } from './normal.ts'

describe('the standard normal distribution', () => {
  it.each([
    [0, 0.5],
    [1, 0.8413447460685429],
    [1.959963984540054, 0.975],
    [-1.959963984540054, 0.025],
    [3, 0.9986501019683699],
    [-5, 2.866515718791939e-7],
    [6, 0.9999999990134123],
  ])('at %f', (z, expected) => {
    expect(Math.abs(normalCdf(z) / expected - 1)).toBeLessThan(1e-9)
  })
})

describe('figures at an operating point', () => {
  it('gives Wilson’s interval', () => {
    // Newcombe 1998, table I: 81 of 263, and 0 of 20.
    expect(wilson(81, 263).low).toBeCloseTo(0.2553, 4)
    expect(wilson(81, 263).high).toBeCloseTo(0.3662, 4)
    expect(wilson(0, 20).low).toBe(0)
    expect(wilson(0, 20).high).toBeCloseTo(0.1611, 4)
  })

  it('gives the calibration error', () => {
    expect(expectedCalibrationError([0.95, 0.95, 0.05, 0.05], [1, 0, 0, 0])).toBeCloseTo(0.25, 12)
  })

  it('chooses the threshold that separates', () => {
    const milli = youdenThresholdMilli([0.1, 0.2, 0.7, 0.9], [0, 0, 1, 1])
    expect(milli).toBe(700)
  })
})
