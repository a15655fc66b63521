import { useMutation, useQueryClient } from '@tanstack/react-query'
import {
  type TrainingReproduction,
  type TrainingRun,
  trainingLog,
  trainingReproductions,
  trainingRun,
} from '../contract/hub-api.ts'
import { postJson } from '../shared/api-client.ts'
import { Button } from '../shared/controls.tsx'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { Digest } from '../shared/digest.tsx'
import { Facts } from '../shared/facts.tsx'
import { formatInstant, wordsOf } from '../shared/format.ts'
import { EmptyPanel, FailurePanel } from '../shared/panels.tsx'
import { useAnswer } from '../shared/queries.ts'
import { useSession } from '../shared/session.ts'
import { StateMark, type Tone } from '../shared/state-mark.tsx'

/** Who may start, end and repeat runs; the hub holds it as well. */
export const TRAINING_MAKERS: ReadonlySet<string> = new Set(['mlops', 'operator'])
/** A log is read as it is written. */
const LOG_EVERY_MS = 1500

const OPEN: ReadonlySet<string> = new Set(['queued', 'running'])
const AGAIN: ReadonlySet<string> = new Set(['failed', 'interrupted', 'cancelled'])

/** What a person may do with a run, and how the last of it went. */
export function TrainingRunActs({ run }: { readonly run: TrainingRun }) {
  const { role } = useSession()
  const queries = useQueryClient()
  const done = (): Promise<void> => queries.invalidateQueries({ queryKey: ['training-runs'] })
  const path = `/api/training-runs/${run.run}`
  const act = useMutation({
    mutationFn: (kind: 'cancellation' | 'restart') => postJson(`${path}/${kind}`, {}, trainingRun),
    onSuccess: done,
  })
  const reproduce = useMutation({
    mutationFn: () => postJson(`${path}/reproductions`, {}, trainingReproductions),
    onSuccess: done,
  })
  if (!TRAINING_MAKERS.has(role)) return null
  const error = act.error ?? reproduce.error
  const isBusy = act.isPending || reproduce.isPending
  const hasResults = run.record !== null && run.record.results !== null
  return (
    <>
      <div className="toolbar">
        {OPEN.has(run.state) && (
          <Button disabled={isBusy} onClick={() => act.mutate('cancellation')}>
            Cancel the run
          </Button>
        )}
        {AGAIN.has(run.state) && (
          <Button disabled={isBusy} onClick={() => act.mutate('restart')}>
            Start it again
          </Button>
        )}
        {!OPEN.has(run.state) && hasResults && (
          <Button disabled={isBusy} onClick={() => reproduce.mutate()}>
            Do it again and compare
          </Button>
        )}
      </div>
      {error !== null && <FailurePanel error={error} />}
    </>
  )
}

/** The log of a run, as it is written. */
export function TrainingRunLog({ run }: { readonly run: TrainingRun }) {
  const isOpen = OPEN.has(run.state)
  const every = isOpen ? LOG_EVERY_MS : false
  const log = useAnswer('training-log', `/api/training-runs/${run.run}/log`, trainingLog, every)
  if (log.error !== null) return <FailurePanel error={log.error} />
  const lines = log.data?.lines ?? []
  return (
    <section className="section">
      <h2>Log</h2>
      {lines.length === 0 ? (
        <EmptyPanel title="Nothing was logged yet." hint="Lines come as the run goes on." />
      ) : (
        <pre className="mono small wish-text" role="log" aria-label={`Log of the ${run.finding} run`}>
          {lines.join('\n')}
        </pre>
      )}
    </section>
  )
}

/** What the run can be done again from, and whether the same came out when it was. */
export function TrainingRunRecord({ run }: { readonly run: TrainingRun }) {
  const path = `/api/training-runs/${run.run}/reproductions`
  const again = useAnswer('training-runs', path, trainingReproductions)
  const { record } = run
  if (record === null) return null
  const { results, runtime } = record
  return (
    <section className="section">
      <h2>Record</h2>
      <Facts
        facts={[
          { name: 'Started by', value: run.cause === 'asked' ? run.requestedBy : `${wordsOf(run.cause)}, by the hub` },
          { name: 'Attempts', value: String(run.attempt) },
          { name: 'Executor', value: record.executor },
          { name: 'Seed', value: textOf(record.job.seed) },
          { name: 'Parent', value: <Digest value={record.parent} /> },
          { name: 'Code', value: <Digest value={textOf(record.job.code)} /> },
          { name: 'Head', value: results === null ? 'not there yet' : <Digest value={results.head} /> },
          { name: 'Package', value: results?.package == null ? 'none' : <Digest value={results.package} /> },
          {
            name: 'Runtime',
            value: Object.entries(runtime)
              .map(([name, version]) => `${name} ${version}`)
              .join(', '),
            wide: true,
          },
        ]}
      />
      <DataTable
        caption="Done again"
        rows={again.data?.reproductions}
        rowKey={(row) => row.reproduction}
        error={again.error}
        columns={AGAIN_COLUMNS}
        compact
        empty={
          <EmptyPanel title="It was never done again." hint="“leadglass training reproduce RUN” compares every byte." />
        }
      />
    </section>
  )
}

/** A member of the job, which is kept as the executor was told it. */
function textOf(member: unknown): string {
  return typeof member === 'string' ? member : ''
}

const TONES: Readonly<Record<TrainingReproduction['state'], Tone>> = {
  queued: 'waiting',
  running: 'waiting',
  equal: 'good',
  differs: 'refused',
  'altered-by-erasure': 'attention',
  failed: 'refused',
}

const AGAIN_COLUMNS: readonly Column<TrainingReproduction>[] = [
  {
    heading: 'Outcome',
    width: 14,
    cell: (row) => <StateMark tone={TONES[row.state]}>{wordsOf(row.state)}</StateMark>,
  },
  { heading: 'Why', width: 36, cell: (row) => row.reason ?? '–', wraps: true },
  { heading: 'Asked', width: 13, cell: (row) => formatInstant(row.createdAt) },
]
