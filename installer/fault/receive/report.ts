import { describeMachine } from '../../harness/machine.ts'
import { type HarnessReport, judge } from '../../harness/report.ts'
import type { FaultRow } from './part.ts'

/**
 * The table of all rows, and what must hold for them.
 * @param everything true where nothing may be skipped.
 */
export function reportOf(rows: readonly FaultRow[], everything = false): HarnessReport {
  const tried = rows.filter((row) => row.skipped === undefined)
  const real = tried.filter((row) => row.mustLose !== true)
  const sum = (count: (row: FaultRow) => number): number => real.reduce((total, row) => total + count(row), 0)
  return {
    name: 'receive',
    machine: describeMachine(),
    runs: 1,
    results: rows.map(resultOf),
    checks: [
      ...(everything ? [judge('faults skipped', rows.length - tried.length, '== 0')] : []),
      judge(
        'acknowledged instances lost',
        sum((row) => row.verdict.lost.length),
        '== 0',
      ),
      judge(
        'instances held with another content',
        sum((row) => row.verdict.altered.length),
        '== 0',
      ),
      judge(
        'instances held twice',
        sum((row) => row.verdict.doubled.length),
        '== 0',
      ),
      judge(
        'instances held that nobody sent',
        sum((row) => row.verdict.unexpected.length),
        '== 0',
      ),
      judge(
        'starts that failed, and instances not taken after a fault',
        sum((row) => row.failures.length),
        '== 0',
      ),
      ...real.flatMap((row) => [
        judge(`acknowledged: ${row.fault}`, row.verdict.acknowledged, '>= 1'),
        judge(`inflicted: ${row.fault}`, row.fired, '>= 1'),
      ]),
      ...tried
        .filter((row) => row.mustLose === true)
        .map((row) => judge(`lost: ${row.fault}`, row.verdict.lost.length, '>= 1')),
    ],
  }
}

function resultOf(row: FaultRow): HarnessReport['results'][number] {
  if (row.skipped !== undefined) return { fault: row.fault, note: `skipped: ${row.skipped}` }
  const { verdict } = row
  return {
    fault: row.fault,
    points: row.points,
    inflicted: row.fired,
    acknowledged: verdict.acknowledged,
    recovered: verdict.recovered,
    lost: verdict.lost.length,
    doubled: verdict.doubled.length,
    altered: verdict.altered.length,
    answers: Object.entries(row.answers)
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([status, count]) => `${status}: ${count}`)
      .join(', '),
    seconds: Math.round(row.seconds * 10) / 10,
    note: [...new Set(row.failures)].slice(0, 3).join('; ').slice(0, 300),
  }
}
