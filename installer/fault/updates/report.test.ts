import { describe, expect, it } from 'vitest'
import { everyGoalHolds, harnessReport } from '../../harness/report.ts'
import { pointsRow, skippedRow, type UpdateRow } from './part.ts'
import { reportOf } from './report.ts'

const ROW: UpdateRow = {
  name: 'one approver of two',
  family: 'approvals',
  expected: 'too-few-approvals',
  seen: 'too-few-approvals',
  message: 'Only 1 of 2 required approvals present.',
  holds: true,
  unapprovedInstalled: false,
}

describe('the report of attacks', () => {
  it('has one check per attack, and holds when all do', () => {
    const report = harnessReport.parse(reportOf([ROW, pointsRow('kill', 'points', ['a', 'b'], ['a', 'a', 'b'])]))
    expect(report.checks?.map((check) => check.name)).toEqual([
      'unapproved versions installed',
      'approvals: one approver of two',
      'kill: points',
    ])
    expect(report.results[1]).toMatchObject({ seen: 'a (2), b (1)', verdict: 'holds' })
    expect(everyGoalHolds(report)).toBe(true)
  })

  it.each([
    ['a wrong refusal', { ...ROW, holds: false, seen: 'freeze' }],
    ['an unapproved version', { ...ROW, unapprovedInstalled: true }],
    ['one odd point', pointsRow('kill', 'points', ['a'], ['a', 'torn'])],
    ['no point at all', pointsRow('kill', 'points', ['a'], [])],
  ])('fails at %s', (_name, row) => {
    expect(everyGoalHolds(reportOf([row]))).toBe(false)
  })

  it('fails at a skipped fault only where nothing may be skipped', () => {
    const rows = [skippedRow('calls', 'EIO', 'strace is not installed')]
    expect(everyGoalHolds(reportOf(rows))).toBe(true)
    expect(everyGoalHolds(reportOf(rows, true))).toBe(false)
  })
})
