import { Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { quarantineList } from '../../contract/local-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { formatBytes, formatInstant, shorten } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'

/** What is kept but not used, and why. */
export function QuarantinePage() {
  const query = useQuery({
    queryKey: ['quarantine'],
    queryFn: ({ signal }) => getJson('/api/quarantine', quarantineList, signal),
  })
  return (
    <>
      <Title order={1} size="h2">
        Quarantine
      </Title>
      <Text size="sm" c="dark.2" mb="md">
        Received and kept as it came, but not used: no score, no result, nothing sent.
      </Text>
      <Loaded query={query} what="the quarantine">
        {({ entries }) =>
          entries.length === 0 ? (
            <EmptyPanel
              title="Nothing is in quarantine."
              hint="What cannot be de-identified or read safely appears here, with the reason."
            />
          ) : (
            <DataTable
              caption="Quarantined objects"
              rows={entries}
              rowKey={(row) => String(row.quarantine)}
              columns={[
                { heading: 'Reason', cell: (row) => row.reason },
                { heading: 'Found at', cell: (row) => row.stage },
                {
                  heading: 'Study',
                  cell: (row) => (row.study === null ? '–' : <span className="mono">{shorten(row.study)}</span>),
                },
                { heading: 'From', cell: (row) => row.callingAeTitle },
                { heading: 'Size', cell: (row) => formatBytes(row.bytes), numeric: true },
                { heading: 'Since', cell: (row) => formatInstant(row.at) },
              ]}
            />
          )
        }
      </Loaded>
    </>
  )
}
