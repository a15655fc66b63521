import '../../shared/no-eval.ts'
import { useState } from 'react'
import { type AuditMatchesView, type AuditQueryView, auditMatches, deviceList } from '../../contract/hub-api.ts'
import { Button } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { useSession } from '../../shared/session.ts'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'
import { queryString, readEvent, type ShownEvent } from '../audit-event.ts'
import { ExportButton, ProofButton } from '../audit-export.tsx'
import { AuditSearchForm } from '../audit-search-form.tsx'
import { SavedViews } from '../audit-views.tsx'

type Entry = AuditMatchesView['entries'][number]

const PAGE = '100'

/** Who may take a log away; the hub holds it as well. */
const EXPORTERS: ReadonlySet<string> = new Set(['auditor', 'operator'])

export interface AuditPageProps {
  readonly query: AuditQueryView
  readonly onQuery: (query: AuditQueryView) => void
}

/** Entries of the hub's log and of the devices' logs as the hub has mirrored and verified them, newest first. */
export function AuditPage({ query, onQuery }: AuditPageProps) {
  // The address alone says what is searched for; a changed search begins at its first page with fields of its own.
  return <AuditResults key={queryString(query)} query={query} onQuery={onQuery} />
}

function AuditResults({ query, onQuery }: AuditPageProps) {
  const { role } = useSession()
  const devices = useAnswer('devices', '/api/devices', deviceList)
  const [pages, setPages] = useState<readonly string[]>([])
  const after = pages.at(-1)
  const asked = queryString(query, { limit: PAGE, ...(after === undefined ? {} : { after }) })
  const found = useAnswer('audit', `/api/audit/search?${asked}`, auditMatches, false)
  const next = found.data?.next ?? null
  return (
    <>
      <PageHead
        name="Audit"
        question={
          <>
            Who did what, and can it be proven? An export brings <code>verify.mjs</code>, which verifies it offline
          </>
        }
        queries={[found]}
      />
      <AuditSearchForm query={query} logs={devices.data?.devices.map(({ device }) => device) ?? []} onQuery={onQuery} />
      <div className="toolbar">
        <SavedViews query={query} onQuery={onQuery} />
        {EXPORTERS.has(role) && <ExportButton query={query} />}
      </div>
      <DataTable
        caption="The log"
        rows={found.data?.entries}
        rowKey={(row) => `${row.log} ${row.index}`}
        error={found.error}
        columns={COLUMNS}
        detail={{
          name: (row) => `entry ${row.index} of ${row.log}`,
          content: (row) => (
            <>
              <pre>{JSON.stringify(row.event, null, 2)}</pre>
              <p className="mono quiet">leaf hash {row.hash}</p>
              <ProofButton log={row.log} index={row.index} />
            </>
          ),
        }}
        fills
        empty={<EmptyPanel title="No entry matches." hint="Clear the search to see every entry, newest first." />}
      />
      <div className="toolbar">
        <Button small disabled={pages.length === 0} onClick={() => setPages(pages.slice(0, -1))}>
          Newer
        </Button>
        <span className="small quiet figures">
          page {pages.length + 1}
          {(found.data?.waiting ?? 0) > 0 && `, ${found.data?.waiting} entries not searched yet`}
        </span>
        <Button small disabled={next === null} onClick={() => next !== null && setPages([...pages, next])}>
          Older
        </Button>
      </div>
    </>
  )
}

const OUTCOMES: Readonly<Record<string, Tone>> = { success: 'good', failure: 'refused', refused: 'attention' }

const COLUMNS: readonly Column<Entry>[] = [
  { heading: 'Log', width: 8, cell: (row) => row.log },
  { heading: 'Entry', width: 5, cell: (row) => row.index, numeric: true },
  { heading: 'At', width: 13, cell: (row) => shown(row, ({ at }) => formatInstant(at)) },
  { heading: 'Event', width: 14, cell: (row) => shown(row, ({ event }) => event) },
  { heading: 'Who', width: 14, cell: (row) => shown(row, ({ actor }) => `${actor.kind} ${actor.id}`) },
  {
    heading: 'About',
    width: 18,
    cell: (row) => shown(row, ({ subject }) => (subject === null ? '–' : `${subject.kind} ${subject.id}`)),
  },
  {
    heading: 'Outcome',
    width: 9,
    cell: (row) => shown(row, ({ outcome }) => <StateMark tone={OUTCOMES[outcome] ?? 'neutral'}>{outcome}</StateMark>),
  },
  { heading: 'Codes', width: 9, cell: (row) => shown(row, ({ codes }) => codes.join(', ') || '–') },
]

function shown<Value>(entry: Entry, value: (event: ShownEvent) => Value): Value | string {
  const event = readEvent(entry.event)
  return event === undefined ? 'not readable' : value(event)
}
