import { type ComparedField, studyEgress } from '../../contract/local-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Given } from '../../shared/given.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'

/** One study before and after: what the site knows beside what left in its place. Each opening is recorded. */
export function StudyComparison({ study }: { readonly study: string }) {
  const query = useAnswer('study-egress', `/api/egress/studies/${encodeURIComponent(study)}`, studyEgress, false)
  const withheld = Object.entries(query.data?.withheld ?? {})
  const rejected = Object.entries(query.data?.rejected ?? {})
  return (
    <section className="section">
      <h2>Before and after</h2>
      <p className="small quiet">
        What stands on the left identifies the patient and stays here; opening this page is in the audit log.
      </p>
      <DataTable
        caption="The study before and after"
        rows={query.data?.fields}
        rowKey={(row) => row.name}
        error={query.error}
        columns={COLUMNS}
        empty={null}
        compact
      />
      {withheld.map(([kind, count]) => (
        <p key={kind}>
          {count} {kind} did not leave: the study is of an earlier generation of pseudonyms.
        </p>
      ))}
      {rejected.map(([kind, count]) => (
        <p key={kind}>
          {count} {kind} were not synced: the class was over its quota. The hub does not know them.
        </p>
      ))}
    </section>
  )
}

const COLUMNS: readonly Column<ComparedField>[] = [
  { heading: 'Attribute', width: 18, cell: (row) => row.name },
  { heading: 'At the site', width: 20, cell: (row) => (row.before === '' ? '–' : <Given words={row.before} />) },
  {
    heading: 'What left',
    width: 22,
    cell: (row) =>
      row.after === null ? (
        <StateMark tone="neutral">does not leave</StateMark>
      ) : (
        <span className="mono">{row.after}</span>
      ),
    wraps: true,
  },
  { heading: 'Class', width: 9, cell: (row) => row.fieldClass ?? '–' },
]
