import { describe, expect, it } from 'vitest'
import { describeMachine } from './machine.ts'
import { presentReport, presentReportAsMarkdown } from './present.ts'
import { everyGoalHolds, type HarnessReport, harnessReport, judge } from './report.ts'

const report: HarnessReport = {
  name: 'receive',
  machine: describeMachine(),
  runs: 3,
  results: [{ contender: 'leadglass', 'objects/s': 812.5 }],
  ratios: [judge('leadglass / storescp', 0.97, '>= 1')],
}

describe('judge', () => {
  it.each([
    [1, '>= 1', true],
    [0.99, '>= 1', false],
    [0, '== 0', true],
    [1, '== 0', false],
    [5, '<= 5', true],
    [Number.NaN, '<= 5', false],
    [Number.POSITIVE_INFINITY, '>= 1', false],
  ] as const)('%d against %s: %s', (value, goal, holds) => {
    expect(judge('x', value, goal).holds).toBe(holds)
  })
})

describe('a report', () => {
  it('has the one shape of all benches and fault runs', () => {
    expect(harnessReport.parse(report)).toEqual(report)
    expect(() =>
      harnessReport.parse({ ...report, ratios: [{ name: 'x', value: 1, goal: 'about 1', holds: true }] }),
    ).toThrow()
  })

  it('fails as a whole when one goal does not hold', () => {
    expect(everyGoalHolds(report)).toBe(false)
    expect(everyGoalHolds({ ...report, ratios: [judge('x', 2, '>= 1')] })).toBe(true)
  })

  it('shows figures and missed goals to people', () => {
    expect(presentReport(report)).toMatch(/leadglass\s+813/)
    expect(presentReport(report)).toMatch(/leadglass \/ storescp\s+0\.970\s+>= 1\s+NO/)
    expect(presentReportAsMarkdown('bench', report, '2026-01-01')).toContain(
      '| leadglass / storescp | 0.970 | >= 1 | **no** |',
    )
  })
})
