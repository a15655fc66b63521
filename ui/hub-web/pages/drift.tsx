import '../../shared/no-eval.ts'
import { driftAlertList, driftList } from '../../contract/hub-api.ts'
import { type Choice, Choices } from '../../shared/choices.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { wordsOf } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'
import { DriftAlerts } from '../drift-alerts.tsx'
import { DriftGroups, newestGroups } from '../drift-groups.tsx'
import {
  byShift,
  type DriftRow,
  type DriftSearch,
  meaningOf,
  siteOf,
  VERDICT_TONES,
  VERDICTS,
  windowWords,
} from '../drift-words.ts'
import { HistogramPair } from '../histogram-pair.tsx'
import { VersionLink } from '../marks.tsx'

/** One line per feature against its reference, number and window always beside the verdict; or what waits, or the groups. */
export function DriftPage({ view }: { readonly view: DriftSearch }) {
  const query = useAnswer('drift', '/api/drift', driftList)
  const alerts = useAnswer('drift-alerts', '/api/drift/alerts', driftAlertList)
  const open = alerts.data?.alerts.filter(({ settledAt }) => settledAt === null)
  const groups = query.data && newestGroups(query.data.groups)
  const all = query.data?.features
  const rows = all && byShift(all.filter((row) => view.verdict === undefined || row.verdict === view.verdict))
  return (
    <>
      <PageHead
        name="Drift"
        question="Do the studies that arrive still look like those the model was made from? The limit is 1: a stability index 0.25 beyond chance, or a change of positives that matters, both only when chance is ruled out among all features of the site and window."
        queries={[query, alerts]}
      />
      <div className="toolbar">
        <Choices caption="Verdict" to="/drift" choices={verdictChoices(all)} />
        <Choices
          caption="What waits, and features together"
          to="/drift"
          choices={[
            { name: 'alerts', search: { show: 'alerts' }, count: open?.length ?? null },
            { name: 'groups', search: { show: 'groups' }, count: groups?.length ?? null },
          ]}
        />
      </div>
      {view.show === 'alerts' && <DriftAlerts open={open} error={alerts.error} />}
      {view.show === 'groups' && <DriftGroups groups={groups} error={query.error} />}
      {view.show === undefined && (
        <DataTable
          caption="The drift figures"
          rows={rows}
          rowKey={(row) => `${row.device}/${row.model.digest}/${row.feature}/${row.window.from}/${row.window.to}`}
          error={query.error}
          columns={COLUMNS}
          fills
          empty={<Nothing filtered={view.verdict !== undefined && (all?.length ?? 0) > 0} />}
        />
      )}
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
  { heading: 'Feature', width: 11, cell: (row) => row.feature, wraps: true },
  {
    heading: 'Verdict',
    width: 8,
    cell: ({ verdict }) => <StateMark tone={VERDICT_TONES[verdict]}>{wordsOf(verdict)}</StateMark>,
  },
  { heading: 'Of limit', width: 6, cell: (row) => row.level?.toFixed(2) ?? '–', numeric: true },
  { heading: 'PSI', width: 5, cell: (row) => row.psi?.toFixed(3) ?? '–', numeric: true },
  { heading: 'What it means', width: 13, cell: meaningOf, wraps: true },
  { heading: 'n', width: 5, cell: (row) => row.n, numeric: true },
  { heading: 'Window (UTC)', width: 11, cell: (row) => windowWords(row.window), wraps: true },
  {
    heading: 'Reference (line), now',
    width: 15,
    cell: (row) => <HistogramPair reference={row.reference} current={row.current} />,
  },
  { heading: 'Site', width: 8, cell: (row) => siteOf(row.device), wraps: true },
  { heading: 'Model', width: 11, cell: (row) => <VersionLink model={row.model} />, wraps: true },
]
