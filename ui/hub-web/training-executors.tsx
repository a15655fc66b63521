import type { UseQueryResult } from '@tanstack/react-query'
import { type TrainingExecutors, trainingExecutors } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { Facts } from '../shared/facts.tsx'
import { formatInstant } from '../shared/format.ts'
import { EmptyPanel } from '../shared/panels.tsx'
import { useAnswer } from '../shared/queries.ts'
import { StateMark } from '../shared/state-mark.tsx'

type Executor = TrainingExecutors['executors'][number]

/** The executors; asked once, however many ask here. */
export function useTrainingExecutors(): UseQueryResult<TrainingExecutors> {
  return useAnswer('training-executors', '/api/training-executors', trainingExecutors)
}

/** Where the hub can train, what is known of each place, and how far an MLflow server is behind. */
export function TrainingExecutorsSection() {
  const query = useTrainingExecutors()
  return (
    <section className="section">
      <h2>Where runs train</h2>
      <DataTable
        caption="The executors of the hub; the first one is that of runs that name none"
        rows={query.data?.executors}
        rowKey={(row) => row.name}
        error={query.error}
        columns={COLUMNS}
        empty={<EmptyPanel title="No executor." hint="The hub always has one: look at its log" />}
      />
      <Tracking tracking={query.data?.tracking ?? null} />
    </section>
  )
}

const COLUMNS: readonly Column<Executor>[] = [
  { heading: 'Executor', width: 12, cell: (row) => row.name },
  { heading: 'Kind', width: 10, cell: (row) => row.kind },
  { heading: 'Where', width: 22, cell: (row) => row.target },
  { heading: 'Training now', width: 10, cell: (row) => row.training },
  {
    heading: 'Known of it',
    width: 18,
    cell: (row) =>
      row.proof === 'run-in-tests' ? (
        'real jobs run in the tests'
      ) : (
        <StateMark tone="attention">never run for real</StateMark>
      ),
  },
]

function Tracking({ tracking }: { readonly tracking: TrainingExecutors['tracking'] }) {
  if (tracking === null) return <p className="quiet">No MLflow server is configured.</p>
  const { url, experiment, told, backlog, lastToldAt, failure } = tracking
  return (
    <Facts
      facts={[
        { name: 'MLflow', value: `${url}, experiment ${experiment}`, wide: true },
        { name: 'Runs it has', value: told },
        { name: 'Runs it lacks', value: backlog },
        { name: 'Last told', value: lastToldAt === null ? 'never' : formatInstant(lastToldAt) },
        { name: 'Last failure', value: failure ?? 'none' },
      ]}
    />
  )
}
