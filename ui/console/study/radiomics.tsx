import type { StudyDetail } from '../../contract/local-api.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { Digest } from '../../shared/digest.tsx'

/** Radiomic features that packages asked for; nothing where none did. */
export function Radiomics({ regions }: { readonly regions: StudyDetail['radiomics'] }) {
  const rows = (regions ?? []).flatMap(({ instance, model, values }) =>
    values.map((value) => ({ ...value, instance, model })),
  )
  const without = (regions ?? []).filter(({ reason }) => reason !== null)
  if (rows.length === 0 && without.length === 0) return null
  return (
    <details>
      <summary className="small">Radiomic features ({rows.length})</summary>
      {without.map(({ instance, model, reason }) => (
        <p key={`${instance}/${model}`} className="small">
          {`Image ${instance + 1}, ${model}: none (${reason}).`}
        </p>
      ))}
      <DataTable
        caption="Radiomic features"
        rows={rows}
        rowKey={(row) => `${row.instance}/${row.model}/${row.code}`}
        empty={null}
        compact
        columns={[
          { heading: 'Image', width: 5.5, cell: (row) => row.instance + 1, numeric: true },
          { heading: 'Feature', width: 20, cell: (row) => row.code },
          { heading: 'IBSI', width: 6, cell: (row) => row.ibsi ?? '–' },
          { heading: 'Value', width: 9, cell: (row) => row.value?.toPrecision(6) ?? '–', numeric: true },
          { heading: 'Unit', width: 6, cell: (row) => row.unit ?? '–' },
          { heading: 'Reference test', width: 9, cell: (row) => (row.verified ? 'passes' : 'not verified') },
          { heading: 'Settings', width: 10, cell: (row) => <Digest value={row.settings} /> },
          { heading: 'Model', width: 14, cell: (row) => row.model },
        ]}
      />
    </details>
  )
}
