import '../../shared/no-eval.ts'
import { type GateResult, type TrainingRun, trainingRunList } from '../../contract/hub-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Digest } from '../../shared/digest.tsx'
import { Facts } from '../../shared/facts.tsx'
import { formatInstant, wordsOf } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'
import { EvaluationPanel } from '../evaluation-panel.tsx'
import { GateTable } from '../gate-table.tsx'
import { RunMark, VersionLink } from '../marks.tsx'
import { MetricTable } from '../metric-table.tsx'
import { TrainingExecutorsSection, useTrainingExecutors } from '../training-executors.tsx'
import { TrainingRunActs, TrainingRunLog, TrainingRunRecord } from '../training-run-acts.tsx'
import { TrainingTriggersSection, useTrainingTriggers } from '../training-triggers.tsx'

/** Training runs: what they learned from, what they measured, and which gate stopped them. */
export function TrainingPage() {
  const query = useAnswer('training-runs', '/api/training-runs', trainingRunList)
  const triggers = useTrainingTriggers()
  const executors = useTrainingExecutors()
  // Shown together: a table that grows would push down what stands below it.
  const settled = [query, triggers, executors].every(({ isPending }) => !isPending)
  return (
    <>
      <PageHead
        name="Training"
        question="Which labels became which candidate, and did it pass its gates? Unfold a run for its figures."
        queries={[query]}
      />
      <DataTable
        caption="The training runs"
        rows={query.data?.runs}
        rowKey={(row) => row.run}
        error={query.error}
        columns={COLUMNS}
        detail={{ name: (run) => `the ${run.finding} run ${run.run}`, content: (run) => <RunDetail run={run} /> }}
        empty={<EmptyPanel title="No run yet." hint="Start one with: leadglass train --finding pneumonia" />}
      />
      {settled ? (
        <>
          <TrainingTriggersSection />
          <TrainingExecutorsSection />
        </>
      ) : (
        <LoadingPanel what="triggers and executors" framed />
      )}
    </>
  )
}

const COLUMNS: readonly Column<TrainingRun>[] = [
  { heading: 'Finding', width: 11, cell: (row) => row.finding },
  { heading: 'State', width: 13, cell: (row) => <RunMark run={row} /> },
  { heading: 'Gates', width: 11, cell: (row) => <GateMark gates={row.gates} /> },
  { heading: 'Message', width: 24, cell: (row) => row.message },
  {
    heading: 'Candidate',
    width: 16,
    cell: (row) => (row.candidate === null ? 'none' : <VersionLink model={row.candidate} />),
  },
  { heading: 'Started', width: 13, cell: (row) => (row.startedAt === null ? 'not yet' : formatInstant(row.startedAt)) },
]

function GateMark({ gates }: { readonly gates: readonly GateResult[] }) {
  if (gates.length === 0) return <span className="quiet">not reached</span>
  const holding = gates.filter((gate) => gate.holds).length
  return (
    <StateMark tone={holding === gates.length ? 'good' : 'attention'}>
      {holding} of {gates.length} hold
    </StateMark>
  )
}

function RunDetail({ run }: { readonly run: TrainingRun }) {
  return (
    <div className="sections">
      <Facts
        facts={[
          { name: 'Model to improve', value: run.model },
          { name: 'Message', value: run.message, wide: true },
          { name: 'Dataset', value: run.snapshot === null ? 'not fixed yet' : <Digest value={run.snapshot} /> },
          { name: 'Ended', value: run.endedAt === null ? 'not yet' : formatInstant(run.endedAt) },
        ]}
      />
      <TrainingRunActs run={run} />
      <TrainingRunLog run={run} />
      <section className="section">
        <h2>Gates</h2>
        <GateTable gates={run.gates} />
      </section>
      <section className="section">
        <h2>Figures</h2>
        <MetricTable metrics={run.metrics} />
      </section>
      {run.metrics.length > 0 && (
        <EvaluationPanel path={`/api/training-runs/${encodeURIComponent(run.run)}/evaluation`} />
      )}
      <section className="section">
        <h2>From envelopes to rows</h2>
        <DataTable
          caption="Rows"
          rows={run.rows}
          rowKey={(row) => row.name}
          columns={ROW_COLUMNS}
          compact
          empty={<EmptyPanel title="The dataset is not fixed yet." hint="Rows are counted when it is." />}
        />
      </section>
      <TrainingRunRecord run={run} />
    </div>
  )
}

const ROW_COLUMNS: readonly Column<TrainingRun['rows'][number]>[] = [
  { heading: 'Step', width: 30, cell: (row) => wordsOf(row.name) },
  { heading: 'Rows', width: 9, cell: (row) => row.rows, numeric: true },
]
