import '../../shared/no-eval.ts'
import { Link } from '@tanstack/react-router'
import { type QuarantineList, quarantineList } from '../../contract/local-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatBytes, formatInstant, shorten } from '../../shared/format.ts'
import { Given } from '../../shared/given.tsx'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'
import { reasonWords } from '../reason-words.ts'

type Entry = QuarantineList['entries'][number]

const STAGES: Readonly<Record<Entry['stage'], string>> = {
  intake: 'on arrival',
  deidentify: 'while de-identifying',
  verify: 'by the verifier',
}

/** What is kept but not used, and why. */
export function QuarantinePage() {
  const query = useAnswer('quarantine', '/api/quarantine', quarantineList)
  return (
    <>
      <PageHead
        name="Quarantine"
        question="What is kept as it came but not used, and why? No score, no result, nothing sent."
        queries={[query]}
      />
      <DataTable
        caption="The quarantine"
        rows={query.data?.entries}
        rowKey={(row) => String(row.quarantine)}
        error={query.error}
        columns={COLUMNS}
        fills
        empty={
          <EmptyPanel
            title="Nothing is in quarantine."
            hint="What cannot be de-identified or read safely appears here, with the reason."
          />
        }
      />
    </>
  )
}

const COLUMNS: readonly Column<Entry>[] = [
  {
    heading: 'Reason',
    width: 23,
    wraps: true,
    cell: (row) => (
      <StateMark tone="attention">
        <Given words={reasonWords(row.reason)} />
      </StateMark>
    ),
  },
  { heading: 'Stopped', width: 11.5, cell: (row) => STAGES[row.stage] },
  {
    heading: 'Study',
    width: 10,
    cell: (row) =>
      row.study === null ? (
        'no study'
      ) : (
        <Link className="mono" to="/studies/$study" params={{ study: row.study }} search={{}} title={row.study}>
          {shorten(row.study)}
        </Link>
      ),
  },
  { heading: 'From', width: 9, cell: (row) => row.callingAeTitle },
  { heading: 'SOP class', width: 17.5, cell: (row) => <span className="mono">{row.sopClassUid}</span> },
  { heading: 'Size', width: 7, cell: (row) => formatBytes(row.bytes), numeric: true },
  { heading: 'Since', width: 13, cell: (row) => formatInstant(row.at) },
]
