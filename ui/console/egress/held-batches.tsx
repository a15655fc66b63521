import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import {
  type HeldBatchView,
  heldBatchDetail,
  heldBatchList,
  heldDecision,
  type heldRefusalRequest,
} from '../../contract/local-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button, TextField } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant, shorten } from '../../shared/format.ts'
import { EmptyPanel, FailurePanel, Loaded } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { useSession } from '../../shared/session.ts'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'

/** Who may let a batch leave; the appliance holds it as well. */
const DECIDERS: ReadonlySet<string> = new Set(['site-admin', 'operator'])

const STATES: Readonly<Record<HeldBatchView['state'], { readonly tone: Tone; readonly words: string }>> = {
  waiting: { tone: 'waiting', words: 'waits for a person' },
  released: { tone: 'good', words: 'released' },
  refused: { tone: 'refused', words: 'refused, never sent' },
}

/** Batches that wait before they leave, and what was decided. */
export function HeldBatches() {
  const query = useAnswer('egress', '/api/egress/held', heldBatchList)
  const data = query.data
  return (
    <section className="section">
      <h2>Held for a person</h2>
      <p className="small quiet">
        {data === undefined
          ? 'Asking what is held …'
          : `${data.hold ? `Held by the settings: ${data.holdStreams.join(', ')}.` : 'The settings hold nothing.'} ${`Envelopes: ${data.totals.waiting} waiting, ${data.totals.released} released, ${data.totals.refused} refused and never sent.`}`}
      </p>
      <DataTable
        caption="The held batches"
        rows={data?.batches}
        rowKey={(row) => row.batch}
        error={query.error}
        columns={COLUMNS}
        detail={{ name: (row) => `batch ${shorten(row.batch)}`, content: (row) => <Batch batch={row} /> }}
        empty={
          <EmptyPanel
            title="Nothing is held."
            hint="With “egress.hold” in the settings, batches wait here until a person releases them."
          />
        }
      />
    </section>
  )
}

const COLUMNS: readonly Column<HeldBatchView>[] = [
  {
    heading: 'State',
    width: 14,
    cell: (row) => <StateMark tone={STATES[row.state].tone}>{STATES[row.state].words}</StateMark>,
  },
  {
    heading: 'Study',
    width: 10,
    cell: ({ study }) =>
      study === null ? (
        'the site'
      ) : (
        <Link className="mono" to="/egress" search={{ study }} title={study}>
          {shorten(study)}
        </Link>
      ),
  },
  { heading: 'Envelopes', width: 24, cell: (row) => kindsOf(row) },
  { heading: 'Since', width: 13, cell: (row) => formatInstant(row.openedAt) },
  { heading: 'Decided', width: 13, cell: (row) => (row.decidedAt === null ? 'not yet' : formatInstant(row.decidedAt)) },
  { heading: 'Reason', width: 16, cell: (row) => row.reason ?? '–' },
]

function kindsOf({ kinds }: HeldBatchView): string {
  return Object.entries(kinds)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ')
}

function Batch({ batch }: { readonly batch: HeldBatchView }) {
  const { role } = useSession()
  const path = `/api/egress/held/${encodeURIComponent(batch.batch)}`
  const query = useAnswer('egress', path, heldBatchDetail)
  return (
    <div className="section">
      <Loaded query={query} what="the batch">
        {(detail) =>
          detail.envelopes.length === 0 ? (
            <p>
              {detail.state === 'refused'
                ? 'What it held is erased; kinds, number and digest are kept.'
                : 'It has left; its envelopes are listed below.'}
            </p>
          ) : (
            <>
              <pre>{detail.envelopes.map((one) => JSON.stringify(one.body, null, 2)).join('\n')}</pre>
              {DECIDERS.has(role) ? (
                <Decision path={path} digest={detail.digest} />
              ) : (
                <p>A site administrator releases or refuses it.</p>
              )}
            </>
          )
        }
      </Loaded>
    </div>
  )
}

/** Both decisions are about exactly what is shown: they name its digest. */
function Decision({ path, digest }: { readonly path: string; readonly digest: string }) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const onSuccess = () => queries.invalidateQueries({ queryKey: ['egress'] })
  const release = useMutation({ mutationFn: () => postJson(`${path}/release`, { digest }, heldDecision), onSuccess })
  const refuse = useMutation({
    mutationFn: (body: (typeof heldRefusalRequest)['_output']) => postJson(`${path}/refuse`, body, heldDecision),
    onSuccess,
  })
  const busy = release.isPending || refuse.isPending
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    refuse.mutate({ digest, reason })
  }
  return (
    <>
      <form className="toolbar" onSubmit={submit}>
        <Button main disabled={busy} onClick={() => release.mutate()}>
          Release: let it leave
        </Button>
        <TextField
          label="Reason for refusing"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Button type="submit" disabled={busy || reason.trim().length < 3}>
          Refuse: never send it
        </Button>
      </form>
      {release.error !== null && <FailurePanel error={release.error} />}
      {refuse.error !== null && <FailurePanel error={refuse.error} />}
    </>
  )
}
