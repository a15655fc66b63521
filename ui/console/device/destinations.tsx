import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { type DestinationList, type DestinationState, replayAnswer } from '../../contract/local-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatAge, formatInstant, shorten } from '../../shared/format.ts'
import { EmptyPanel, FailurePanel } from '../../shared/panels.tsx'
import { useSession } from '../../shared/session.ts'
import { StateMark } from '../../shared/state-mark.tsx'

type Destination = DestinationList['destinations'][number]
type Dead = Destination['dead'][number]
type Shown = Destination & { readonly state: DestinationState | undefined }
/** What is about to be sent again: one delivery, or all. */
type Wanted = { readonly delivery: number | undefined } | undefined

/** Who may send results again; the appliance holds it as well. */
const SENDERS: ReadonlySet<string> = new Set(['technologist', 'site-admin', 'operator'])

/** Where results go, how it stands with each destination, and what was given up there. */
export function Destinations({
  list,
  states,
  error,
}: {
  readonly list: DestinationList | undefined
  readonly states: readonly DestinationState[] | undefined
  readonly error: unknown
}) {
  const rows = list?.destinations.map((one) => ({
    ...one,
    state: states?.find(({ destination }) => destination === one.name),
  }))
  return (
    <section className="section">
      <h2>Destinations</h2>
      <DataTable
        caption="The destinations"
        rows={rows}
        rowKey={(row) => row.name}
        error={error}
        columns={COLUMNS}
        detail={{ name: (row) => row.name, content: (row) => <GivenUp destination={row} /> }}
        empty={<EmptyPanel title="Results go nowhere." hint="Name a PACS in settings.json under “destinations”." />}
      />
    </section>
  )
}

const COLUMNS: readonly Column<Shown>[] = [
  { heading: 'Name', width: 12, cell: (row) => row.name },
  { heading: 'Address', width: 18, cell: (row) => `${row.aeTitle} at ${row.host}:${row.port}` },
  { heading: 'Circuit', width: 9, cell: ({ state }) => <Circuit state={state} /> },
  { heading: 'Waiting', width: 7, cell: (row) => row.pending, numeric: true },
  { heading: 'Oldest', width: 15, cell: ({ state }) => <Oldest state={state} /> },
  { heading: 'Given up', width: 7, cell: (row) => row.dead.length, numeric: true },
  { heading: 'Last error', width: 22, cell: (row) => row.dead[0]?.lastError ?? '–', wraps: true },
]

/** Whether the destination is being sent to; why not stands in the detail. */
function Circuit({ state }: { readonly state: DestinationState | undefined }) {
  if (state === undefined) return '–'
  return <StateMark tone={state.circuit === 'closed' ? 'good' : 'attention'}>{state.circuit}</StateMark>
}

function Oldest({ state }: { readonly state: DestinationState | undefined }) {
  if (state === undefined || state.oldestWaitingSeconds === null) return '–'
  const age = formatAge(state.oldestWaitingSeconds)
  return state.late ? <StateMark tone="attention">{`${age}: late`}</StateMark> : age
}

/** What was given up at a destination, why, what to do, and sending again: one result or all, after a second word. */
function GivenUp({ destination }: { readonly destination: Shown }) {
  const { role } = useSession()
  const queries = useQueryClient()
  const [wanted, setWanted] = useState<Wanted>()
  const replay = useMutation({
    mutationFn: ({ delivery }: NonNullable<Wanted>) =>
      postJson(
        `/api/destinations/${encodeURIComponent(destination.name)}/replay`,
        delivery === undefined ? {} : { delivery },
        replayAnswer,
      ),
    onSettled: () => {
      setWanted(undefined)
      for (const key of ['destinations', 'device']) void queries.invalidateQueries({ queryKey: [key] })
    },
  })
  const maySend = SENDERS.has(role)
  const { dead, state } = destination
  const again: Column<Dead> = {
    heading: 'Again',
    width: 10,
    cell: ({ delivery }) => (
      <Button small disabled={replay.isPending} onClick={() => setWanted({ delivery })}>
        Send again
      </Button>
    ),
  }
  return (
    <div className="section">
      {state != null && state.reason !== null && (
        <p>{`Nothing is sent: ${state.reason}. Next step: ${state.nextStep ?? 'none'}.`}</p>
      )}
      {dead.length === 0 ? (
        <p>Nothing was given up here.</p>
      ) : (
        <DataTable
          caption={`Given up at ${destination.name}`}
          rows={dead}
          rowKey={(row) => String(row.delivery)}
          columns={maySend ? [...DEAD_COLUMNS, again] : DEAD_COLUMNS}
          empty={null}
        />
      )}
      {dead.length > 0 && maySend && wanted === undefined && (
        <div>
          <Button disabled={replay.isPending} onClick={() => setWanted({ delivery: undefined })}>
            Send all {dead.length} again
          </Button>
        </div>
      )}
      {wanted !== undefined && (
        <div className="section">
          <p>
            {wanted.delivery === undefined
              ? `Send ${dead.length} results to ${destination.name} again?`
              : `Send result ${wanted.delivery} to ${destination.name} again?`}
          </p>
          <div>
            <Button main disabled={replay.isPending} onClick={() => replay.mutate(wanted)}>
              Yes, send again
            </Button>{' '}
            <Button onClick={() => setWanted(undefined)}>Cancel</Button>
          </div>
        </div>
      )}
      <p role="status">{replay.data !== undefined && `${replay.data.replayed} results wait to be sent again.`}</p>
      {replay.error !== null && <FailurePanel error={replay.error} />}
    </div>
  )
}

const DEAD_COLUMNS: readonly Column<Dead>[] = [
  {
    heading: 'Study',
    width: 10,
    cell: ({ study }) => (
      <Link className="mono" to="/studies/$study" params={{ study }} search={{}} title={study}>
        {shorten(study)}
      </Link>
    ),
  },
  { heading: 'Revision', width: 6, cell: (row) => row.revision, numeric: true },
  { heading: 'Attempts', width: 6, cell: (row) => row.attempts, numeric: true },
  { heading: 'Last error', width: 34, cell: (row) => row.lastError ?? '–', wraps: true },
  { heading: 'Given up', width: 13, cell: (row) => (row.at === null ? '–' : formatInstant(row.at)) },
]
