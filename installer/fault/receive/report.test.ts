import { describe, expect, it } from 'vitest'
import { everyGoalHolds, harnessReport } from '../../harness/report.ts'
import { checkHistory, type HeldInstance } from './check.ts'
import { type FaultRow, skippedRow } from './part.ts'
import { reportOf } from './report.ts'

const sent = [{ sopInstanceUid: '1', contentDigest: 'a', acknowledged: true }]
const kept: HeldInstance[] = [{ sopInstanceUid: '1', contentDigest: 'a' }]

const row = (held: readonly HeldInstance[], more: Partial<FaultRow> = {}): FaultRow => ({
  fault: 'a fault',
  points: 3,
  fired: 2,
  verdict: checkHistory(sent, held),
  seconds: 1.25,
  answers: { '0000H': 1 },
  failures: [],
  ...more,
})

describe('the table of a receive fault run', () => {
  it('holds when everything acknowledged was recovered', () => {
    const report = reportOf([row(kept)])
    expect(harnessReport.parse(report)).toEqual(report)
    expect(everyGoalHolds(report)).toBe(true)
    expect(report.results[0]).toMatchObject({ points: 3, acknowledged: 1, recovered: 1, lost: 0, doubled: 0 })
  })

  it.each([
    ['lost', []],
    ['held twice', [...kept, ...kept]],
    ['altered', [{ sopInstanceUid: '1', contentDigest: 'b' }]],
    ['made up', [...kept, { sopInstanceUid: '2', contentDigest: 'a' }]],
  ])('does not hold when an instance is %s', (_, held) => {
    expect(everyGoalHolds(reportOf([row(held)]))).toBe(false)
  })

  it('does not hold when nothing was inflicted or the appliance did not take instances again', () => {
    expect(everyGoalHolds(reportOf([row(kept, { fired: 0 })]))).toBe(false)
    expect(everyGoalHolds(reportOf([row(kept, { failures: ['nothing is taken'] })]))).toBe(false)
  })

  it('holds for a control only when it loses', () => {
    expect(everyGoalHolds(reportOf([row(kept), row([], { mustLose: true })]))).toBe(true)
    expect(everyGoalHolds(reportOf([row(kept), row(kept, { mustLose: true })]))).toBe(false)
  })

  it('names what was skipped, which is no failure', () => {
    const report = reportOf([skippedRow('a fault', 'strace is not installed')])
    expect(report.results).toEqual([{ fault: 'a fault', note: 'skipped: strace is not installed' }])
    expect(everyGoalHolds(report)).toBe(true)
  })

  it('does not hold when something was skipped where nothing may be', () => {
    const rows = [row(kept), skippedRow('a fault', 'strace is not installed')]
    expect(everyGoalHolds(reportOf(rows, true))).toBe(false)
    expect(everyGoalHolds(reportOf([row(kept)], true))).toBe(true)
  })
})
