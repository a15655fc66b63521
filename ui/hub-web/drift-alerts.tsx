import type { DriftAlertList } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { formatInstant } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'
import { StateMark } from '../shared/state-mark.tsx'
import { PRIORITY_TONES, siteOf } from './drift-words.ts'
import { SettleForm } from './settle-form.tsx'

type Alert = DriftAlertList['alerts'][number]

/** What waits for a person, the most urgent first; each unfolds to what can be done about it. */
export function DriftAlerts({ open, error }: { readonly open: readonly Alert[] | undefined; readonly error: unknown }) {
  return (
    <DataTable
      caption="Drift alerts"
      rows={open?.toSorted((a, b) => a.priority.localeCompare(b.priority) || b.raisedAt.localeCompare(a.raisedAt))}
      rowKey={(row) => row.alert}
      error={error}
      columns={COLUMNS}
      fills
      detail={{
        name: (row) => `${row.feature} at ${siteOf(row.device)}`,
        content: (row) => <WhatToDo alert={row} />,
      }}
      empty={
        <EmptyPanel
          title="No alert waits for a person."
          hint="An alert is raised when a limit was passed in two of three windows."
        />
      }
    />
  )
}

function WhatToDo({ alert }: { readonly alert: Alert }) {
  return (
    <>
      <p>{alert.advice}</p>
      <SettleForm path="/api/drift/alerts" alert={alert.alert} area="drift-alerts" />
    </>
  )
}

const COLUMNS: readonly Column<Alert>[] = [
  {
    heading: 'Priority',
    width: 7,
    cell: ({ priority }) => <StateMark tone={PRIORITY_TONES[priority]}>{priority}</StateMark>,
  },
  { heading: 'What moved', width: 14, cell: (row) => row.feature },
  { heading: 'Test', width: 7, cell: (row) => row.test },
  { heading: 'Site', width: 11, cell: (row) => siteOf(row.device) },
  { heading: 'Model', width: 14, cell: (row) => `${row.model} ${row.version}` },
  { heading: 'Raised', width: 13, cell: (row) => formatInstant(row.raisedAt) },
  { heading: 'State', width: 9, cell: (row) => (row.clearedAt === null ? 'still there' : 'gone since') },
]
