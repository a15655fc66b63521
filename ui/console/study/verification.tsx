import type { LabelDetail, StudyDetail } from '../../contract/local-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Digest } from '../../shared/digest.tsx'
import { formatInstant } from '../../shared/format.ts'
import { EmptyPanel } from '../../shared/panels.tsx'
import { useSession } from '../../shared/session.ts'
import { LabelForm } from '../label-form.tsx'
import { wereShown } from '../score-exposure.ts'

/** Who may state what is true; the appliance holds it as well. */
const READERS: ReadonlySet<string> = new Set(['radiologist', 'operator'])

/** What readers verified, and the form for whoever may. */
export function Verification({ detail, hidden }: { readonly detail: StudyDetail; readonly hidden: boolean }) {
  const { role } = useSession()
  const { study } = detail.summary
  return (
    <section className="section">
      <h2>Verified as ground truth</h2>
      {!READERS.has(role) ? (
        <p className="small quiet">Radiologists state what is true here.</p>
      ) : detail.completion === null ? (
        <p className="small quiet">This study can be verified once it is complete.</p>
      ) : detail.findings.length === 0 ? (
        <p className="small quiet">No model is in use that names findings to verify.</p>
      ) : (
        <LabelForm study={study} findings={detail.findings} blind={hidden && !wereShown(study)} />
      )}
      <DataTable
        caption="Verified findings"
        rows={detail.labels}
        rowKey={(row) => row.label}
        columns={COLUMNS}
        empty={
          <EmptyPanel
            title="Nobody has verified this study yet."
            hint="A label goes to the hub as a code, without any name."
          />
        }
      />
    </section>
  )
}

const COLUMNS: readonly Column<LabelDetail>[] = [
  { heading: 'Finding', width: 14, cell: (row) => row.finding },
  { heading: 'Answer', width: 10, cell: (row) => row.value },
  { heading: 'Blind', width: 8, cell: (row) => (row.blind ? 'blind' : 'not blind') },
  { heading: 'Revision', width: 6, cell: (row) => row.revision, numeric: true },
  { heading: 'Reader', width: 12, cell: (row) => <Digest value={row.reader} /> },
  { heading: 'At', width: 14, cell: (row) => formatInstant(row.at) },
]
