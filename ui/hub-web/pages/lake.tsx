import '../../shared/no-eval.ts'
import {
  type LakeSnapshotView,
  type LakeStatusView,
  lakeErasures,
  lakeSnapshots,
  lakeStatus,
} from '../../contract/hub-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Digest } from '../../shared/digest.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'

type TableRow = LakeStatusView['tables'][number]
type Account = LakeStatusView['accounts'][number]
type Exclusion = LakeSnapshotView['excluded'][number]
type Erasure = ReturnType<typeof lakeErasures.parse>['erasures'][number]

/** What lies in the lake, and what became of every envelope on the way into a dataset. */
export function LakePage() {
  const status = useAnswer('lake', '/api/lake', lakeStatus)
  const snapshots = useAnswer('lake-snapshots', '/api/lake/snapshots', lakeSnapshots)
  const erasures = useAnswer('lake-erasures', '/api/lake/erasures', lakeErasures)
  // Shown together: a table that grows would push down what stands below it.
  const settled = [status, snapshots, erasures].every(({ isPending }) => !isPending)
  return (
    <>
      <PageHead
        name="Lake"
        question="Is everything here that the sites sent, and what became of it in each dataset? Unfold a dataset for its account."
        queries={[status, snapshots, erasures]}
      />
      <div className="sections">
        <section className="section" aria-label="Datasets">
          <h2>Datasets</h2>
          <DataTable
            caption="The datasets"
            rows={snapshots.data?.snapshots}
            rowKey={(row) => row.digest}
            error={snapshots.error}
            columns={SNAPSHOTS}
            detail={{
              name: (row) => `the ${row.finding} dataset ${row.digest}`,
              content: (row) => <SnapshotAccount snapshot={row} />,
            }}
            empty={<EmptyPanel title="No dataset was taken yet." hint="A training run takes one." />}
          />
        </section>
        {settled ? (
          <>
            <section className="section" aria-label="What came in">
              <h2>What came in</h2>
              <DataTable
                caption="What came in"
                rows={status.data?.accounts}
                rowKey={(row) => `${row.site}/${row.kind}`}
                error={status.error}
                columns={ACCOUNTS}
                empty={
                  <EmptyPanel
                    title="Nothing has come from a site."
                    hint="Envelopes are in the lake a minute after they came."
                  />
                }
              />
            </section>
            <section className="section" aria-label="Tables">
              <h2>Tables</h2>
              <DataTable
                caption="The tables"
                rows={status.data?.tables}
                rowKey={(row) => row.table}
                error={status.error}
                columns={TABLES}
                empty={<EmptyPanel title="There is no table." hint="The hub makes them by itself." />}
              />
            </section>
            <section className="section" aria-label="Erasures">
              <h2>Erasures</h2>
              <DataTable
                caption="The erasures"
                rows={erasures.data?.erasures}
                rowKey={(row) => row.erasure}
                error={erasures.error}
                columns={ERASURES}
                empty={
                  <EmptyPanel
                    title="Nothing was erased."
                    hint="Whoever runs the hub does so with: leadglass lake erase"
                  />
                }
              />
            </section>
          </>
        ) : (
          <LoadingPanel what="what came in" framed />
        )}
      </div>
    </>
  )
}

/** Every envelope under one outcome; the last line is the sum of all. */
function SnapshotAccount({ snapshot }: { readonly snapshot: LakeSnapshotView }) {
  const { rows, envelopes, excluded, noisySites } = snapshot
  const lines: Exclusion[] = [
    { reason: 'rows', words: `rows of ${snapshot.patients} patients, ${snapshot.positives} positive`, envelopes: rows },
    ...excluded,
    { reason: 'all', words: 'all features envelopes that the hub took', envelopes },
  ]
  return (
    <>
      <DataTable
        caption="From envelope to row"
        rows={lines}
        rowKey={(line) => line.reason}
        error={null}
        columns={EXCLUSIONS}
        empty={<EmptyPanel title="No envelope." hint="Nothing had come." />}
      />
      {noisySites.map(({ site, auc, upper }) => (
        <p key={site}>
          {site} was left out: its scores tell its labels apart with an area of {auc.toFixed(3)}, at most{' '}
          {upper.toFixed(3)}.
        </p>
      ))}
    </>
  )
}

const SNAPSHOTS: readonly Column<LakeSnapshotView>[] = [
  { heading: 'Dataset', width: 12, cell: (row) => <Digest value={row.digest} /> },
  { heading: 'Finding', width: 11, cell: (row) => row.finding },
  {
    heading: 'State',
    width: 12,
    cell: ({ state }) =>
      state === 'intact' ? (
        <StateMark tone="good">intact</StateMark>
      ) : (
        <StateMark tone="attention">altered by erasure</StateMark>
      ),
  },
  { heading: 'Rows', width: 7, cell: (row) => row.rows, numeric: true },
  { heading: 'Envelopes', width: 8, cell: (row) => row.envelopes, numeric: true },
  { heading: 'Left out', width: 8, cell: (row) => row.envelopes - row.rows, numeric: true },
  { heading: 'Taken', width: 13, cell: (row) => formatInstant(row.createdAt) },
]

const EXCLUSIONS: readonly Column<Exclusion>[] = [
  { heading: 'Envelopes', width: 8, cell: (line) => line.envelopes, numeric: true },
  { heading: 'Became', width: 40, cell: (line) => line.words },
]

const ACCOUNTS: readonly Column<Account>[] = [
  { heading: 'Site', width: 13, cell: (row) => row.site },
  { heading: 'Envelopes of', width: 13, cell: (row) => row.kind },
  { heading: 'Taken', width: 8, cell: (row) => row.envelopes, numeric: true },
  { heading: 'In the lake', width: 8, cell: (row) => row.rows, numeric: true },
  { heading: 'Erased', width: 7, cell: (row) => row.erased, numeric: true },
  {
    heading: 'Account',
    width: 10,
    cell: ({ balanced }) =>
      balanced ? <StateMark tone="good">adds up</StateMark> : <StateMark tone="refused">does not add up</StateMark>,
  },
]

const TABLES: readonly Column<TableRow>[] = [
  { heading: 'Table', width: 11, cell: (row) => row.table },
  { heading: 'Rows', width: 9, cell: (row) => row.rows, numeric: true },
  { heading: 'Files', width: 7, cell: (row) => row.files, numeric: true },
  { heading: 'Bytes', width: 10, cell: (row) => row.bytes, numeric: true },
  { heading: 'Version', width: 7, cell: (row) => row.version, numeric: true },
  { heading: 'Digest', width: 12, cell: (row) => (row.digest === null ? '–' : <Digest value={row.digest} />) },
]

const ERASURES: readonly Column<Erasure>[] = [
  { heading: 'Begun', width: 13, cell: (row) => formatInstant(row.begunAt) },
  { heading: 'Site', width: 12, cell: (row) => row.site },
  { heading: 'By', width: 10, cell: (row) => row.requestedBy },
  { heading: 'Reason', width: 20, cell: (row) => row.reason },
  { heading: 'Envelopes', width: 8, cell: (row) => row.envelopes, numeric: true },
  { heading: 'Datasets', width: 8, cell: (row) => row.report?.snapshots.length ?? '–', numeric: true },
  { heading: 'State', width: 9, cell: (row) => (row.finishedAt === null ? 'under way' : 'done') },
]
