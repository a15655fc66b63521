import { Link } from '@tanstack/react-router'
import { type DeviceSummary, deviceList } from '../../contract/hub-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'

/** Every box, as it reports itself. */
export function FleetPage() {
  const query = useAnswer('devices', '/api/devices', deviceList)
  return (
    <>
      <PageHead
        name="Fleet"
        question="Which boxes are there, are they connected, and what do they say that they run?"
        queries={[query]}
      />
      <DataTable
        caption="The fleet"
        rows={query.data?.devices}
        rowKey={(row) => row.device}
        error={query.error}
        columns={COLUMNS}
        fills
        empty={<EmptyPanel title="No device is enrolled." hint="A device joins with a certificate of this hub." />}
      />
    </>
  )
}

/** Whether a device is there, in a word. */
export function LinkMark({ connected, state }: Pick<DeviceSummary, 'connected' | 'state'>) {
  if (state === 'revoked') return <StateMark tone="refused">revoked</StateMark>
  if (state === 'held') return <StateMark tone="refused">held</StateMark>
  return connected ? <StateMark tone="good">connected</StateMark> : <StateMark tone="attention">away</StateMark>
}

const COLUMNS: readonly Column<DeviceSummary>[] = [
  {
    heading: 'Device',
    width: 15,
    cell: ({ device }) => (
      <Link to="/devices/$device" params={{ device }}>
        {device}
      </Link>
    ),
  },
  { heading: 'Link', width: 9, cell: (row) => <LinkMark connected={row.connected} state={row.state} /> },
  {
    heading: 'Last seen',
    width: 13,
    cell: ({ lastSeenAt }) => (lastSeenAt === null ? 'never' : formatInstant(lastSeenAt)),
  },
  { heading: 'Software', width: 8, cell: (row) => row.softwareVersion ?? '–' },
  {
    heading: 'Runs, by its own report',
    width: 30,
    cell: ({ models }) =>
      models.map(({ model, state }) => `${model.name} ${model.version} (${state})`).join(', ') || 'nothing reported',
  },
  {
    heading: 'Alarms',
    width: 8,
    cell: ({ alarms }) =>
      alarms === 0 ? <span className="quiet">none</span> : <StateMark tone="attention">{alarms}</StateMark>,
  },
]
