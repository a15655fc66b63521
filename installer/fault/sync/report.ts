import { describeMachine } from '../../harness/machine.ts'
import { type HarnessReport, judge } from '../../harness/report.ts'
import type { SyncRow } from './part.ts'

const LONGEST_NOTE = 300

/**
 * The table of all rows, and what must hold for them.
 * @param everything true where nothing may be skipped.
 */
export function reportOf(rows: readonly SyncRow[], everything = false): HarnessReport {
  const tried = rows.filter((row) => row.skipped === undefined)
  const real = tried.filter((row) => row.mustSee === undefined)
  const sum = (count: (row: SyncRow) => number): number => real.reduce((total, row) => total + count(row), 0)
  return {
    name: 'sync',
    machine: describeMachine(),
    runs: 1,
    results: rows.map(resultOf),
    checks: [
      ...(everything ? [judge('faults skipped', rows.length - tried.length, '== 0')] : []),
      ...(real.length === 0
        ? []
        : [
            judge(
              'envelopes sent',
              sum((row) => row.verdict.sent),
              '>= 1',
            ),
          ]),
      judge(
        'envelopes lost',
        sum((row) => row.verdict.lost.length),
        '== 0',
      ),
      judge(
        'effects doubled',
        sum((row) => row.verdict.doubled.length),
        '== 0',
      ),
      judge(
        'effects altered or made up',
        sum((row) => row.verdict.altered.length + row.verdict.unexpected.length),
        '== 0',
      ),
      judge(
        'effects out of order within a stream',
        sum((row) => row.verdict.outOfOrder.length),
        '== 0',
      ),
      judge(
        'commits that the source forgot',
        sum((row) => row.verdict.forgotten.length),
        '== 0',
      ),
      judge(
        'epochs whose roots differ between source and hub',
        sum((row) => row.rootsDiffering),
        '== 0',
      ),
      judge(
        'failed starts, and sites that did not come to rest',
        sum((row) => row.failures.length),
        '== 0',
      ),
      ...real.map((row) => judge(`inflicted: ${row.fault}`, row.inflicted, '>= 1')),
      ...tried.flatMap((row) =>
        row.mustSee === undefined
          ? []
          : [
              judge(`seen as ${row.mustSee}: ${row.fault}`, row.verdict[row.mustSee].length, '>= 1'),
              judge(`seen in the roots: ${row.fault}`, row.rootsDiffering, '>= 1'),
            ],
      ),
    ],
  }
}

function resultOf(row: SyncRow): HarnessReport['results'][number] {
  if (row.skipped !== undefined) return { fault: row.fault, note: `skipped: ${row.skipped}` }
  const { verdict } = row
  return {
    fault: row.fault,
    inflicted: row.inflicted,
    sent: verdict.sent,
    received: verdict.received,
    lost: verdict.lost.length,
    doubled: verdict.doubled.length,
    recovered: verdict.recovered,
    'copies dropped': verdict.duplicatesDropped,
    'out of order': verdict.outOfOrder.length,
    'roots equal': row.rootsDiffering === 0,
    'at rest after s': Math.round(row.convergedAfter * 10) / 10,
    seconds: Math.round(row.seconds * 10) / 10,
    note: row.mustSee === undefined ? noteOf(row) : `control: must be seen as ${row.mustSee}`,
  }
}

function noteOf({ verdict, failures }: SyncRow): string {
  const found = Object.entries(verdict).flatMap(([name, list]) =>
    Array.isArray(list) && list.length > 0 ? [`${name}: ${list.slice(0, 3).join(', ')}`] : [],
  )
  return [...failures, ...found].join('; ').slice(0, LONGEST_NOTE)
}
