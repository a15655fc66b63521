import { evaluationDocument } from '@leadglass/ui/contract/hub-api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EvaluationCase } from './case-table.ts'
import { ageBand } from './case-table.ts'
import { evaluateCases } from './evaluate.ts'
import { mcnemar } from './paired-shares.ts'
import { madeCases } from './testing/made-cases.ts'

const POINT = { name: 'in-use', threshold: 0.4, runningThreshold: 0.4, chosenBy: 'the test' }
const evaluate = (cases: readonly EvaluationCase[]) => evaluateCases(cases, [POINT])

const anyCases = fc
  .array(
    fc.record({
      score: fc.integer({ min: 0, max: 20 }).map((tenths) => tenths / 20),
      runningScore: fc.integer({ min: 0, max: 20 }).map((tenths) => tenths / 20),
      label: fc.constantFrom(0 as const, 1 as const),
      patient: fc.integer({ min: 0, max: 30 }).map(String),
      site: fc.constantFrom('a', 'b'),
      view: fc.constantFrom('AP', 'PA', 'unknown'),
      sex: fc.constantFrom('F', 'M'),
      ageDecade: fc.option(fc.integer({ min: 0, max: 9 }), { nil: null }),
    }),
    { minLength: 2, maxLength: 120 },
  )
  .filter((cases) => new Set(cases.map(({ label }) => label)).size === 2)

describe('an evaluation', () => {
  it('is of its schema, finite and in order, whatever the cases', () => {
    fc.assert(
      fc.property(anyCases, (cases) => {
        const found = evaluationDocument.parse(evaluate(cases))
        for (const { value, low, high } of [found.candidate.auc, found.candidate.averagePrecision]) {
          expect(low).toBeGreaterThanOrEqual(0)
          expect(low).toBeLessThanOrEqual(high)
          expect(high).toBeLessThanOrEqual(1)
          expect(value).toBeGreaterThanOrEqual(0)
        }
        for (const axis of ['sex', 'age-band', 'view', 'site']) {
          const groups = found.subgroups.filter(({ by }) => by === axis)
          expect(groups.reduce((sum, { n }) => sum + n, 0)).toBe(cases.length)
        }
        expect(found.candidate.calibration.bins.reduce((sum, { n }) => sum + n, 0)).toBe(cases.length)
      }),
      { numRuns: 40 },
    )
  })

  it('does not depend on the order of the cases but for its bootstrap', () => {
    fc.assert(
      fc.property(anyCases, (cases) => {
        const [there, back] = [evaluate(cases), evaluate([...cases].reverse())]
        expect(back.candidate.auc.value).toBeCloseTo(there.candidate.auc.value, 12)
        expect(back.candidate.auc.low).toBeCloseTo(there.candidate.auc.low, 10)
        expect(back.candidate.calibration.expectedError).toBeCloseTo(there.candidate.calibration.expectedError, 12)
        expect(back.candidate.points[0]?.sensitivity).toEqual(there.candidate.points[0]?.sensitivity)
        expect(back.candidate.roc).toEqual(there.candidate.roc)
      }),
      { numRuns: 40 },
    )
  })

  it('is the same each time, the bootstrap included', () => {
    const cases = madeCases({ n: 200 })
    expect(evaluate(cases)).toEqual(evaluate(cases))
  })

  it('finds no difference between a model and itself', () => {
    const cases = madeCases({ n: 300 }).map((one) => ({ ...one, runningScore: one.score }))
    const { comparison } = evaluate(cases)
    expect(comparison?.auc).toEqual({ value: 0, low: 0, high: 0, p: 1 })
    expect(comparison?.averagePrecision).toEqual({ value: 0, low: 0, high: 0 })
    expect(comparison?.points[0]?.sensitivity).toMatchObject({ value: 0, p: 1, onlyCandidate: 0, onlyRunning: 0 })
  })

  it('gives no figure of a group that is too small, but its n', () => {
    const cases = madeCases({ n: 400 }).map((one, i) => ({ ...one, sex: i < 29 ? 'O' : one.sex }))
    const group = evaluate(cases).subgroups.find(({ value }) => value === 'O')
    expect(group).toMatchObject({ n: 29, enough: false, runningAuc: null })
    expect(Object.values(group?.figures ?? {})).toEqual([null, null, null, null, null, null])
    expect(Object.values(group?.lessRest ?? {})).toEqual([null, null, null, null, null])
  })

  it('keeps a class that is too small in a group from being judged', () => {
    const cases = madeCases({ n: 400 }).map((one, i): EvaluationCase => {
      const isMember = i < 60
      return { ...one, view: isMember ? 'LL' : 'PA', label: isMember ? (i < 9 ? 1 : 0) : one.label }
    })
    const group = evaluate(cases).subgroups.find(({ value }) => value === 'LL')
    expect(group).toMatchObject({ n: 60, positives: 9, enough: true })
    expect(group?.figures).toMatchObject({ auc: null, sensitivity: null, calibrationSlope: null })
    expect(group?.figures.specificity?.n).toBe(51)
  })

  it('reports the largest sites, and how many it left out', () => {
    const cases = madeCases({ n: 1500 }).map((one, i) => ({ ...one, site: `site ${i % 40}` }))
    const { subgroups, leftOut } = evaluate(cases)
    expect(subgroups.filter(({ by }) => by === 'site')).toHaveLength(30)
    expect(leftOut).toEqual([{ by: 'site', groups: 10 }])
  })

  it('knows no slope of classes that the scores part perfectly', () => {
    const cases = madeCases({ n: 100 }).map((one) => ({ ...one, score: one.label === 1 ? 0.9 : 0.1 }))
    const { calibration, auc, points } = evaluate(cases).candidate
    expect([calibration.slope, calibration.intercept]).toEqual([null, null])
    expect(auc).toEqual({ value: 1, low: 1, high: 1 })
    // A share of nothing is no share.
    expect(points[0]?.sensitivity?.value).toBe(1)
  })

  it.each([
    ['of one class', madeCases({ n: 20 }).map((one) => ({ ...one, label: 1 as const }))],
    ['with a score that is no number', madeCases({ n: 20 }).map((one) => ({ ...one, score: Number.NaN }))],
    ['with a score above 1', madeCases({ n: 20 }).map((one) => ({ ...one, score: 1.01 }))],
    ['compared in part', madeCases({ n: 20 }).map((one, i) => (i > 0 ? one : without(one)))],
  ])('refuses cases %s', (_, cases) => {
    expect(() => evaluate(cases)).toThrow(RangeError)
  })
})

function without({ runningScore: _, ...rest }: EvaluationCase): EvaluationCase {
  return rest
}

describe('the shortcut check', () => {
  const ofView = (cases: readonly EvaluationCase[]) => evaluate(cases).shortcuts.find(({ by }) => by === 'view')

  it('suspects a model that knows the view, where the view says much of the label', () => {
    const found = ofView(madeCases({ n: 3000, viewEffect: 2 }))
    expect(found?.verdict).toBe('suspected')
    expect(found?.stratified?.value).toBeLessThan((found?.overall.value ?? 0) - 0.02)
    expect(found?.axisAlone).toBeGreaterThan(0.65)
  })

  it('finds nothing where the view says nothing', () => {
    const found = ofView(madeCases({ n: 3000 }))
    expect(found?.verdict).toBe('not-seen')
    expect(found?.drop?.low).toBeLessThan(0)
  })

  it('says nothing of strata that are too small', () => {
    expect(ofView(madeCases({ n: 20, seed: 5 }))).toMatchObject({ verdict: 'too-few', stratified: null, drop: null })
  })
})

describe('parts', () => {
  it('names age bands by their decades', () => {
    expect([null, 0, 1, 2, 5, 8, 9].map(ageBand)).toEqual([
      'unknown',
      'under 20',
      'under 20',
      '20 to 39',
      '40 to 59',
      '80 and over',
      '80 and over',
    ])
  })

  it('tests what only one of two models gets right, by hand and on many', () => {
    expect(mcnemar(0, 0)).toBe(1)
    expect(mcnemar(5, 0)).toBeCloseTo(2 / 32, 12)
    expect(mcnemar(8, 2)).toBeCloseTo((2 * (1 + 10 + 45)) / 1024, 12)
    expect(mcnemar(1500, 1500)).toBe(1)
    expect(mcnemar(3000, 100)).toBeLessThan(1e-100)
  })
})
