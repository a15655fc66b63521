import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type DeviceStatus, leakSettled } from '../../contract/local-api.ts'
import { postJson } from '../../shared/api-client.ts'
import { Button } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant, shorten } from '../../shared/format.ts'
import { FailurePanel } from '../../shared/panels.tsx'
import { useSession } from '../../shared/session.ts'

type LeakAlarm = NonNullable<DeviceStatus['leakAlarms']>[number]

/** Who may say that a suspected leak was looked at; the appliance holds it as well. */
const SETTLERS: ReadonlySet<string> = new Set(['site-admin', 'operator'])

const PLACES: Readonly<Record<LeakAlarm['place'], string>> = {
  log: 'a line of the log, which was not written',
  object: 'an object that was to leave, which was held',
  envelope: 'an envelope that was to leave, which was held',
}

/** Identifiers that stood where none may be. Shown only when there are any: nothing is to be learnt from an empty table. */
export function LeakAlarms({ alarms }: { readonly alarms: readonly LeakAlarm[] }) {
  if (alarms.length === 0) return null
  return (
    <section className="section">
      <h2>Suspected leaks</h2>
      <p role="alert">
        An identifier was found where none may be. It did not leave, and nothing more about these studies leaves until a
        person has looked.
      </p>
      <DataTable
        caption="The suspected leaks"
        rows={alarms}
        rowKey={(row) => String(row.alarm)}
        columns={COLUMNS}
        detail={{ name: (row) => `the alarm about ${shorten(row.study)}`, content: (row) => <Settle alarm={row} /> }}
        empty={null}
      />
    </section>
  )
}

const COLUMNS: readonly Column<LeakAlarm>[] = [
  {
    heading: 'Study',
    width: 12,
    cell: ({ study }) => (
      <Link className="mono" to="/studies/$study" params={{ study }} search={{}} title={study}>
        {shorten(study)}
      </Link>
    ),
  },
  { heading: 'Found in', width: 30, cell: (row) => PLACES[row.place], wraps: true },
  { heading: 'Times', width: 6, cell: (row) => row.hits, numeric: true },
  { heading: 'First', width: 13, cell: (row) => formatInstant(row.firstAt) },
  { heading: 'Last', width: 13, cell: (row) => formatInstant(row.lastAt) },
]

function Settle({ alarm }: { readonly alarm: LeakAlarm }) {
  const { role } = useSession()
  const queries = useQueryClient()
  const settle = useMutation({
    mutationFn: () => postJson(`/api/leaks/${alarm.alarm}/settle`, {}, leakSettled),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['device'] }),
  })
  return (
    <div className="section">
      <p>Look at the study, and find out what wrote the identifier there. Then say so; the audit log holds who did.</p>
      {SETTLERS.has(role) ? (
        <div>
          <Button disabled={settle.isPending} onClick={() => settle.mutate()}>
            I have looked: let the study sync again
          </Button>
        </div>
      ) : (
        <p>A site administrator settles it.</p>
      )}
      {settle.error !== null && <FailurePanel error={settle.error} />}
    </div>
  )
}
