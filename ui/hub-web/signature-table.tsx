import { type Column, DataTable } from '../shared/data-table.tsx'
import { Digest } from '../shared/digest.tsx'
import { formatInstant } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'
import { StateMark, type Tone } from '../shared/state-mark.tsx'
import type { Signoff } from './signoffs.ts'

/**
 * Signatures as 21 CFR 11.50 wants them in every readable form: printed name, date and time, meaning; and who has not
 * signed yet.
 * @param signoffs undefined while they are not known.
 * @param open whether a missing signature is still awaited.
 */
export function SignatureTable({
  signoffs,
  open,
}: {
  readonly signoffs: readonly Signoff[] | undefined
  readonly open: boolean
}) {
  return (
    <DataTable
      caption="The signatures"
      rows={signoffs}
      rowKey={(row, place) => row.signature?.keyid ?? `${row.person}/${row.role}/${place}`}
      columns={open ? OPEN_COLUMNS : COLUMNS}
      empty={
        <EmptyPanel
          title="Nobody has been asked to sign."
          hint="Two people of different roles must sign before any device accepts this version."
        />
      }
    />
  )
}

const COLUMNS: readonly Column<Signoff>[] = columns('not signed', 'neutral')
const OPEN_COLUMNS: readonly Column<Signoff>[] = columns('still to sign', 'waiting')

function columns(missing: string, tone: Tone): readonly Column<Signoff>[] {
  return [
    { heading: 'Name', width: 17, cell: ({ signature, person }) => signature?.printedName ?? person },
    { heading: 'Role', width: 10, cell: (row) => row.role },
    { heading: 'Meaning', width: 12, cell: (row) => row.signature?.meaning ?? row.meaning },
    {
      heading: 'Signed',
      width: 16,
      cell: ({ signature }) =>
        signature === undefined ? (
          <StateMark tone={tone}>{missing}</StateMark>
        ) : (
          <StateMark tone="good">{formatInstant(signature.at)}</StateMark>
        ),
    },
    { heading: 'Key', width: 10, cell: ({ signature }) => (signature ? <Digest value={signature.keyid} /> : '–') },
  ]
}
