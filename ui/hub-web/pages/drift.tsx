import '../../shared/no-eval.ts'
import { driftList } from '../../contract/hub-api.ts'
import { type Choice, Choices } from '../../shared/choices.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { wordsOf } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'
import { byShift, type DriftRow, type DriftSearch, VERDICT_TONES, VERDICTS } from '../drift-words.ts'
import { HistogramPair } from '../histogram-pair.tsx'
import { VersionLink } from '../marks.tsx'

/** One line per feature against its reference; number and window always beside the verdict. */
export function DriftPage({ view }: { readonly view: DriftSearch }) {
  const query = useAnswer('drift', '/api/drift', driftList)
  const all = query.data?.features
  const rows = all && byShift(all.filter((row) => view.verdict === undefined || row.verdict === view.verdict))
  return (
    <>
      <PageHead
        name="Drift"
        question="Do the studies that arrive still look like those the model was made from? Moderate from PSI 0.1, major from 0.25, both only when the difference is significant."
        queries={[query]}
      />
      <div className="toolbar">
        <Choices caption="Verdict" to="/drift" choices={verdictChoices(all)} />
      </div>
      <DataTable
        caption="The drift figures"
        rows={rows}
        rowKey={(row) => `${row.device}/${row.model.digest}/${row.feature}/${row.month}`}
        error={query.error}
        columns={COLUMNS}
        fills
        empty={<Nothing filtered={view.verdict !== undefined && (all?.length ?? 0) > 0} />}
      />
    </>
  )
}

function Nothing({ filtered }: { readonly filtered: boolean }) {
  return filtered ? (
    <EmptyPanel title="No feature has this verdict." hint="Choose “all” to see every feature." />
  ) : (
    <EmptyPanel
      title="No counts have left a site yet."
      hint="Counts leave in cells of 11 or more; smaller ones wait at the site."
    />
  )
}

function verdictChoices(rows: readonly DriftRow[] | undefined): Choice[] {
  return [
    { name: 'all', search: {}, count: rows?.length ?? null },
    ...VERDICTS.map((verdict) => ({
      name: wordsOf(verdict),
      search: { verdict },
      count: rows?.filter((row) => row.verdict === verdict).length ?? null,
    })),
  ]
}

const COLUMNS: readonly Column<DriftRow>[] = [
  { heading: 'Feature', width: 13, cell: (row) => row.feature },
  {
    heading: 'Verdict',
    width: 9,
    cell: ({ verdict }) => <StateMark tone={VERDICT_TONES[verdict]}>{wordsOf(verdict)}</StateMark>,
  },
  { heading: 'PSI', width: 6, cell: (row) => row.psi?.toFixed(3) ?? '–', numeric: true },
  { heading: 'Chi-square p', width: 9, cell: (row) => row.chiSquareP?.toPrecision(2) ?? '–', numeric: true },
  { heading: 'n', width: 6, cell: (row) => row.n, numeric: true },
  { heading: 'Month', width: 7, cell: (row) => row.month },
  {
    heading: 'Reference (line), now (filled)',
    width: 18,
    cell: (row) => <HistogramPair reference={row.reference} current={row.current} />,
  },
  { heading: 'Device', width: 11, cell: (row) => row.device },
  { heading: 'Model', width: 14, cell: (row) => <VersionLink model={row.model} /> },
]
