import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { deviceList } from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { formatInstant } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { StateMark } from '../../shared/state-mark.tsx'
import { PageHead } from '../page-head.tsx'

/** Every box, as it reports itself. */
export function FleetPage() {
  const query = useQuery({
    queryKey: ['devices'],
    queryFn: ({ signal }) => getJson('/api/devices', deviceList, signal),
  })
  return (
    <>
      <PageHead
        title="Fleet"
        question="Which boxes are there, are they connected, and what do they say that they run?"
      />
      <Loaded query={query} what="the fleet">
        {({ devices }) =>
          devices.length === 0 ? (
            <EmptyPanel title="No device is enrolled." hint="A device joins with a certificate of this hub." />
          ) : (
            <DataTable
              caption="Devices"
              rows={devices}
              rowKey={(row) => row.device}
              columns={[
                {
                  heading: 'Device',
                  cell: (row) => (
                    <Link to="/devices/$device" params={{ device: row.device }}>
                      {row.device}
                    </Link>
                  ),
                },
                { heading: 'Link', cell: (row) => <LinkMark connected={row.connected} state={row.state} /> },
                {
                  heading: 'Last seen',
                  cell: (row) => (row.lastSeenAt === null ? 'never' : formatInstant(row.lastSeenAt)),
                },
                { heading: 'Software', cell: (row) => row.softwareVersion ?? '–' },
                {
                  heading: 'Runs, by its own report',
                  cell: (row) =>
                    row.models.map(({ model, state }) => `${model.name} ${model.version} (${state})`).join(', ') || '–',
                },
                { heading: 'Alarms', cell: (row) => row.alarms, numeric: true },
              ]}
            />
          )
        }
      </Loaded>
    </>
  )
}

function LinkMark({ connected, state }: { readonly connected: boolean; readonly state: string }) {
  if (state === 'revoked') return <StateMark tone="refused">revoked</StateMark>
  return connected ? <StateMark tone="good">connected</StateMark> : <StateMark tone="attention">away</StateMark>
}
