import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chiSquareTail } from './chi-square.ts'
import { compareDistributions, DRIFT_MINIMUM } from './compare.ts'

describe('the tail of the chi-square distribution', () => {
  it.each([
    [3.841458820694124, 1, 0.05],
    [18.307038053275146, 10, 0.05],
    [6.6348966010212145, 1, 0.01],
    [2, 2, Math.exp(-1)],
    [100, 2, Math.exp(-50)],
    [0, 5, 1],
  ])('%f on %i degrees', (statistic, degrees, expected) => {
    expect(Math.abs(chiSquareTail(statistic, degrees) - expected)).toBeLessThan(1e-10)
  })
})

describe('drift of counts', () => {
  it('finds none where the shares are the same', () => {
    const found = compareDistributions([100, 200, 100], [50, 100, 50])
    expect(found).toMatchObject({ n: 200, verdict: 'stable' })
    expect(found.psi).toBeCloseTo(0, 12)
    expect(found.chiSquareP).toBeCloseTo(1, 12)
  })

  it('gives the stability index of its definition', () => {
    const psi = (0.6 - 0.5) * Math.log(0.6 / 0.5) + (0.4 - 0.5) * Math.log(0.4 / 0.5)
    expect(compareDistributions([500, 500], [600, 400]).psi).toBeCloseTo(psi, 12)
  })

  it('calls a large shift major, and says nothing on few observations', () => {
    expect(compareDistributions([300, 300, 300], [10, 10, 280]).verdict).toBe('major')
    expect(compareDistributions([300, 300, 300], [0, 0, DRIFT_MINIMUM - 1])).toMatchObject({
      verdict: 'too-few',
      psi: null,
      chiSquareP: null,
    })
  })

  it('is never negative and never without an end', () => {
    const counts = fc.array(fc.nat(500), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(counts, counts, (reference, observed) => {
        const { psi } = compareDistributions(reference, observed)
        expect(psi === null || (psi >= 0 && Number.isFinite(psi))).toBe(true)
      }),
    )
  })
})
