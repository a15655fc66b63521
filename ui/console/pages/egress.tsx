import '../../shared/no-eval.ts'
import { Link } from '@tanstack/react-router'
import { type EgressList, egressList } from '../../contract/local-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant, shorten } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'
import { HeldBatches } from '../egress/held-batches.tsx'
import { StudyComparison } from '../egress/study-comparison.tsx'

type Envelope = EgressList['envelopes'][number]
type Stream = EgressList['streams'][number]

const NEWEST = 200

const STATES: Readonly<Record<Envelope['state'], { readonly tone: Tone; readonly words: string }>> = {
  sealed: { tone: 'waiting', words: 'sealed' },
  relayed: { tone: 'working', words: 'with the agent' },
  acknowledged: { tone: 'good', words: 'at the hub' },
  refused: { tone: 'refused', words: 'refused by the hub' },
}

/** Everything that left the site, exactly as it left; of one study when one is named. */
export function EgressPage({ study }: { readonly study: string | undefined }) {
  const path = `/api/egress?limit=${NEWEST}${study === undefined ? '' : `&study=${study}`}`
  const query = useAnswer('egress', path, egressList)
  const data = query.data
  return (
    <>
      <PageHead
        name="What left the site"
        question={
          study === undefined ? (
            `Pseudonyms, codes, numbers and months: the newest ${NEWEST} envelopes. Unfold one to see it exactly as it left.`
          ) : (
            <>
              Only study <span className="mono">{shorten(study)}</span>. <Link to="/egress">Show all</Link>
            </>
          )
        }
        queries={[query]}
      />
      <div className="sections">
        {study !== undefined && <StudyComparison key={study} study={study} />}
        <DataTable
          caption="The streams"
          rows={data?.streams}
          rowKey={(row) => `${row.epoch}/${row.stream}`}
          error={query.error}
          columns={STREAM_COLUMNS}
          empty={<EmptyPanel title="No stream yet." hint="Streams open when the device is enrolled." />}
        />
        {study === undefined && <HeldBatches />}
        {data !== undefined && (
          <>
            <p className="small quiet">
              {data.heldCells === 0
                ? 'No drift count is held back.'
                : `${data.heldCells} drift cells with ${data.heldCounts} counts are held back: cells below 11 stay here.`}
            </p>
            <DataTable
              caption="The envelopes"
              rows={data.envelopes}
              rowKey={(row) => `${row.epoch}/${row.stream}/${row.sequence}`}
              columns={COLUMNS}
              detail={{
                name: (row) => `${row.stream} ${row.sequence}`,
                content: (row) => <pre>{JSON.stringify(row.body, null, 2)}</pre>,
              }}
              empty={
                <EmptyPanel
                  title="Nothing has left yet."
                  hint="The first scored study puts features and scores here."
                />
              }
            />
          </>
        )}
      </div>
    </>
  )
}

const STREAM_COLUMNS: readonly Column<Stream>[] = [
  { heading: 'Stream', width: 14, cell: (row) => row.stream },
  { heading: 'Epoch', width: 6, cell: (row) => row.epoch, numeric: true },
  { heading: 'Sealed', width: 8, cell: (row) => row.sealed, numeric: true },
  { heading: 'With the agent', width: 9, cell: (row) => row.relayed, numeric: true },
  { heading: 'At the hub', width: 8, cell: (row) => row.acknowledged, numeric: true },
  { heading: 'Refused', width: 7, cell: (row) => row.refused, numeric: true },
  { heading: 'Waiting', width: 20, cell: (row) => <Backlog stream={row} /> },
]

const COLUMNS: readonly Column<Envelope>[] = [
  { heading: 'What', width: 14, cell: (row) => row.kind },
  { heading: 'Stream', width: 11, cell: (row) => row.stream },
  { heading: 'Epoch', width: 5, cell: (row) => row.epoch, numeric: true },
  { heading: 'No.', width: 6, cell: (row) => row.sequence, numeric: true },
  {
    heading: 'Study',
    width: 10,
    cell: ({ study }) =>
      study === null ? (
        '–'
      ) : (
        <Link className="mono" to="/egress" search={{ study }} title={study}>
          {shorten(study)}
        </Link>
      ),
  },
  {
    heading: 'State',
    width: 13,
    cell: (row) => <StateMark tone={STATES[row.state].tone}>{STATES[row.state].words}</StateMark>,
  },
  { heading: 'Sealed', width: 13, cell: (row) => formatInstant(row.sealedAt) },
  {
    heading: 'At the hub since',
    width: 13,
    cell: (row) => (row.acknowledgedAt === null ? 'not yet' : formatInstant(row.acknowledgedAt)),
  },
]

function Backlog({ stream }: { readonly stream: Stream }) {
  const waiting = stream.sealed - stream.acknowledged
  return waiting === 0 ? (
    <StateMark tone="good">all at the hub</StateMark>
  ) : (
    <StateMark tone="waiting">{waiting} wait for the hub</StateMark>
  )
}
