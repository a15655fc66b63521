import { Code, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type EgressList, egressList } from '../../contract/local-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { Facts } from '../../shared/facts.tsx'
import { formatInstant, shorten } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'

/** Everything that left the building, exactly as it left. */
export function EgressPage() {
  const query = useQuery({
    queryKey: ['egress'],
    queryFn: ({ signal }) => getJson('/api/egress?limit=200', egressList, signal),
  })
  return (
    <Stack gap="md">
      <div>
        <Title order={1} size="h2">
          What left the building
        </Title>
        <Text size="sm" c="dark.2">
          Pseudonyms, codes, numbers and months. Open a row to see it exactly as it left.
        </Text>
      </div>
      <Loaded query={query} what="the egress log">
        {(egress) => (
          <>
            <Facts
              facts={[
                ...egress.streams.map((stream) => ({
                  name: `${stream.stream}, epoch ${stream.epoch}`,
                  value: `${stream.acknowledged} of ${stream.sealed} acknowledged${stream.refused > 0 ? `, ${stream.refused} refused` : ''}`,
                })),
                { name: 'Small cells held back', value: egress.heldCells },
              ]}
            />
            <Envelopes envelopes={egress.envelopes} />
          </>
        )}
      </Loaded>
    </Stack>
  )
}

function Envelopes({ envelopes }: { readonly envelopes: EgressList['envelopes'] }) {
  if (envelopes.length === 0) {
    return <EmptyPanel title="Nothing has left yet." hint="The first scored study puts features and scores here." />
  }
  return (
    <DataTable
      caption="Envelopes"
      rows={envelopes}
      rowKey={(row) => `${row.epoch}/${row.stream}/${row.sequence}`}
      columns={[
        { heading: 'Stream', cell: (row) => row.stream },
        { heading: 'No.', cell: (row) => row.sequence, numeric: true },
        {
          heading: 'What',
          cell: (row) => (
            <details>
              <summary>{row.kind}</summary>
              <Code block>{JSON.stringify(row.body, null, 2)}</Code>
            </details>
          ),
        },
        {
          heading: 'Study',
          cell: (row) => (row.study === null ? '–' : <span className="mono">{shorten(row.study)}</span>),
        },
        { heading: 'State', cell: (row) => row.state },
        { heading: 'Sealed', cell: (row) => formatInstant(row.sealedAt) },
      ]}
    />
  )
}
