import { Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { deviceDetail } from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { Facts } from '../../shared/facts.tsx'
import { formatInstant } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { PageHead } from '../page-head.tsx'

/** One box: streams with their watermarks, figures, alarms, and the state of its audit log. */
export function DevicePage({ device }: { readonly device: string }) {
  const query = useQuery({
    queryKey: ['devices', device],
    queryFn: ({ signal }) => getJson(`/api/devices/${encodeURIComponent(device)}`, deviceDetail, signal),
  })
  return (
    <>
      <PageHead title={device} question="What has arrived from this box, and can its log be trusted?" />
      <Loaded query={query} what="the device">
        {({ summary, streams, figures, alarms, audit }) => (
          <Stack gap="lg">
            <Facts
              facts={[
                { name: 'State', value: summary.state },
                { name: 'Last seen', value: summary.lastSeenAt === null ? 'never' : formatInstant(summary.lastSeenAt) },
                { name: 'Software', value: summary.softwareVersion ?? '–' },
                {
                  name: 'Audit log, verified and cosigned',
                  value: audit === null ? 'nothing yet' : `${audit.size} entries`,
                },
                ...Object.entries(figures).map(([name, value]) => ({ name, value })),
              ]}
            />
            <DataTable
              caption="Streams"
              rows={streams}
              rowKey={(row) => `${row.epoch}/${row.stream}`}
              columns={[
                { heading: 'Epoch', cell: (row) => row.epoch, numeric: true },
                { heading: 'Stream', cell: (row) => row.stream },
                { heading: 'Committed up to', cell: (row) => row.watermark, numeric: true },
                { heading: 'Effects', cell: (row) => row.effects, numeric: true },
                { heading: 'Duplicates dropped', cell: (row) => row.duplicates, numeric: true },
                { heading: 'Refused', cell: (row) => row.refused, numeric: true },
              ]}
            />
            <section>
              <Title order={2} size="h4" mb="xs">
                Alarms
              </Title>
              {alarms.length === 0 ? (
                <EmptyPanel title="No alarm." hint="A forged, replayed or inconsistent message appears here." />
              ) : (
                <DataTable
                  caption="Alarms"
                  rows={alarms}
                  rowKey={(row) => `${row.at}/${row.code}/${row.message}`}
                  columns={[
                    { heading: 'Code', cell: (row) => row.code },
                    { heading: 'Message', cell: (row) => row.message },
                    { heading: 'At', cell: (row) => formatInstant(row.at) },
                  ]}
                />
              )}
            </section>
          </Stack>
        )}
      </Loaded>
    </>
  )
}
