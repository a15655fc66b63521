import { describeMachine } from '../../harness/machine.ts'
import { type HarnessReport, judge } from '../../harness/report.ts'
import type { UpdateRow } from './part.ts'

/**
 * The table of all attacks and faults, and one check per row.
 * @param everything true where nothing may be skipped.
 */
export function reportOf(rows: readonly UpdateRow[], everything = false): HarnessReport {
  const tried = rows.filter((row) => row.skipped === undefined)
  return {
    name: 'updates',
    machine: describeMachine(),
    runs: 1,
    results: rows.map((row) => ({
      name: row.name,
      family: row.family,
      expected: row.expected,
      seen: row.seen,
      message: row.skipped === undefined ? row.message : `skipped: ${row.skipped}`,
      verdict: row.skipped !== undefined ? 'skipped' : row.holds ? 'holds' : 'FAILS',
    })),
    checks: [
      ...(everything ? [judge('faults skipped', rows.length - tried.length, '== 0')] : []),
      judge('unapproved versions installed', tried.filter((row) => row.unapprovedInstalled).length, '== 0'),
      ...tried.map((row) => judge(`${row.family}: ${row.name}`, row.holds ? 1 : 0, '== 1')),
    ],
  }
}
