import type { DeliveryView, RevisionView } from '../../contract/local-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant, wordsOf } from '../../shared/format.ts'
import { EmptyPanel } from '../../shared/panels.tsx'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'
import { reasonWords } from '../reason-words.ts'

const DELIVERY: Readonly<Record<DeliveryView['state'], { readonly tone: Tone; readonly words: string }>> = {
  pending: { tone: 'waiting', words: 'waiting' },
  accepted: { tone: 'good', words: 'accepted' },
  dead: { tone: 'refused', words: 'given up' },
}

/** Where the results went, and what the destination said. */
export function Deliveries({ deliveries }: { readonly deliveries: readonly DeliveryView[] }) {
  return (
    <section className="section">
      <h2>Results sent</h2>
      <DataTable
        caption="Results sent"
        rows={deliveries}
        rowKey={(row) => String(row.delivery)}
        columns={DELIVERY_COLUMNS}
        empty={
          <EmptyPanel
            title="No result has been sent."
            hint="Results go to the destinations on the page Device once the study is scored."
          />
        }
      />
    </section>
  )
}

/** How the study grew. */
export function Revisions({ revisions }: { readonly revisions: readonly RevisionView[] }) {
  return (
    <section className="section">
      <h2>Revisions</h2>
      <DataTable
        caption="Revisions"
        rows={revisions}
        rowKey={(row) => String(row.revision)}
        columns={REVISION_COLUMNS}
        empty={<EmptyPanel title="No revision." hint="A revision opens with the first image." />}
      />
    </section>
  )
}

const DELIVERY_COLUMNS: readonly Column<DeliveryView>[] = [
  { heading: 'Destination', width: 12, cell: (row) => row.destination },
  {
    heading: 'State',
    width: 10,
    cell: (row) => <StateMark tone={DELIVERY[row.state].tone}>{deliveryWords(row)}</StateMark>,
  },
  { heading: 'Revision', width: 6, cell: (row) => row.revision, numeric: true },
  { heading: 'Attempts', width: 6, cell: (row) => row.attempts, numeric: true },
  { heading: 'Last error', width: 26, cell: (row) => row.lastError ?? '–', wraps: true },
  { heading: 'Settled, or next attempt', width: 16, cell: (row) => settledWords(row) },
]

const REVISION_COLUMNS: readonly Column<RevisionView>[] = [
  { heading: 'Revision', width: 6, cell: (row) => row.revision, numeric: true },
  { heading: 'State', width: 12, cell: (row) => wordsOf(row.state) },
  { heading: 'Complete because', width: 16, cell: (row) => wordsOf(row.completion ?? 'still receiving') },
  { heading: 'Reason', width: 18, cell: (row) => revisionWords(row), wraps: true },
  { heading: 'Attempts', width: 6, cell: (row) => row.attempts, numeric: true },
  { heading: 'Opened', width: 13, cell: (row) => formatInstant(row.openedAt) },
  {
    heading: 'Finished',
    width: 13,
    cell: (row) => (row.finishedAt === null ? 'not yet' : formatInstant(row.finishedAt)),
  },
]

/** Why a revision ended as it did, and why nothing about it left the box. */
function revisionWords({ reason, egressBlocked }: RevisionView): string {
  const kept = egressBlocked == null ? [] : [`nothing left the site: ${reasonWords(egressBlocked)}`]
  return [...(reason === null ? [] : [reasonWords(reason)]), ...kept].join('; ') || '–'
}

/** Accepted is not confirmed, where the settings want the destination's word that it keeps the result. */
function deliveryWords({ state, storedAt, confirmedBy }: DeliveryView): string {
  if (state === 'pending' && storedAt != null) return 'stored, not confirmed'
  if (state === 'accepted' && confirmedBy === 'commitment') return 'committed'
  if (state === 'accepted' && confirmedBy === 'query') return 'found there'
  return DELIVERY[state].words
}

function settledWords({ settledAt, nextAttemptAt }: DeliveryView): string {
  if (settledAt !== null) return formatInstant(settledAt)
  return nextAttemptAt === null ? 'not yet' : `next ${formatInstant(nextAttemptAt)}`
}
