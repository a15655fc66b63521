import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignmentKey, slotOf } from './assign.ts'
import { countPairs, countRun, type VersionScore } from './count-pairs.ts'
import { figuresOf, type Tally } from './figures.ts'
import { guardrails, judge } from './guardrails.ts'
import { holdsSlot, resize, SLOTS, type SlotRange, shareOf } from './slots.ts'
import { distributionDistance, kappaOf, latencyBin, latencyQuantile, stabilityIndex } from './statistics.ts'

const KEY = assignmentKey(new Uint8Array(32).fill(3))
const uid = fc
  .array(fc.integer({ min: 0, max: 99_999 }), { minLength: 2, maxLength: 8 })
  .map((parts) => parts.join('.'))
const BASE = {
  manifest: {
    outputs: [
      {
        code: 'finding',
        title: 'Finding',
        from: 'head.probability',
        index: 0,
        unit: '1',
        meaning: { scheme: 'SCT', value: '1', meaning: 'x' },
        operatingPoint: { thresholdMilli: 500, chosenBy: 'test' },
      },
    ],
  },
  reference: {
    schema: 'leadglass.reference-distributions/1' as const,
    features: [{ feature: 'score.finding', edges: [0, 0.25, 0.5, 0.75, 1], counts: [1, 1, 1, 1] }],
  },
}
const CODES = new Set(['finding'])

function scored(values: readonly number[]): VersionScore[] {
  return values.map((value, ordinal) => ({ ordinal, code: 'finding', value, above: value >= 0.5 }))
}

describe('the slot of a study', () => {
  it('is the same at each asking and one of a thousand, whatever the study', () => {
    fc.assert(
      fc.property(uid, (study) => {
        const slot = slotOf(KEY, 'chest', study)
        expect(slot).toBe(slotOf(assignmentKey(new Uint8Array(32).fill(3)), 'chest', `${study} `))
        expect(slot).toBeGreaterThanOrEqual(0)
        expect(slot).toBeLessThan(SLOTS)
      }),
    )
  })

  it('spreads studies evenly, however alike their UIDs are', () => {
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 20_000; i += 1) {
      const tenth = Math.floor(slotOf(KEY, 'chest', `1.2.3.${i}`) / 100)
      counts[tenth] = (counts[tenth] ?? 0) + 1
    }
    // 2000 are expected of each, with a standard deviation of 42.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(5 * 43)
  })

  it('is another under another key, and for another model', () => {
    const studies = Array.from({ length: 500 }, (_, i) => `1.2.3.${i}`)
    const other = assignmentKey(new Uint8Array(32).fill(4))
    const same = (a: (study: string) => number, b: (study: string) => number): number =>
      studies.filter((study) => a(study) === b(study)).length
    expect(
      same(
        (study) => slotOf(KEY, 'chest', study),
        (study) => slotOf(other, 'chest', study),
      ),
    ).toBeLessThan(10)
    expect(
      same(
        (study) => slotOf(KEY, 'chest', study),
        (study) => slotOf(KEY, 'brain', study),
      ),
    ).toBeLessThan(10)
  })
})

describe('shares', () => {
  const permille = fc.integer({ min: 0, max: 500 })

  it('grow without letting a study go, shrink without taking one, and never move a study of another version', () => {
    fc.assert(
      fc.property(permille, permille, fc.array(permille, { maxLength: 8 }), (first, second, changes) => {
        let own = resize([], [], first) ?? []
        const other = resize([], own, second) ?? []
        for (const wanted of changes) {
          const next = resize(own, other, wanted)
          if (next === undefined) continue
          const slots = Array.from({ length: SLOTS }, (_, slot) => slot)
          const held = (ranges: readonly SlotRange[]): number[] => slots.filter((slot) => holdsSlot(ranges, slot))
          const [before, after] = [held(own), held(next)]
          if (after.length >= before.length) expect(after).toEqual(expect.arrayContaining(before))
          else expect(before).toEqual(expect.arrayContaining(after))
          expect(after.filter((slot) => holdsSlot(other, slot))).toEqual([])
          expect(shareOf(next)).toBe(wanted)
          own = next
        }
      }),
      { numRuns: 50 },
    )
  })

  it('are refused when they are not free', () => {
    const most = resize([], [], 900) ?? []
    expect(resize([], most, 101)).toBeUndefined()
    expect(shareOf(resize([], most, 100) ?? [])).toBe(100)
  })
})

describe('agreement', () => {
  it('is Cohen 1960: 45, 15, 25 and 15 of a hundred give 0.13', () => {
    const kappa = kappaOf({ bothAbove: 45, championAbove: 15, candidateAbove: 25, bothBelow: 15 })
    expect(kappa).toBeCloseTo(0.1304, 4)
    expect(kappaOf({ bothAbove: 0, championAbove: 0, candidateAbove: 0, bothBelow: 10 })).toBeNull()
    expect(kappaOf({ bothAbove: 0, championAbove: 0, candidateAbove: 0, bothBelow: 0 })).toBeNull()
  })

  it('counts an instance that only one version scored as a disagreement', () => {
    const tallies = countPairs(BASE, scored([0.1, 0.9, 0.9]), scored([0.2, 0.1]), CODES)
    const [output] = figuresOf(tallies).outputs
    expect(output).toMatchObject({ bothBelow: 1, championAbove: 1, championOnly: 1, pairs: 2, candidateOnly: 0 })
    expect(output?.agreement).toBeCloseTo(1 / 3)
  })

  it('of a version with itself is whole, without drift', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 }), (values) => {
        const tallies = countPairs(BASE, scored(values), scored(values), CODES)
        const [output] = figuresOf(tallies).outputs
        expect(output).toMatchObject({ agreement: 1, psi: 0, ks: 0, championAbove: 0, candidateAbove: 0 })
      }),
    )
  })
})

describe('drift', () => {
  it('is 0 for equal counts, positive for others, and finite where one side has an empty bin', () => {
    expect(stabilityIndex([50, 50], [50, 50])).toBe(0)
    expect(stabilityIndex([100, 0], [0, 100])).toBeGreaterThan(1)
    expect(Number.isFinite(stabilityIndex([100, 0], [0, 100]))).toBe(true)
    expect(stabilityIndex([0], [5])).toBeNull()
    expect(distributionDistance([100, 0], [0, 100])).toBe(1)
    expect(distributionDistance([10, 10], [20, 20])).toBe(0)
  })

  it('puts thin neighbours together, so that single cases are no drift', () => {
    expect(stabilityIndex([100, 1, 0, 0], [100, 0, 1, 0])).toBeLessThan(0.001)
  })
})

describe('times', () => {
  it('are at most a quarter too long', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1_000_000, noNaN: true }), (ms) => {
        const counts = new Array<number>(64).fill(0)
        counts[latencyBin(ms)] = 1
        const upper = latencyQuantile(counts, 0.95) ?? 0
        expect(upper).toBeGreaterThanOrEqual(ms * 0.999)
        expect(upper).toBeLessThanOrEqual(ms * 1.2501)
      }),
    )
    expect(latencyQuantile([], 0.5)).toBeNull()
  })
})

describe('guardrails', () => {
  const rails = guardrails.parse({ minimumRuns: 20 })
  const runs = (who: 'champion' | 'candidate', n: number, failed: number, ms: number): Tally[] =>
    Array.from({ length: n }, (_, i) => countRun(who, i < failed, ms)).flat()
  const verdictOf = (tallies: readonly Tally[]): ReturnType<typeof judge> => judge(rails, figuresOf(tallies))

  it('wait for the least number of runs, then hold', () => {
    expect(verdictOf(runs('candidate', 5, 0, 10))).toEqual({ kind: 'gathering', runs: 5, of: 20 })
    expect(verdictOf([...runs('candidate', 20, 0, 10), ...runs('champion', 20, 0, 10)])).toEqual({ kind: 'holding' })
  })

  it('do not wait when errors are too many whatever follows', () => {
    expect(verdictOf(runs('candidate', 1, 1, 10))).toMatchObject({ kind: 'broken', breaks: [{ rail: 'error-rate' }] })
    const patient = guardrails.parse({ minimumRuns: 100, maximumErrorPermille: 20 })
    expect(judge(patient, figuresOf(runs('candidate', 2, 2, 10))).kind).toBe('gathering')
    expect(judge(patient, figuresOf(runs('candidate', 3, 3, 10))).kind).toBe('broken')
  })

  it('break on slowness, disagreement, kappa and drift', () => {
    const slow = [...runs('candidate', 20, 0, 100), ...runs('champion', 20, 0, 10)]
    expect(verdictOf(slow)).toMatchObject({ kind: 'broken', breaks: [{ rail: 'latency' }] })
    const values = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 0.1 : 0.9))
    const turned = countPairs(BASE, scored(values), scored(values.map((value) => 1 - value)), CODES)
    expect(verdictOf(turned)).toMatchObject({
      kind: 'broken',
      breaks: [{ rail: 'agreement', output: 'finding', milli: 0 }],
    })
    const strict = guardrails.parse({ minimumRuns: 20, minimumAgreementPermille: 0, minimumKappaMilli: 0 })
    expect(judge(strict, figuresOf(turned))).toMatchObject({ breaks: [{ rail: 'kappa', milli: -1000 }] })
    const away = countPairs(BASE, scored(values.map(() => 0.1)), scored(values.map(() => 0.3)), CODES)
    expect(verdictOf(away)).toMatchObject({ breaks: [{ rail: 'drift', output: 'finding' }] })
  })
})
