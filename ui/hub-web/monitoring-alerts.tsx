import type { UseQueryResult } from '@tanstack/react-query'
import { type MonitoringAlert, type MonitoringAlertList, monitoringAlertList } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { formatInstant } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'
import { useAnswer } from '../shared/queries.ts'
import { StateMark } from '../shared/state-mark.tsx'
import { PRIORITY_TONES, siteOf } from './drift-words.ts'
import { VersionLink } from './marks.tsx'
import { SettleForm } from './settle-form.tsx'

type Watched = 'performance' | 'fairness'

const areaOf = (about: Watched): string => `${about}-alerts`
const pathOf = (about: Watched): string => `/api/${about}/alerts`

/** The alerts; asked once, however many ask here. */
export function useMonitoringAlerts(about: Watched): UseQueryResult<MonitoringAlertList> {
  return useAnswer(areaOf(about), pathOf(about), monitoringAlertList)
}

/** What waits for a person; each alert unfolds to what was found and can be settled there. */
export function MonitoringAlerts({ about, hint }: { readonly about: Watched; readonly hint: string }) {
  const query = useMonitoringAlerts(about)
  return (
    <DataTable
      caption={`Alerts about ${about}`}
      rows={query.data?.alerts.filter(({ settledAt }) => settledAt === null)}
      rowKey={(row) => row.alert}
      error={query.error}
      columns={COLUMNS}
      detail={{
        name: (row) => `${row.what} at ${siteOf(row.device)}`,
        content: (row) => (
          <>
            <p>{row.detail.join('; ')}</p>
            <SettleForm path={pathOf(about)} alert={row.alert} area={areaOf(about)} />
          </>
        ),
      }}
      empty={<EmptyPanel title="No alert waits for a person." hint={hint} />}
    />
  )
}

const COLUMNS: readonly Column<MonitoringAlert>[] = [
  {
    heading: 'Priority',
    width: 7,
    cell: ({ priority }) => <StateMark tone={PRIORITY_TONES[priority]}>{priority}</StateMark>,
  },
  { heading: 'About', width: 15, cell: (row) => row.what.replaceAll('-', ' ') },
  { heading: 'Finding', width: 10, cell: (row) => row.finding },
  { heading: 'Site', width: 11, cell: (row) => siteOf(row.device) },
  { heading: 'Model', width: 14, cell: (row) => <VersionLink model={row.model} /> },
  { heading: 'Raised', width: 13, cell: (row) => formatInstant(row.raisedAt) },
]
