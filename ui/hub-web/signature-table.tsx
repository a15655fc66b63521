import type { ShownSignature } from '../contract/hub-api.ts'
import { DataTable } from '../shared/data-table.tsx'
import { formatInstant } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'
import { Digest } from './marks.tsx'

/** Signatures as 21 CFR 11.50 wants them in every readable form: printed name, date and time, meaning. */
export function SignatureTable({ signatures }: { readonly signatures: readonly ShownSignature[] }) {
  if (signatures.length === 0) {
    return (
      <EmptyPanel
        title="Nobody has signed."
        hint="Two people of different roles must sign before any device accepts this version."
      />
    )
  }
  return (
    <DataTable
      caption="Signatures"
      rows={signatures}
      rowKey={(row) => row.keyid}
      columns={[
        { heading: 'Name', cell: (row) => row.printedName },
        { heading: 'Role', cell: (row) => row.role },
        { heading: 'Meaning', cell: (row) => row.meaning },
        { heading: 'Signed', cell: (row) => formatInstant(row.at) },
        { heading: 'Key', cell: (row) => <Digest value={row.keyid} /> },
      ]}
    />
  )
}
