import { describe, expect, it } from 'vitest'
import { declaredGate, declaredGates } from './gates.ts'

const AUC = { id: 'tells-apart', measure: 'auc', comparison: { kind: 'absolute', atLeast: 0.7 } }
const document = (of: object = {}): object => ({ schema: 'leadglass.model-gates/1', gates: [AUC], ...of })

describe('gates.json', () => {
  it('fills in what is not said', () => {
    expect(declaredGates.parse(document())).toEqual({
      schema: 'leadglass.model-gates/1',
      operatingPoints: [],
      gates: [{ ...AUC, judgedBy: 'estimate', minimumCases: 0, whenNotEvaluable: 'fail' }],
    })
  })

  it('takes points by rule, and gates at them', () => {
    const operatingPoints = [{ name: 'rule-out', rule: { kind: 'sensitivity-at-least', share: 0.95 } }]
    const gates = [{ ...AUC, id: 'safe', measure: 'sensitivity', operatingPoint: 'rule-out' }]
    expect(declaredGates.safeParse(document({ operatingPoints, gates })).success).toBe(true)
    expect(declaredGates.safeParse(document({ gates })).success).toBe(false)
  })

  it.each([
    ['of a name that the hub has', { id: 'export-parity' }],
    ['of a name that is no code', { id: '../../x' }],
    ['of a measure that there is not', { measure: 'f1' }],
    ['with an operating point that means nothing', { operatingPoint: 'in-use' }],
    ['of a share of a subgroup elsewhere', { measure: 'sensitivity', operatingPoint: 'a', subgroup: { by: 'sex' } }],
    ['of what subgroups do not have', { measure: 'brier', subgroup: { by: 'sex' } }],
    ['by an axis that there is not', { subgroup: { by: 'name' } }],
    [
      'of a subgroup against the running version',
      {
        subgroup: { by: 'sex' },
        comparison: { kind: 'against-running', worseByAtMost: 0 },
      },
    ],
    [
      'against the running version without a pair',
      {
        measure: 'calibration-slope',
        comparison: { kind: 'against-running', worseByAtMost: 0 },
      },
    ],
    ['that allows less than nothing', { comparison: { kind: 'against-running', worseByAtMost: -0.1 } }],
    [
      'of a gap that is not measured',
      {
        measure: 'average-precision',
        comparison: { kind: 'subgroup-gap', by: 'sex', atMost: 0.1 },
      },
    ],
    ['by an interval that there is not', { measure: 'expected-calibration-error', judgedBy: 'favourable-bound' }],
    ['without a limit', { comparison: { kind: 'absolute' } }],
    ['with a limit that is no number', { comparison: { kind: 'absolute', atLeast: Number.NaN } }],
    ['with more than is known', { note: 'x' }],
  ])('refuses a gate %s', (_, change) => {
    expect(declaredGate.safeParse({ ...AUC, ...change }).success).toBe(false)
  })

  it.each([
    ['no gate', { gates: [] }],
    ['a gate twice', { gates: [AUC, AUC] }],
    ['65 gates', { gates: Array.from({ length: 65 }, (_, i) => ({ ...AUC, id: `gate-${i}` })) }],
    ['a second point in use', { operatingPoints: [{ name: 'in-use', rule: { kind: 'threshold', milli: 500 } }] }],
    [
      'a threshold outside probabilities',
      { operatingPoints: [{ name: 'a', rule: { kind: 'threshold', milli: 1000 } }] },
    ],
    ['another schema', { schema: 'leadglass.model-gates/2' }],
  ])('refuses %s', (_, change) => {
    expect(declaredGates.safeParse(document(change)).success).toBe(false)
  })
})
