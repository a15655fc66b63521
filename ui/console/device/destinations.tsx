import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type DestinationList, replayAnswer } from '../../contract/local-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant, shorten } from '../../shared/format.ts'
import { EmptyPanel, FailurePanel } from '../../shared/panels.tsx'
import { useSession } from '../../shared/session.ts'

type Destination = DestinationList['destinations'][number]
type Dead = Destination['dead'][number]

/** Who may send results again; the appliance holds it as well. */
const SENDERS: ReadonlySet<string> = new Set(['technologist', 'site-admin', 'operator'])

/** Where results go, and what was given up there. */
export function Destinations({ list, error }: { readonly list: DestinationList | undefined; readonly error: unknown }) {
  return (
    <section className="section">
      <h2>Destinations</h2>
      <DataTable
        caption="The destinations"
        rows={list?.destinations}
        rowKey={(row) => row.name}
        error={error}
        columns={COLUMNS}
        detail={{ name: (row) => row.name, content: (row) => <GivenUp destination={row} /> }}
        empty={<EmptyPanel title="Results go nowhere." hint="Name a PACS in settings.json under “destinations”." />}
      />
    </section>
  )
}

const COLUMNS: readonly Column<Destination>[] = [
  { heading: 'Name', width: 14, cell: (row) => row.name },
  { heading: 'Address', width: 20, cell: (row) => `${row.aeTitle} at ${row.host}:${row.port}` },
  { heading: 'Waiting', width: 7, cell: (row) => row.pending, numeric: true },
  { heading: 'Given up', width: 7, cell: (row) => row.dead.length, numeric: true },
  { heading: 'Last error', width: 34, cell: (row) => row.dead[0]?.lastError ?? '–' },
]

function GivenUp({ destination }: { readonly destination: Destination }) {
  const { role } = useSession()
  const queries = useQueryClient()
  const replay = useMutation({
    mutationFn: () => postJson(`/api/destinations/${encodeURIComponent(destination.name)}/replay`, {}, replayAnswer),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['destinations'] }),
  })
  return (
    <div className="section">
      {destination.dead.length === 0 ? (
        <p>Nothing was given up here.</p>
      ) : (
        <DataTable
          caption={`Given up at ${destination.name}`}
          rows={destination.dead}
          rowKey={(row) => String(row.delivery)}
          columns={DEAD_COLUMNS}
          empty={null}
        />
      )}
      {destination.dead.length > 0 && SENDERS.has(role) && (
        <div>
          <Button disabled={replay.isPending} onClick={() => replay.mutate()}>
            Send all {destination.dead.length} again
          </Button>
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
