import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type TrainingRun, trainingRunList } from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { DataTable } from '../../shared/data-table.tsx'
import { formatInstant, formatInterval } from '../../shared/format.ts'
import { EmptyPanel, Loaded } from '../../shared/panels.tsx'
import { Digest, RunMark, VersionLink } from '../marks.tsx'
import { PageHead } from '../page-head.tsx'

/** Training runs: what they learned from, what they measured, and which gate stopped them. */
export function TrainingPage() {
  const query = useQuery({
    queryKey: ['training-runs'],
    queryFn: ({ signal }) => getJson('/api/training-runs', trainingRunList, signal),
  })
  return (
    <>
      <PageHead title="Training" question="Which labels became which candidate, and did it pass its gates?" />
      <Loaded query={query} what="the training runs">
        {({ runs }) =>
          runs.length === 0 ? (
            <EmptyPanel title="No run yet." hint="Start one with: leadglass train --finding pneumonia" />
          ) : (
            <Stack gap="xl">
              <DataTable
                caption="Training runs"
                rows={runs}
                rowKey={(row) => row.run}
                columns={[
                  { heading: 'Finding', cell: (row) => `${row.finding} (${row.model})` },
                  { heading: 'State', cell: (row) => <RunMark state={row.state} /> },
                  { heading: 'Message', cell: (row) => row.message },
                  {
                    heading: 'Candidate',
                    cell: (row) => (row.candidate === null ? '–' : <VersionLink model={row.candidate} />),
                  },
                  {
                    heading: 'Snapshot',
                    cell: (row) => (row.snapshot === null ? '–' : <Digest value={row.snapshot} />),
                  },
                  { heading: 'Ended', cell: (row) => (row.endedAt === null ? '–' : formatInstant(row.endedAt)) },
                ]}
              />
              {runs.map((run) => (
                <RunFigures key={run.run} run={run} />
              ))}
            </Stack>
          )
        }
      </Loaded>
    </>
  )
}

function RunFigures({ run }: { readonly run: TrainingRun }) {
  if (run.metrics.length + run.gates.length === 0) return null
  return (
    <details>
      <summary>
        Figures and gates of the run of {run.startedAt === null ? run.run : formatInstant(run.startedAt)}
      </summary>
      <DataTable
        caption="Figures"
        rows={run.metrics}
        rowKey={(row) => `${row.split}/${row.name}`}
        columns={[
          { heading: 'Figure', cell: (row) => row.name },
          { heading: 'On', cell: (row) => row.split },
          { heading: 'Value with interval', cell: (row) => formatInterval(row.value, row.low, row.high) },
          { heading: 'Cases', cell: (row) => row.cases ?? '–', numeric: true },
        ]}
      />
      <DataTable
        caption="Gates"
        rows={run.gates}
        rowKey={(row) => row.name}
        columns={[
          { heading: 'Gate', cell: (row) => row.name },
          { heading: 'Wanted', cell: (row) => row.wanted },
          { heading: 'Measured', cell: (row) => row.value ?? '–', numeric: true },
          { heading: 'Holds', cell: (row) => (row.holds ? 'yes' : 'no') },
        ]}
      />
      <DataTable
        caption="Rows from envelope to training table"
        rows={run.rows}
        rowKey={(row) => row.name}
        columns={[
          { heading: 'Rows', cell: (row) => row.name },
          { heading: 'Number', cell: (row) => row.rows, numeric: true },
        ]}
      />
    </details>
  )
}
