import { evaluationView } from '../contract/hub-api.ts'
import { FailurePanel, LoadingPanel } from '../shared/panels.tsx'
import { useAnswer } from '../shared/queries.ts'
import { EvaluationCurves } from './evaluation-curves.tsx'
import { EvaluationTables } from './evaluation-tables.tsx'
import { GateTable } from './gate-table.tsx'

/** An evaluation does not change; the page asks again now and then for one that is not there yet. */
const REFRESH_MS = 60_000

/** What was measured on patients that the model had not seen. @param path of the evaluation. @param gates also shows them. */
export function EvaluationPanel({ path, gates = false }: { readonly path: string; readonly gates?: boolean }) {
  const query = useAnswer('models', path, evaluationView, REFRESH_MS)
  const view = query.data
  return (
    <section className="section">
      <h2>Evaluation</h2>
      {view === undefined ? (
        query.error === null ? (
          <LoadingPanel what="the evaluation" framed />
        ) : (
          <FailurePanel error={query.error} framed />
        )
      ) : view.evaluation === null ? (
        <p className="quiet">
          This hub has no evaluation of it: it was trained elsewhere, or before evaluations were kept.
        </p>
      ) : (
        <>
          <EvaluationCurves evaluation={view.evaluation} />
          <EvaluationTables evaluation={view.evaluation} />
        </>
      )}
      {gates && view !== undefined && view.gates.length > 0 && (
        <>
          <h3>Gates</h3>
          <p className="small quiet">
            {view.gatesDeclaredBy === 'package'
              ? 'The package declares them, beside the hub’s own.'
              : 'The package declares none: defaults, beside the hub’s own.'}
          </p>
          <GateTable gates={view.gates} />
        </>
      )}
    </section>
  )
}
