import { seededRandom } from '@leadglass/models'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chiSquareTail } from './chi-square.ts'
import { type Compared, compareCounts, judgeFamily } from './compare.ts'
import { driftRules } from './rules.ts'

describe('the tail of the chi-square distribution', () => {
  it.each([
    [3.841458820694124, 1, 0.05],
    [18.307038053275146, 10, 0.05],
    [6.6348966010212145, 1, 0.01],
    [2, 2, Math.exp(-1)],
    [100, 2, Math.exp(-50)],
    [0, 5, 1],
    [Number.POSITIVE_INFINITY, 5, 0],
  ])('%f on %i degrees', (statistic, degrees, expected) => {
    expect(Math.abs(chiSquareTail(statistic, degrees) - expected)).toBeLessThan(1e-10)
  })
})

const RULES = driftRules.parse({})
const plain = (reference: readonly number[], current: readonly number[], isOrdered = true): Compared =>
  compareCounts(
    { reference, current, positions: reference.map((_, bin) => bin), isOrdered, cells: 0, referenceCells: 0 },
    RULES.minimum,
  )
const verdictOf = (one: Compared): string | undefined => judgeFamily([one], RULES)[0]?.verdict

describe('drift of counts', () => {
  it('finds none where the shares are the same', () => {
    const found = plain([100, 200, 100], [50, 100, 50])
    expect(found).toMatchObject({ n: 200, shift: 0 })
    expect(found.measures?.psi).toBeCloseTo(0, 12)
    expect(found.chiSquareP).toBeCloseTo(1, 12)
    expect(verdictOf(found)).toBe('stable')
  })

  it('gives the stability index of its definition, and takes off what chance gives', () => {
    const psi = (0.6 - 0.5) * Math.log(0.6 / 0.5) + (0.4 - 0.5) * Math.log(0.4 / 0.5)
    const found = plain([500, 500], [600, 400])
    expect(found.measures?.psi).toBeCloseTo(psi, 12)
    expect(found.shift).toBeCloseTo(psi - 2 / 1000, 12)
  })

  it('calls a large shift major, and says nothing on few observations', () => {
    expect(verdictOf(plain([300, 300, 300], [10, 10, 280]))).toBe('major')
    const few = plain([300, 300, 300], [0, 0, RULES.minimum - 1])
    expect(few).toMatchObject({ measures: null, shift: null, ksP: null })
    expect(judgeFamily([few], RULES)).toEqual([{ verdict: 'too-few', q: null, familyP: null }])
    expect(verdictOf(plain([0, 0], [200, 200]))).toBe('too-few')
  })

  it('asks for more of each feature the more are asked', () => {
    const shifted = plain([500, 500], [240, 160])
    const still = plain([500, 500], [200, 200])
    const q = (others: number): number =>
      judgeFamily([shifted, ...new Array<Compared>(others).fill(still)], RULES)[0]?.q ?? 0
    expect(q(0)).toBeLessThan(q(10))
    expect(q(10)).toBeCloseTo(q(0) * 11, 9)
  })

  it('is never negative and never without an end', () => {
    const counts = fc.array(fc.nat(500), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(counts, counts, fc.boolean(), (reference, observed, isOrdered) => {
        const { measures, shift, ksP, chiSquareP, fitP } = plain(reference, observed, isOrdered)
        for (const value of [...Object.values<number>({ ...measures }), shift, ksP, chiSquareP, fitP]) {
          expect(value === null || (value >= 0 && Number.isFinite(value))).toBe(true)
        }
        for (const p of [ksP, chiSquareP, fitP]) expect(p === null || p <= 1).toBe(true)
      }),
    )
  })
})

describe('counts that left in cells of eleven', () => {
  /** A site that counts `perWindow` each window, alike in all bins, and lets cells of eleven and more out at its end. */
  function windowsOf(bins: number, perWindow: number, windows: number, seed: number): number[][] {
    const random = seededRandom(seed)
    const held = new Array<number>(bins).fill(0)
    return Array.from({ length: windows }, () => {
      for (let i = 0; i < perWindow; i += 1) {
        const bin = Math.floor(random() * bins)
        held[bin] = (held[bin] ?? 0) + 1
      }
      return held.map((count, bin) => {
        if (count < 11) return 0
        held[bin] = 0
        return count
      })
    })
  }

  it.each([200, 400, 1500])(
    '%i a window: the test calls no more than it says',
    (perWindow) => {
      const reference = new Array<number>(10).fill(100_000)
      const positions = reference.map((_, bin) => bin)
      const windows = windowsOf(10, perWindow, 2000, 7).filter((one) => one.some((count) => count > 0))
      const rate = (cells: number): { ks: number; chiSquare: number } => {
        const all = windows.map((current) =>
          compareCounts({ reference, current, positions, isOrdered: true, cells, referenceCells: 0 }, 1),
        )
        const share = (p: (one: Compared) => number | null): number =>
          all.filter((one) => (p(one) ?? 1) <= 0.05).length / all.length
        return { ks: share((one) => one.ksP), chiSquare: share((one) => one.chiSquareP) }
      }
      // Three deviations of a share of 0.05 among 2000.
      const most = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 2000)
      expect(rate(10).ks).toBeLessThan(most)
      expect(rate(10).chiSquare).toBeLessThan(most)
      // Without the correction it would call more: what waits makes the counts of a window uneven.
      if (perWindow === 200) expect(rate(0).chiSquare).toBeGreaterThan(0.1)
    },
    30_000,
  )
})
