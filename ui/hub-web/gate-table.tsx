import type { GateResult } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { wordsOf } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'
import { StateMark } from '../shared/state-mark.tsx'

/** Gates with what was measured, on how many cases, and the verdict. */
export function GateTable({ gates }: { readonly gates: readonly GateResult[] }) {
  return (
    <DataTable
      caption="The gates"
      rows={gates}
      rowKey={(row) => row.name}
      columns={COLUMNS}
      compact
      empty={<EmptyPanel title="No gate was reached." hint="Gates are judged after training." />}
    />
  )
}

const COLUMNS: readonly Column<GateResult>[] = [
  { heading: 'Gate', width: 16, cell: (row) => wordsOf(row.name) },
  { heading: 'Wanted', width: 21, wraps: true, cell: wantedOf },
  { heading: 'Measured', width: 7.5, cell: (row) => short(row.value), numeric: true },
  {
    heading: 'Interval',
    width: 9,
    cell: ({ low, high }) => (low === null || high === null ? '–' : `${short(low)}–${short(high)}`),
    numeric: true,
  },
  { heading: 'Cases', width: 5.5, cell: (row) => row.cases ?? '–', numeric: true },
  { heading: 'Verdict', width: 10.5, cell: (gate) => <Verdict gate={gate} /> },
]

function wantedOf({ wanted, detail, holds, outcome }: GateResult): string {
  const said = [
    ...(detail === null ? [] : [detail]),
    ...(outcome === 'not-evaluable' && holds ? ['let through as declared'] : []),
  ]
  return said.length === 0 ? wanted : `${wanted} (${said.join('; ')})`
}

function Verdict({ gate: { holds, outcome } }: { readonly gate: GateResult }) {
  if (outcome === 'not-evaluable') {
    return <StateMark tone={holds ? 'attention' : 'refused'}>not evaluable</StateMark>
  }
  return <StateMark tone={holds ? 'good' : 'refused'}>{holds ? 'holds' : 'does not hold'}</StateMark>
}

function short(value: number | null): string {
  return value === null ? '–' : Number(value.toPrecision(3)).toString()
}
