import { type DeclaredGate, declaredGate } from '@leadglass/models'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateCases } from './evaluate.ts'
import { judgeGate, judgeGates } from './judge-gates.ts'
import { madeCases } from './testing/made-cases.ts'

const POINTS = [
  { name: 'in-use', threshold: 0.4, runningThreshold: 0.4, chosenBy: 'the test' },
  { name: 'rule-out', threshold: 0.1, runningThreshold: 0.1, chosenBy: 'the test' },
]
const EVALUATION = evaluateCases(
  madeCases({ n: 500, viewEffect: 1 }).map((one, i) => ({ ...one, sex: i < 10 ? 'O' : one.sex })),
  POINTS,
)
const NO_RUNNING = { ...EVALUATION, running: null, comparison: null }

const gate = (of: object): DeclaredGate => declaredGate.parse({ id: 'a-gate', measure: 'auc', ...of })
const outcome = (of: object): string => judgeGate(EVALUATION, gate(of)).declared.outcome

describe('declared gates', () => {
  it('judge by the estimate, or by the end of the interval that is asked for', () => {
    const { value, low, high } = EVALUATION.candidate.auc
    const middle = (a: number, b: number): object => ({ kind: 'absolute', atLeast: (a + b) / 2 })
    expect(outcome({ comparison: middle(low, value) })).toBe('passed')
    expect(outcome({ comparison: middle(low, value), judgedBy: 'unfavourable-bound' })).toBe('failed')
    expect(outcome({ comparison: middle(value, high) })).toBe('failed')
    expect(outcome({ comparison: middle(value, high), judgedBy: 'favourable-bound' })).toBe('passed')
    expect(judgeGate(EVALUATION, gate({ comparison: middle(low, value) }))).toMatchObject({
      passed: true,
      measured: value,
      declared: { value, low, high, n: 500, direction: 'at-least', reason: 'met' },
    })
  })

  it('take the ends of a ceiling the other way round', () => {
    const { value, low } = EVALUATION.candidate.brier
    const comparison = { kind: 'absolute-ceiling', atMost: (value + low) / 2 }
    expect(outcome({ measure: 'brier', comparison })).toBe('failed')
    expect(outcome({ measure: 'brier', comparison, judgedBy: 'favourable-bound' })).toBe('passed')
  })

  it('hold a candidate against the running version, where less of the Brier score is better', () => {
    const worseByAtMost = (margin: number) => ({ kind: 'against-running', worseByAtMost: margin })
    const auc = EVALUATION.comparison?.auc
    const found = judgeGate(EVALUATION, gate({ comparison: worseByAtMost(0.05) }))
    expect(found).toMatchObject({ passed: true, measured: auc?.value, limit: -0.05 })
    const brier = judgeGate(EVALUATION, gate({ measure: 'brier', comparison: worseByAtMost(0) }))
    expect(brier.measured).toBe(-(EVALUATION.comparison?.brier.value ?? Number.NaN))
    expect(brier.declared.low).toBeLessThanOrEqual(brier.declared.high ?? Number.NEGATIVE_INFINITY)
    const without = judgeGate(NO_RUNNING, gate({ comparison: worseByAtMost(1000) }))
    expect(without).toMatchObject({ passed: false, measured: null, declared: { outcome: 'not-evaluable' } })
  })

  it('let the worst group decide, and fail for one that is too small unless declared otherwise', () => {
    const comparison = { kind: 'subgroup-gap', by: 'sex', atMost: 1 }
    const strict = judgeGate(EVALUATION, gate({ comparison }))
    expect(strict).toMatchObject({
      passed: false,
      measured: null,
      declared: { outcome: 'not-evaluable', subgroup: { by: 'sex', value: 'O' } },
    })
    expect(strict.declared.reason).toContain('too few')
    expect(judgeGate(EVALUATION, gate({ comparison, whenNotEvaluable: 'pass' })).passed).toBe(true)
    const narrow = gate({ comparison: { ...comparison, atMost: 0 }, whenNotEvaluable: 'pass' })
    expect(judgeGate(EVALUATION, narrow)).toMatchObject({ passed: false, declared: { outcome: 'failed' } })
  })

  it('judge one group by name, and not a group that is not there', () => {
    const comparison = { kind: 'absolute', atLeast: 0.5 }
    expect(outcome({ subgroup: { by: 'view', value: 'AP' }, comparison })).toBe('passed')
    expect(outcome({ subgroup: { by: 'scanner' }, comparison })).toBe('not-evaluable')
    expect(outcome({ subgroup: { by: 'view', value: 'LL' }, comparison })).toBe('not-evaluable')
  })

  it('ask for cases: shares for those that they are shares of', () => {
    const { positives } = EVALUATION.cases
    const sensitivity = { measure: 'sensitivity', comparison: { kind: 'absolute', atLeast: 0 } }
    expect(outcome({ ...sensitivity, minimumCases: positives })).toBe('passed')
    expect(outcome({ ...sensitivity, minimumCases: positives + 1 })).toBe('not-evaluable')
  })

  it('find their operating point, and are not evaluable without it', () => {
    const at = (operatingPoint: string) =>
      judgeGate(
        EVALUATION,
        gate({ measure: 'sensitivity', operatingPoint, comparison: { kind: 'absolute', atLeast: 0 } }),
      )
    expect(at('rule-out').measured).toBe(EVALUATION.candidate.points[1]?.sensitivity?.value)
    expect(at('rule-in').declared.outcome).toBe('not-evaluable')
  })

  it('concern the finding that they name', () => {
    const comparison = { kind: 'absolute', atLeast: 0.5 }
    const gates = [gate({ id: 'one', finding: 'pneumonia', comparison }), gate({ id: 'all', comparison })]
    expect(judgeGates(EVALUATION, gates, 'effusion').map((one) => one.gate)).toEqual(['all'])
  })

  const anyGate = fc.record({
    measure: fc.constantFrom('auc', 'sensitivity', 'specificity', 'calibration-slope', 'observed-less-predicted'),
    judgedBy: fc.constantFrom('estimate', 'unfavourable-bound', 'favourable-bound'),
    whenNotEvaluable: fc.constantFrom('fail', 'pass'),
    limit: fc.double({ min: 0, max: 1.5, noNaN: true }),
    tightened: fc.double({ min: 0, max: 1, noNaN: true }),
    kind: fc.constantFrom('absolute', 'absolute-ceiling', 'against-running', 'subgroup-gap', 'each-group'),
    by: fc.constantFrom('sex', 'view', 'age-band', 'site', 'scanner'),
  })

  it('never turn a failure into a pass when a limit is tightened', () => {
    let failed = 0
    fc.assert(
      fc.property(anyGate, ({ measure, judgedBy, whenNotEvaluable, limit, tightened, kind, by }) => {
        fc.pre(kind !== 'against-running' || ['auc', 'sensitivity', 'specificity'].includes(measure))
        const withLimit = (at: number): object => {
          switch (kind) {
            case 'absolute':
              return { comparison: { kind, atLeast: at } }
            case 'absolute-ceiling':
              return { comparison: { kind, atMost: -at } }
            case 'against-running':
              return { comparison: { kind, worseByAtMost: Math.max(0, 1.5 - at) } }
            case 'subgroup-gap':
              return { comparison: { kind, by, atMost: Math.max(0, 1.5 - at) } }
            case 'each-group':
              return { subgroup: { by }, comparison: { kind: 'absolute', atLeast: at } }
          }
        }
        const judged = (at: number) =>
          judgeGate(EVALUATION, gate({ measure, judgedBy, whenNotEvaluable, ...withLimit(at) }))
        const [loose, tight] = [judged(limit), judged(limit + tightened)]
        failed += Number(!loose.passed)
        expect(Number(tight.passed)).toBeLessThanOrEqual(Number(loose.passed))
      }),
      { numRuns: 500 },
    )
    expect(failed).toBeGreaterThan(20)
  })
})
