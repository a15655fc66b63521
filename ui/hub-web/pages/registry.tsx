import { useQuery } from '@tanstack/react-query'
import { modelList } from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { formatInstant, formatInterval } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { Digest, VersionLink, VersionMark } from '../marks.tsx'
import { PageHead } from '../page-head.tsx'

/** All model versions. States follow from signatures; nobody can write them. */
export function RegistryPage() {
  const query = useQuery({
    queryKey: ['models'],
    queryFn: ({ signal }) => getJson('/api/models', modelList, signal),
  })
  return (
    <>
      <PageHead title="Registry" question="Which versions exist, how good are they, and which of them may run?" />
      <Loaded query={query} what="the registry">
        {({ versions }) =>
          versions.length === 0 ? (
            <EmptyPanel title="No model yet." hint="Import a package, or train one from labels." />
          ) : (
            <DataTable
              caption="Model versions"
              rows={versions}
              rowKey={(row) => row.model.digest}
              columns={[
                { heading: 'Version', cell: (row) => <VersionLink model={row.model} /> },
                { heading: 'State', cell: (row) => <VersionMark state={row.state} /> },
                {
                  heading: 'Headline figure',
                  cell: ({ headline }) =>
                    headline === null
                      ? '–'
                      : `${headline.name} ${formatInterval(headline.value, headline.low, headline.high)} on ${headline.split}`,
                },
                { heading: 'Author', cell: (row) => row.author },
                { heading: 'Active on', cell: (row) => row.activeOn, numeric: true },
                { heading: 'Release', cell: (row) => row.releaseCounter, numeric: true },
                { heading: 'Digest', cell: (row) => <Digest value={row.model.digest} /> },
                { heading: 'Created', cell: (row) => formatInstant(row.createdAt) },
              ]}
            />
          )
        }
      </Loaded>
    </>
  )
}
