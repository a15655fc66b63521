import '../../shared/no-eval.ts'
import { modelList, type VersionComparison, versionComparison } from '../../contract/hub-api.ts'
import { SelectField } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInterval } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, FailurePanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'

/** Which two versions stand side by side; null until a person chose. */
export interface ComparisonView {
  readonly first?: string | undefined
  readonly second?: string | undefined
}

/** Two versions of a model side by side: figures with intervals, parameters, what else the cards say. */
export function ComparisonPage({
  name,
  view,
  onView,
}: {
  readonly name: string
  readonly view: ComparisonView
  readonly onView: (view: ComparisonView) => void
}) {
  const list = useAnswer('models', '/api/models', modelList)
  const versions = (list.data?.versions ?? []).filter((one) => one.model.name === name).map((one) => one.model.version)
  const second = view.second ?? versions[0]
  const first = view.first ?? versions.find((version) => version !== second) ?? second
  return (
    <>
      <PageHead name={`${name}: comparison`} question="What changed between two versions?" queries={[list]} />
      <div className="sections">
        <section className="section">
          <h2>Versions</h2>
          <div className="act-form">
            <Choice label="First" value={first} versions={versions} onChoose={(of) => onView({ first: of, second })} />
            <Choice
              label="Second"
              value={second}
              versions={versions}
              onChoose={(of) => onView({ first, second: of })}
            />
          </div>
        </section>
        {first !== undefined && second !== undefined && <Compared name={name} first={first} second={second} />}
      </div>
    </>
  )
}

function Choice({
  label,
  value,
  versions,
  onChoose,
}: {
  readonly label: string
  readonly value: string | undefined
  readonly versions: readonly string[]
  readonly onChoose: (version: string) => void
}) {
  return (
    <SelectField
      label={label}
      value={value ?? ''}
      options={versions.map((version) => ({ value: version, label: version }))}
      onChange={(event) => onChoose(event.target.value)}
    />
  )
}

function Compared({ name, first, second }: { readonly name: string; readonly first: string; readonly second: string }) {
  const search = new URLSearchParams({ first, second })
  const query = useAnswer(
    'models',
    `/api/models/${encodeURIComponent(name)}/comparison?${search.toString()}`,
    versionComparison,
  )
  if (query.data === undefined && query.error !== null) return <FailurePanel error={query.error} framed />
  // The first table stands before its rows, and the others come below it, so that nothing moves when the answer comes.
  return (
    <>
      <Figures title="Figures" rows={query.data?.figures.filter((one) => one.subgroup === null)} />
      {query.data !== undefined && (
        <>
          <Figures title="Subgroups" rows={query.data.figures.filter((one) => one.subgroup !== null)} />
          <Differences title="Parameters" rows={query.data.parameters} />
          <Differences title="Cards" rows={query.data.card} />
        </>
      )}
    </>
  )
}

type Figure = VersionComparison['figures'][number]
type Difference = VersionComparison['card'][number]

function Figures({ title, rows }: { readonly title: string; readonly rows: readonly Figure[] | undefined }) {
  return (
    <section className="section">
      <h2>{title}</h2>
      <DataTable
        caption={title}
        rows={rows}
        rowKey={(row, place) => `${row.name}/${row.split}/${place}`}
        columns={FIGURE_COLUMNS}
        compact
        empty={<EmptyPanel title="No figures." hint="Neither card has any." />}
      />
    </section>
  )
}

function Differences({ title, rows }: { readonly title: string; readonly rows: readonly Difference[] }) {
  return (
    <section className="section">
      <h2>{title}</h2>
      <DataTable
        caption={`Differences: ${title}`}
        rows={rows}
        rowKey={(row) => row.path}
        columns={DIFFERENCE_COLUMNS}
        compact
        empty={<EmptyPanel title="No difference." hint="Both say the same." />}
      />
    </section>
  )
}

const bounds = (of: Figure['first']): string => (of === null ? '–' : formatInterval(of.value, of.low, of.high))

const FIGURE_COLUMNS: readonly Column<Figure>[] = [
  { heading: 'Figure', width: 16, cell: (row) => row.name },
  { heading: 'On', width: 12, cell: (row) => row.split },
  { heading: 'First', width: 14, numeric: true, cell: (row) => bounds(row.first) },
  { heading: 'Second', width: 14, numeric: true, cell: (row) => bounds(row.second) },
  { heading: 'Difference', width: 8, numeric: true, cell: (row) => row.difference?.toFixed(3) ?? '–' },
  {
    heading: 'Intervals',
    width: 8,
    cell: (row) => (row.overlap === null ? 'none' : row.overlap ? 'overlap' : 'apart'),
  },
]

const DIFFERENCE_COLUMNS: readonly Column<Difference>[] = [
  { heading: 'Where', width: 16, cell: (row) => row.path },
  { heading: 'First', width: 24, cell: (row) => row.first ?? '–' },
  { heading: 'Second', width: 24, cell: (row) => row.second ?? '–' },
]
