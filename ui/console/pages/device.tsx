import { Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type DeviceStatus, destinationList, deviceStatus, localModelList } from '../../contract/local-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { type Fact, Facts } from '../../shared/facts.tsx'
import { formatBytes, formatInstant, shorten } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { StateMark } from '../../shared/state-mark.tsx'

/** The box: disk, queues, link to the hub, models in force, destinations. */
export function DevicePage() {
  const device = useQuery({
    queryKey: ['device'],
    queryFn: ({ signal }) => getJson('/api/device', deviceStatus, signal),
  })
  return (
    <Stack gap="lg">
      <Title order={1} size="h2">
        Device
      </Title>
      <Loaded query={device} what="the device">
        {(status) => <Facts facts={deviceFacts(status)} />}
      </Loaded>
      <Models />
      <Destinations />
    </Stack>
  )
}

function Models() {
  const query = useQuery({
    queryKey: ['models'],
    queryFn: ({ signal }) => getJson('/api/models', localModelList, signal),
  })
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        Models
      </Title>
      <Loaded query={query} what="the models">
        {({ models }) =>
          models.length === 0 ? (
            <EmptyPanel
              title="No model has arrived."
              hint="Only a version that two people of different roles signed can run here."
            />
          ) : (
            <DataTable
              caption="Models"
              rows={models}
              rowKey={(row) => `${row.model.digest}/${row.state}`}
              columns={[
                { heading: 'Model', cell: (row) => `${row.model.name} ${row.model.version}` },
                {
                  heading: 'State',
                  cell: (row) => (
                    <StateMark tone={row.state === 'active' ? 'good' : row.state === 'refused' ? 'refused' : 'waiting'}>
                      {row.state}
                    </StateMark>
                  ),
                },
                {
                  heading: 'Approved by',
                  cell: (row) =>
                    row.approvals.map((approval) => `${approval.person} (${approval.role})`).join(', ') || '–',
                },
                { heading: 'Message', cell: (row) => row.message ?? '–' },
                {
                  heading: 'Digest',
                  cell: (row) => (
                    <span className="mono" title={row.model.digest}>
                      {shorten(row.model.digest)}
                    </span>
                  ),
                },
                { heading: 'Since', cell: (row) => formatInstant(row.changedAt) },
              ]}
            />
          )
        }
      </Loaded>
    </section>
  )
}

function Destinations() {
  const query = useQuery({
    queryKey: ['destinations'],
    queryFn: ({ signal }) => getJson('/api/destinations', destinationList, signal),
  })
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        Destinations
      </Title>
      <Loaded query={query} what="the destinations">
        {({ destinations }) =>
          destinations.length === 0 ? (
            <EmptyPanel title="Results go nowhere." hint='Name a PACS in settings.json under "destinations".' />
          ) : (
            <DataTable
              caption="Destinations"
              rows={destinations}
              rowKey={(row) => row.name}
              columns={[
                { heading: 'Name', cell: (row) => row.name },
                { heading: 'Address', cell: (row) => `${row.aeTitle}@${row.host}:${row.port}` },

                { heading: 'Waiting', cell: (row) => row.pending, numeric: true },
                { heading: 'Failed', cell: (row) => row.dead.length, numeric: true },
                { heading: 'Last error', cell: (row) => row.dead[0]?.lastError ?? '–' },
              ]}
            />
          )
        }
      </Loaded>
    </section>
  )
}

function deviceFacts(status: DeviceStatus): Fact[] {
  const { link, disk, queues, totals } = status
  return [
    { name: 'Device', value: `${status.device}, version ${status.softwareVersion}` },
    { name: 'DICOM', value: `${status.aeTitle}, port ${status.dimsePort}` },
    {
      name: 'Hub link',
      value: <StateMark tone={link.state === 'connected' ? 'good' : 'attention'}>{link.state}</StateMark>,
    },
    {
      name: 'Last acknowledgement',
      value: link.lastAcknowledgementAt === null ? 'never' : formatInstant(link.lastAcknowledgementAt),
    },
    { name: 'Disk free', value: `${formatBytes(disk.freeBytes)} of ${formatBytes(disk.totalBytes)}` },
    {
      name: 'Oldest waiting work',
      value: status.oldestWaitingSeconds === null ? 'nothing waits' : `${Math.round(status.oldestWaitingSeconds)} s`,
    },
    { name: 'Studies being received', value: queues.receiving },
    { name: 'Studies waiting or running', value: queues.queued + queues.running },
    { name: 'Results waiting', value: queues.deliveriesPending },
    { name: 'Results that failed', value: queues.deliveriesDead },
    { name: 'Envelopes not yet acknowledged', value: queues.unacknowledged },
    {
      name: 'Objects held',
      value: `${totals.instances} (${formatBytes(totals.bytes)}), ${totals.quarantined} in quarantine`,
    },
  ]
}
