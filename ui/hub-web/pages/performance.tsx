import '../../shared/no-eval.ts'
import { type PerformanceChunk, performanceList } from '../../contract/hub-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInterval, wordsOf } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'
import { siteOf } from '../drift-words.ts'
import { IntervalBar } from '../interval-bar.tsx'
import { VersionLink } from '../marks.tsx'
import { MonitoringAlerts, useMonitoringAlerts } from '../monitoring-alerts.tsx'
import { ASSUMPTIONS, decimals, type FigureRow, figureRows, STATE_WORDS } from '../monitoring-words.ts'

const ALERT_HINT = 'One is raised when a figure was beyond its limits in two of the last three full chunks of a site.'

/** How versions perform in use: estimated where nobody has labelled, measured beside it where somebody has. */
export function PerformancePage() {
  const query = useAnswer('performance', '/api/performance', performanceList)
  const alerts = useMonitoringAlerts('performance')
  // Shown together: a table that grows would push down what stands below it.
  const settled = !query.isPending && !alerts.isPending
  return (
    <>
      <PageHead
        name="Performance"
        question="Does a version still perform, as far as its scores alone can tell, and as labels say?"
        queries={[query]}
      />
      <div className="sections">
        <section className="section" aria-label="Alerts">
          <MonitoringAlerts about="performance" hint={ALERT_HINT} />
        </section>
        {settled ? (
          <>
            <section className="section" aria-label="Figures">
              <h2>Newest chunk of each version and site</h2>
              <DataTable
                caption="Figures of performance"
                rows={query.data && figureRows(query.data.views)}
                rowKey={({ view, metric }) => `${view.model.digest}/${view.finding}/${view.device}/${metric}`}
                error={query.error}
                columns={COLUMNS}
                detail={{
                  name: ({ view, metric }) => `${metric} at ${siteOf(view.device)}`,
                  content: (row) => <Chunks row={row} />,
                }}
                empty={
                  <EmptyPanel title="Nothing was looked at yet." hint="The hub looks every hour at versions in use." />
                }
              />
            </section>
            <section className="section" aria-label="What the estimates assume">
              <h2>What the estimates assume</h2>
              <ul>
                {ASSUMPTIONS.map((one) => (
                  <li key={one}>{one}</li>
                ))}
              </ul>
            </section>
          </>
        ) : (
          <LoadingPanel what="the figures" framed />
        )}
      </div>
    </>
  )
}

function figureOf(chunk: PerformanceChunk | undefined, metric: string) {
  return chunk?.figures.find((one) => one.metric === metric)
}

function realisedOf(chunk: PerformanceChunk | undefined, metric: string) {
  return chunk?.realised.figures?.find((one) => one.metric === metric)
}

const COLUMNS: readonly Column<FigureRow>[] = [
  { heading: 'Model', width: 12, cell: ({ view }) => <VersionLink model={view.model} /> },
  { heading: 'Finding', width: 8, cell: ({ view }) => view.finding },
  { heading: 'Site', width: 9, cell: ({ view }) => siteOf(view.device) },
  {
    heading: 'Figure',
    width: 11,
    cell: ({ metric, newest, view }) => (newest === undefined ? STATE_WORDS[view.state] : metric.replaceAll('-', ' ')),
    wraps: true,
  },
  {
    heading: 'Estimate (band)',
    width: 13,
    numeric: true,
    cell: ({ metric, newest }) => {
      const found = figureOf(newest, metric)
      return found === undefined || found.value === null ? '–' : formatInterval(found.value, found.low, found.high)
    },
  },
  {
    heading: 'Band, limits',
    width: 12.5,
    cell: ({ metric, newest }) => {
      const found = figureOf(newest, metric)
      if (found === undefined) return '–'
      const measured = realisedOf(newest, metric)?.value ?? null
      return <IntervalBar {...found} limits={[found.lowerLimit, found.upperLimit]} measured={measured} />
    },
  },
  {
    heading: 'Measured',
    width: 7,
    numeric: true,
    cell: ({ metric, newest }) => decimals(realisedOf(newest, metric)?.value),
  },
  {
    heading: 'State',
    width: 9,
    cell: ({ metric, newest }) => {
      const found = figureOf(newest, metric)
      if (found === undefined || newest?.judged !== true) return <StateMark tone="waiting">too few</StateMark>
      return found.beyond ? (
        <StateMark tone="attention">beyond a limit</StateMark>
      ) : (
        <StateMark tone="good">within limits</StateMark>
      )
    },
  },
]

/** The same figure in every chunk, and what the measured one is of. */
function Chunks({ row: { view, metric } }: { readonly row: FigureRow }) {
  const rows = view.chunkings.flatMap(({ chunking, chunks }) => chunks.map((chunk) => ({ chunking, chunk })))
  return (
    <>
      {view.reference !== null && (
        <p className="small quiet">
          Reference: {view.reference.cases} cases, {view.reference.positives} positive, from{' '}
          {wordsOf(view.reference.source)};{' '}
          {view.reference.calibration === 'none' ? 'no calibration' : 'isotonic calibration'}. Labels:{' '}
          {view.labels.used} of {view.labels.studies} labelled studies used
          {Object.entries(view.labels.excluded).map(([reason, n]) => `, ${n} ${reason.replaceAll('-', ' ')}`)}.
        </p>
      )}
      <DataTable
        caption={`${metric} by chunk`}
        rows={rows}
        rowKey={({ chunking, chunk }) => `${chunking}/${chunk.key}`}
        columns={chunkColumns(metric)}
        empty={<EmptyPanel title="No chunk." hint={STATE_WORDS[view.state]} />}
      />
    </>
  )
}

function chunkColumns(
  metric: string,
): readonly Column<{ readonly chunking: string; readonly chunk: PerformanceChunk }>[] {
  return [
    { heading: 'By', width: 5, cell: ({ chunking }) => chunking },
    { heading: 'Chunk', width: 8, cell: ({ chunk }) => chunk.key },
    { heading: 'Studies', width: 6, numeric: true, cell: ({ chunk }) => chunk.n },
    { heading: 'Estimate', width: 7, numeric: true, cell: ({ chunk }) => decimals(figureOf(chunk, metric)?.value) },
    { heading: 'Labelled', width: 7, numeric: true, cell: ({ chunk }) => chunk.realised.n },
    { heading: 'Measured', width: 7, numeric: true, cell: ({ chunk }) => decimals(realisedOf(chunk, metric)?.value) },
    {
      heading: 'There estimated',
      width: 10,
      numeric: true,
      cell: ({ chunk }) => decimals(realisedOf(chunk, metric)?.expected),
    },
    {
      heading: 'Outside',
      width: 6,
      numeric: true,
      cell: ({ chunk }) => `${(chunk.outsideSupport * 100).toFixed(1)} %`,
    },
    {
      heading: 'Positive there, all',
      width: 11,
      numeric: true,
      cell: ({ chunk }) =>
        `${decimals(chunk.realised.aboveShare?.labelled)}, ${decimals(chunk.realised.aboveShare?.all)}`,
    },
    {
      heading: 'Delay, days',
      width: 8,
      numeric: true,
      cell: ({ chunk }) => chunk.realised.medianDelayDays?.toFixed(1) ?? '–',
    },
  ]
}
