import '../../shared/no-eval.ts'
import { type FairnessGroup, fairnessList } from '../../contract/hub-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInterval } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'
import { IntervalBar } from '../interval-bar.tsx'
import { VersionLink } from '../marks.tsx'
import { MonitoringAlerts, useMonitoringAlerts } from '../monitoring-alerts.tsx'
import { decimals, GAP_TONES, type GapRow, gapRows } from '../monitoring-words.ts'

const ALERT_HINT = 'One is raised when the whole interval of a gap was beyond its limit in two looks with more labels.'

/** Whether versions serve groups of patients equally, on what blinded readers have labelled. */
export function FairnessPage() {
  const query = useAnswer('fairness', '/api/fairness', fairnessList)
  const alerts = useMonitoringAlerts('fairness')
  // Shown together: a table that grows would push down what stands below it.
  const settled = !query.isPending && !alerts.isPending
  return (
    <>
      <PageHead
        name="Fairness"
        question="Is a version right as often for one group of patients as for another? Groups under 11 patients are not shown; counts are in tens."
        queries={[query]}
      />
      <div className="sections">
        <section className="section" aria-label="Alerts">
          <MonitoringAlerts about="fairness" hint={ALERT_HINT} />
        </section>
        {settled ? (
          <section className="section" aria-label="Gaps">
            <h2>Gaps between groups</h2>
            <DataTable
              caption="Gaps between groups"
              rows={query.data && gapRows(query.data.views)}
              rowKey={({ view, dimension, gap }) =>
                `${view.model.digest}/${view.finding}/${dimension.dimension}/${gap.measure}`
              }
              error={query.error}
              columns={COLUMNS}
              detail={{
                name: ({ dimension, gap }) => `${gap.measure} by ${dimension.dimension}`,
                content: (row) => <Groups row={row} />,
              }}
              empty={<EmptyPanel title="Nothing was compared yet." hint="30 studies with blinded labels are needed." />}
            />
          </section>
        ) : (
          <LoadingPanel what="the figures" framed />
        )}
      </div>
    </>
  )
}

const COLUMNS: readonly Column<GapRow>[] = [
  { heading: 'Model', width: 12, cell: ({ view }) => <VersionLink model={view.model} /> },
  { heading: 'Finding', width: 8, cell: ({ view }) => view.finding },
  { heading: 'Groups by', width: 9, cell: ({ dimension }) => dimension.dimension, wraps: true },
  { heading: 'Gap', width: 13, cell: ({ gap }) => gap.measure.replaceAll('-', ' '), wraps: true },
  {
    heading: 'Value (95 %)',
    width: 13,
    numeric: true,
    cell: ({ gap }) => (gap.value === null ? '–' : formatInterval(gap.value, gap.low, gap.high)),
  },
  { heading: 'Interval, limit', width: 12.5, cell: ({ gap }) => <IntervalBar {...gap} limits={[gap.limit]} /> },
  { heading: 'Limit', width: 5, numeric: true, cell: ({ gap }) => gap.limit },
  {
    heading: 'Verdict',
    width: 8,
    cell: ({ gap }) => <StateMark tone={GAP_TONES[gap.verdict]}>{gap.verdict.replaceAll('-', ' ')}</StateMark>,
  },
]

function Groups({ row: { dimension } }: { readonly row: GapRow }) {
  return (
    <>
      {dimension.withheld > 0 && (
        <p className="small quiet">
          {dimension.withheld} groups of fewer than 11 patients are not shown and not in the figures of all together.
        </p>
      )}
      <DataTable
        caption={`Groups by ${dimension.dimension}`}
        rows={dimension.groups}
        rowKey={(group) => group.group}
        columns={GROUP_COLUMNS}
        empty={<EmptyPanel title="No group is large enough." hint="A group needs 11 patients to be shown." />}
      />
    </>
  )
}

function interval(group: FairnessGroup, metric: string): string {
  const found = group.figures.find((one) => one.metric === metric)
  return found === undefined || found.value === null ? '–' : formatInterval(found.value, found.low, found.high)
}

const GROUP_COLUMNS: readonly Column<FairnessGroup>[] = [
  { heading: 'Group', width: 10, cell: (group) => group.group },
  { heading: 'Studies', width: 6, numeric: true, cell: (group) => group.n },
  { heading: 'Selected', width: 11, numeric: true, cell: (group) => interval(group, 'selection-rate') },
  { heading: 'Sensitivity', width: 11, numeric: true, cell: (group) => interval(group, 'true-positive-rate') },
  { heading: 'False alarms', width: 11, numeric: true, cell: (group) => interval(group, 'false-positive-rate') },
  { heading: 'AUC', width: 11, numeric: true, cell: (group) => interval(group, 'roc-auc') },
  { heading: 'Calibration error', width: 11, numeric: true, cell: (group) => interval(group, 'calibration-error') },
  { heading: 'Slope', width: 6, numeric: true, cell: (group) => decimals(group.calibrationSlope) },
]
