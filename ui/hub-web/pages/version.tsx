import { Code, Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { versionDetail } from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { Facts } from '../../shared/facts.tsx'
import { formatInstant, formatInterval } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { Digest, VersionMark } from '../marks.tsx'
import { PageHead } from '../page-head.tsx'
import { SignatureTable } from '../signature-table.tsx'

/** One version: what it is for, how it was made, how good it is, and who signed it. */
export function VersionPage({ name, version }: { readonly name: string; readonly version: string }) {
  const query = useQuery({
    queryKey: ['models', name, version],
    queryFn: ({ signal }) =>
      getJson(`/api/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`, versionDetail, signal),
  })
  return (
    <>
      <PageHead
        title={`${name} ${version}`}
        question="What is this version for, how was it made, how good is it, and who stands for it?"
      />
      <Loaded query={query} what="the version">
        {({ summary, intendedUse, lineage, metrics, signatures, card }) => (
          <Stack gap="lg">
            <Facts
              facts={[
                { name: 'State', value: <VersionMark state={summary.state} /> },
                { name: 'Intended use', value: intendedUse },
                { name: 'Author', value: summary.author },
                { name: 'Active on', value: `${summary.activeOn} devices` },
                { name: 'Trained by', value: lineage.trainedBy },
                { name: 'Data', value: lineage.dataset },
                { name: 'Patient split', value: lineage.split },
                { name: 'Parent', value: lineage.parent === null ? 'none' : <Digest value={lineage.parent} /> },
                { name: 'Digest', value: <Digest value={summary.model.digest} /> },
                { name: 'Created', value: formatInstant(summary.createdAt) },
              ]}
            />
            <section>
              <Title order={2} size="h4" mb="xs">
                Figures
              </Title>
              {metrics.length === 0 ? (
                <EmptyPanel title="No figures." hint="A version without figures cannot pass its gates." />
              ) : (
                <DataTable
                  caption="Figures"
                  rows={metrics}
                  rowKey={(row) => `${row.split}/${row.name}`}
                  columns={[
                    { heading: 'Figure', cell: (row) => row.name },
                    { heading: 'On', cell: (row) => row.split },
                    { heading: 'Value with interval', cell: (row) => formatInterval(row.value, row.low, row.high) },
                    { heading: 'Cases', cell: (row) => row.cases ?? '–', numeric: true },
                  ]}
                />
              )}
            </section>
            <section>
              <Title order={2} size="h4" mb="xs">
                Signatures
              </Title>
              <SignatureTable signatures={signatures} />
            </section>
            <details>
              <summary>Model card</summary>
              <Code block>{JSON.stringify(card, null, 2)}</Code>
            </details>
          </Stack>
        )}
      </Loaded>
    </>
  )
}
