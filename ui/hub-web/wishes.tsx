import { type DesiredHistory, type DeviceState, desiredHistory } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { formatInstant } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'
import { useAnswer } from '../shared/queries.ts'
import { useSession } from '../shared/session.ts'
import { StateMark, type Tone } from '../shared/state-mark.tsx'
import { WishForm } from './wish-form.tsx'

type Wish = DeviceState['documents'][number]

const TONES: Readonly<Record<Wish['state'], Tone>> = {
  queued: 'waiting',
  delivered: 'working',
  applied: 'good',
  rejected: 'refused',
  expired: 'attention',
}

/** What the hub wishes of one box: every document with its end, who wished it and why, and a form for the next wish. */
export function Wishes({ state }: { readonly state: DeviceState }) {
  const { role } = useSession()
  const { device, documents } = state
  const history = useAnswer(
    'devices',
    `/api/fleet/desired/history?scope=device&name=${encodeURIComponent(device)}&limit=50`,
    desiredHistory,
  )
  const [newest] = history.data?.edits ?? []
  return (
    <>
      <section className="section">
        <h2>Wishes</h2>
        <DataTable
          caption="The wishes"
          rows={documents}
          rowKey={(row) => String(row.version)}
          columns={WISH_COLUMNS}
          detail={{ name: (row) => `wish ${row.version}`, content: (row) => <Sections value={row.sections} /> }}
          empty={<EmptyPanel title="Nothing was ever wished." hint="The site decides everything itself." />}
        />
      </section>
      <section className="section">
        <h2>Who wished what</h2>
        <DataTable
          caption="The edits"
          rows={history.data?.edits}
          rowKey={(row) => String(row.id)}
          error={history.error}
          columns={EDIT_COLUMNS}
          detail={{ name: (row) => `edit ${row.id}`, content: (row) => <Sections value={row.sections} /> }}
          empty={<EmptyPanel title="No edit of this box." hint="Wishes of its groups count too." />}
        />
      </section>
      {role === 'mlops' && history.data !== undefined && (
        <WishForm key={newest?.id ?? 0} device={device} before={newest?.sections ?? {}} />
      )}
    </>
  )
}

function Sections({ value }: { readonly value: unknown }) {
  return <pre className="mono small wish-text">{JSON.stringify(value, null, 2)}</pre>
}

function sectionNames(value: unknown): string {
  return Object.keys(value ?? {}).join(', ') || 'nothing'
}

const WISH_COLUMNS: readonly Column<Wish>[] = [
  { heading: 'Number', width: 7, cell: (row) => row.version, numeric: true },
  { heading: 'State', width: 10, cell: (row) => <StateMark tone={TONES[row.state]}>{row.state}</StateMark> },
  { heading: 'Reason', width: 16, cell: (row) => row.reason ?? 'none' },
  { heading: 'Sections', width: 18, cell: (row) => sectionNames(row.sections), wraps: true },
  { heading: 'Queued', width: 13, cell: (row) => formatInstant(row.queuedAt) },
  { heading: 'Ended', width: 13, cell: (row) => (row.endedAt === null ? 'not yet' : formatInstant(row.endedAt)) },
]

const EDIT_COLUMNS: readonly Column<DesiredHistory['edits'][number]>[] = [
  { heading: 'At', width: 13, cell: (row) => formatInstant(row.at) },
  { heading: 'Who', width: 12, cell: (row) => row.author },
  { heading: 'Why', width: 28, cell: (row) => row.reason, wraps: true },
  { heading: 'Sections', width: 18, cell: (row) => sectionNames(row.sections), wraps: true },
  { heading: 'Ends', width: 13, cell: (row) => (row.expiresAt === null ? 'no end' : formatInstant(row.expiresAt)) },
]
