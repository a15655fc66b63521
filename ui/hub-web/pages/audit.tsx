import { type AuditEntries, auditEntries, deviceList } from '../../contract/hub-api.ts'
import { SelectField } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { useSession } from '../../shared/session.ts'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'
import { readEvent, type ShownEvent } from '../audit-event.ts'

type Entry = AuditEntries['entries'][number]

const NEWEST = 200

/** Who may take a whole log away; the hub holds it as well. */
const EXPORTERS: ReadonlySet<string> = new Set(['auditor', 'operator'])

/** Entries of the hub's log and of each device's log as the hub has mirrored and verified it, newest first. */
export function AuditPage({ log, onLog }: { readonly log: string; readonly onLog: (log: string) => void }) {
  const { role } = useSession()
  const devices = useAnswer('devices', '/api/devices', deviceList)
  const query = useAnswer('audit', `/api/audit/entries?log=${encodeURIComponent(log)}&limit=${NEWEST}`, auditEntries)
  const logs = devices.data?.devices.map(({ device }) => device) ?? []
  return (
    <>
      <PageHead
        name="Audit"
        question={
          <>
            Who did what, and can it be proven? Verify an exported log offline with <code>leadglass audit verify</code>
          </>
        }
        queries={[query]}
      />
      <div className="toolbar">
        <SelectField
          label="Log"
          value={log}
          options={[...new Set(['hub', log, ...logs])].map((name) => ({ value: name, label: name }))}
          onChange={(event) => onLog(event.currentTarget.value)}
        />
        <div className="small quiet figures">
          {query.data?.size ?? '…'} entries
          {EXPORTERS.has(role) && (
            <>
              {' · '}
              <a href={`/api/audit/export?log=${encodeURIComponent(log)}`} download={`${log}-audit-log.json`}>
                export this log
              </a>
            </>
          )}
        </div>
      </div>
      <DataTable
        caption="The log"
        rows={query.data && [...query.data.entries].reverse()}
        rowKey={(row) => String(row.index)}
        error={query.error}
        columns={COLUMNS}
        detail={{
          name: (row) => `entry ${row.index}`,
          content: (row) => (
            <>
              <pre>{JSON.stringify(row.event, null, 2)}</pre>
              <p className="mono quiet">leaf hash {row.hash}</p>
            </>
          ),
        }}
        fills
        empty={<EmptyPanel title="This log has no entry yet." hint="The first act puts the first entry here." />}
      />
    </>
  )
}

const OUTCOMES: Readonly<Record<string, Tone>> = { success: 'good', failure: 'refused', refused: 'attention' }

const COLUMNS: readonly Column<Entry>[] = [
  { heading: 'Entry', width: 6, cell: (row) => row.index, numeric: true },
  { heading: 'At', width: 13, cell: (row) => shown(row, ({ at }) => formatInstant(at)) },
  { heading: 'Event', width: 16, cell: (row) => shown(row, ({ event }) => event) },
  { heading: 'Who', width: 15, cell: (row) => shown(row, ({ actor }) => `${actor.kind} ${actor.id}`) },
  {
    heading: 'About',
    width: 20,
    cell: (row) => shown(row, ({ subject }) => (subject === null ? '–' : `${subject.kind} ${subject.id}`)),
  },
  {
    heading: 'Outcome',
    width: 9,
    cell: (row) => shown(row, ({ outcome }) => <StateMark tone={OUTCOMES[outcome] ?? 'neutral'}>{outcome}</StateMark>),
  },
  { heading: 'Codes', width: 11, cell: (row) => shown(row, ({ codes }) => codes.join(', ') || '–') },
]

function shown<Value>(entry: Entry, value: (event: ShownEvent) => Value): Value | string {
  const event = readEvent(entry.event)
  return event === undefined ? 'not readable' : value(event)
}
