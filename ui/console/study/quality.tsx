import type { InstanceView } from '../../contract/local-api.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { StateMark } from '../../shared/state-mark.tsx'
import { qualityNote, qualityTitle } from './quality-words.ts'

/** What was measured of each image, with a word where a figure speaks for itself. */
export function Quality({ instances }: { readonly instances: readonly InstanceView[] }) {
  const rows = instances.flatMap((instance) =>
    Object.entries(instance.quality).map(([code, value]) => ({ instance: instance.instance, code, value })),
  )
  if (rows.length === 0) return null
  const notes = rows.flatMap((row) => {
    const note = qualityNote(row.code, row.value)
    return note === undefined ? [] : [{ ...row, note }]
  })
  return (
    <>
      {notes.map(({ instance, code, note }) => (
        <div key={`${instance}/${code}`} className="small">
          <StateMark tone="attention">{`Image ${instance + 1}: ${note}`}</StateMark>
        </div>
      ))}
      <details>
        <summary className="small">Image quality figures ({rows.length})</summary>
        <DataTable
          caption="Image quality"
          rows={rows}
          rowKey={(row) => `${row.instance}/${row.code}`}
          empty={null}
          compact
          columns={[
            { heading: 'Image', width: 5.5, cell: (row) => row.instance + 1, numeric: true },
            { heading: 'Figure', width: 20, cell: (row) => qualityTitle(row.code) },
            { heading: 'Value', width: 8, cell: (row) => row.value.toPrecision(4), numeric: true },
          ]}
        />
      </details>
    </>
  )
}
