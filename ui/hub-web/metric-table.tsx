import type { Metric } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { formatInterval } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'

/** Figures with their intervals and the number of cases: a figure without them says little. */
export function MetricTable({ metrics }: { readonly metrics: readonly Metric[] }) {
  return (
    <DataTable
      caption="The figures"
      rows={metrics}
      rowKey={(row, place) => `${row.split}/${row.name}/${place}`}
      columns={COLUMNS}
      compact
      empty={<EmptyPanel title="No figures." hint="A version without figures cannot pass its gates." />}
    />
  )
}

const COLUMNS: readonly Column<Metric>[] = [
  { heading: 'Figure', width: 18, cell: (row) => row.name },
  { heading: 'On', width: 14, cell: (row) => row.split },
  {
    heading: 'Value (interval)',
    width: 16,
    numeric: true,
    cell: (row) => formatInterval(row.value, row.low, row.high),
  },
  { heading: 'Cases', width: 7, cell: (row) => row.cases ?? '–', numeric: true },
]
