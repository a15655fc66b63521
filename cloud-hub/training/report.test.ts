import { describe, expect, it } from 'vitest'
import { gatesOfReport } from '../api/views/gates.ts'
import { metricsOfReport } from '../api/views/metrics.ts'
import { evaluateCases } from './evaluation/index.ts'
import { madeCases } from './evaluation/testing/made-cases.ts'
import { trainingReport } from './report.ts'
import { summaryOf } from './summary.ts'
import FIRST from './testing/report-1.json' with { type: 'json' }

const POINT = { name: 'in-use', threshold: 0.4, runningThreshold: 0.5, chosenBy: 'the test' }
const EVALUATION = evaluateCases(madeCases({ n: 200 }), [POINT])
const SECOND = {
  ...FIRST,
  schema: 'leadglass.training-report/2',
  ...summaryOf(EVALUATION),
  evaluation: EVALUATION,
  gatesDeclaredBy: 'default',
}

describe('training reports', () => {
  it('of the first version are read as they were written, and shown', () => {
    const report = trainingReport.parse(FIRST)
    expect(report).toEqual(FIRST)
    expect(metricsOfReport(report).map(({ name }) => name)).toEqual([
      'auc',
      'sensitivity',
      'specificity',
      'brier',
      'expected calibration error',
      'auc of the parent',
      'auc minus parent',
      'auc',
    ])
    expect(gatesOfReport(report.gates)[0]).toEqual({
      name: 'positives',
      wanted: 'at least 10 positive held-out studies',
      value: 120,
      holds: true,
      outcome: 'passed',
      low: null,
      high: null,
      cases: null,
      detail: null,
    })
  })

  it('of the second version carry their evaluation, and those of the first none', () => {
    expect(trainingReport.safeParse(SECOND).success).toBe(true)
    expect(trainingReport.safeParse({ ...SECOND, schema: 'leadglass.training-report/1' }).success).toBe(false)
    const { evaluation: _, ...without } = SECOND
    expect(trainingReport.safeParse(without).success).toBe(false)
    expect(trainingReport.safeParse({ ...SECOND, schema: 'leadglass.training-report/3' }).success).toBe(false)
  })

  it('have a summary that is the evaluation, at the point in use', () => {
    const { candidate, parentModel, comparison, subgroups } = summaryOf(EVALUATION)
    expect(candidate).toMatchObject({ auc: EVALUATION.candidate.auc, threshold: 0.4 })
    expect(parentModel).toMatchObject({ auc: EVALUATION.running?.auc, threshold: 0.5 })
    expect(comparison.difference).toBe(EVALUATION.comparison?.auc.value)
    expect(subgroups.length).toBeGreaterThan(4)
    const report = trainingReport.parse(SECOND)
    const names = metricsOfReport(report).map(({ name }) => name)
    expect(names).toContain('average precision')
    expect(names).toContain('calibration slope')
    expect(() => summaryOf({ ...EVALUATION, running: null })).toThrow(RangeError)
  })
})
