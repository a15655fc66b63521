import '../../shared/no-eval.ts'
import { modelList, type VersionSummary } from '../../contract/hub-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant, formatInterval } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { VersionLink, VersionMark } from '../marks.tsx'

/** All model versions. States follow from signatures; nobody can write them. */
export function RegistryPage() {
  const query = useAnswer('models', '/api/models', modelList)
  return (
    <>
      <PageHead
        name="Registry"
        question="Which versions exist, how good are they, and which of them may run?"
        queries={[query]}
      />
      <DataTable
        caption="The registry"
        rows={query.data?.versions}
        rowKey={(row) => row.model.digest}
        error={query.error}
        columns={COLUMNS}
        fills
        empty={<EmptyPanel title="No model yet." hint="Import a package, or train one from labels." />}
      />
    </>
  )
}

const COLUMNS: readonly Column<VersionSummary>[] = [
  { heading: 'Version', width: 16, cell: (row) => <VersionLink model={row.model} /> },
  { heading: 'State', width: 12, cell: (row) => <VersionMark state={row.state} /> },
  {
    heading: 'Headline figure (interval)',
    width: 20,
    cell: ({ headline }) =>
      headline === null ? 'none' : `${headline.name} ${formatInterval(headline.value, headline.low, headline.high)}`,
  },
  {
    heading: 'On',
    width: 9,
    cell: ({ headline }) => (headline === null ? '–' : `${headline.split}, n ${headline.cases ?? 'unknown'}`),
  },
  { heading: 'Active on', width: 7, cell: (row) => row.activeOn, numeric: true },
  { heading: 'Release', width: 6, cell: (row) => row.releaseCounter, numeric: true },
  { heading: 'Author', width: 10, cell: (row) => row.author },
  { heading: 'Created', width: 13, cell: (row) => formatInstant(row.createdAt) },
]
