import '../../shared/no-eval.ts'
import {
  type DeviceDetail,
  type DeviceState,
  deviceDetail,
  deviceState,
  type StreamSummary,
} from '../../contract/hub-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { type Fact, Facts } from '../../shared/facts.tsx'
import { formatInstant, wordsOf } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, FailurePanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { ReportedRunsSection } from '../reported-runs.tsx'
import { Wishes } from '../wishes.tsx'
import { LinkMark } from './fleet.tsx'

type Alarm = DeviceDetail['alarms'][number]

/** One box: streams with their watermarks, figures, alarms, and the state of its audit log. */
export function DevicePage({ device }: { readonly device: string }) {
  const query = useAnswer('devices', `/api/devices/${encodeURIComponent(device)}`, deviceDetail)
  const detail = query.data
  return (
    <>
      <PageHead
        name={`Device ${device}`}
        question="What has arrived from this box, and can its log be trusted?"
        queries={[query]}
      />
      {query.error !== null && detail === undefined ? (
        <FailurePanel error={query.error} framed />
      ) : (
        <div className="sections">
          <Facts facts={deviceFacts(detail)} />
          {detail === undefined ? <LoadingPanel what="the device" framed /> : <Sections detail={detail} />}
          {detail === undefined ? null : <DesiredSection device={device} />}
        </div>
      )}
    </>
  )
}

function Sections({ detail }: { readonly detail: DeviceDetail }) {
  return (
    <>
      <section className="section">
        <h2>Alarms</h2>
        <DataTable
          caption="The alarms"
          rows={detail.alarms}
          rowKey={(row, place) => `${row.at}/${row.code}/${place}`}
          columns={ALARM_COLUMNS}
          empty={<EmptyPanel title="No alarm." hint="A forged, replayed or inconsistent message appears here." />}
        />
      </section>
      <section className="section">
        <h2>Streams</h2>
        <DataTable
          caption="The streams"
          rows={detail.streams}
          rowKey={(row) => `${row.epoch}/${row.stream}`}
          columns={STREAM_COLUMNS}
          empty={<EmptyPanel title="Nothing has arrived." hint="Streams open with the first envelope of the device." />}
        />
      </section>
      <section className="section">
        <h2>Figures the box reports</h2>
        <DataTable
          caption="The figures"
          rows={Object.entries(detail.figures)}
          rowKey={([name]) => name}
          columns={FIGURE_COLUMNS}
          compact
          empty={<EmptyPanel title="No figures." hint="The box reports them with its health." />}
        />
      </section>
    </>
  )
}

/** What the hub wishes of this box beside what the box says became of it. */
function DesiredSection({ device }: { readonly device: string }) {
  const query = useAnswer('devices', `/api/devices/${encodeURIComponent(device)}/state`, deviceState)
  const state = query.data
  if (state === undefined) {
    return query.error === null ? (
      <LoadingPanel what="desired and reported state" framed />
    ) : (
      <FailurePanel error={query.error} framed />
    )
  }
  return (
    <>
      <ReportedRunsSection state={state.reported?.state} />
      <section className="section">
        <h2>Desired and reported state</h2>
        <Facts facts={stateFacts(state)} />
        <DataTable
          caption="The sections that are wished"
          rows={state.differences}
          rowKey={(row) => row.section}
          columns={DIFFERENCE_COLUMNS}
          compact
          empty={<EmptyPanel title="Nothing is wished." hint="The site decides everything itself." />}
        />
      </section>
      <Wishes state={state} />
    </>
  )
}

function stateFacts({ documents: [newest], reported }: DeviceState): Fact[] {
  return [
    { name: 'Document', value: newest === undefined ? 'none' : `${newest.version}, ${newest.state}` },
    { name: 'Reason', value: newest?.reason ?? 'none' },
    { name: 'Reported', value: reported === null ? 'nothing yet' : formatInstant(reported.at) },
    { name: 'Signature of the box', value: reported === null ? 'none' : (reported.refusal ?? 'verified') },
    {
      name: 'Signature of the hub',
      value: newest === undefined ? 'none' : newest.signed ? 'the box verifies it' : 'the box is older',
    },
  ]
}

const DIFFERENCE_COLUMNS: readonly Column<DeviceState['differences'][number]>[] = [
  { heading: 'Section', width: 20, cell: (row) => row.section },
  { heading: 'The box says', width: 14, cell: (row) => row.state },
  { heading: 'Reason', width: 26, cell: (row) => row.reason ?? '' },
]

function deviceFacts(detail: DeviceDetail | undefined): Fact[] {
  const summary = detail?.summary
  return [
    { name: 'Link', value: summary && <LinkMark connected={summary.connected} state={summary.state} /> },
    {
      name: 'Last seen',
      value: summary && (summary.lastSeenAt === null ? 'never' : formatInstant(summary.lastSeenAt)),
    },
    { name: 'Software', value: summary && (summary.softwareVersion ?? 'not reported') },
    {
      name: 'Audit log cosigned',
      value: detail && (detail.audit === null ? 'nothing yet' : `${detail.audit.size} entries`),
    },
    {
      name: 'Runs, by its own report',
      wide: true,
      value:
        summary &&
        (summary.models.map(({ model, state }) => `${model.name} ${model.version} (${state})`).join(', ') ||
          'nothing reported'),
    },
  ]
}

const ALARM_COLUMNS: readonly Column<Alarm>[] = [
  { heading: 'Code', width: 14, cell: (row) => row.code },
  { heading: 'What it means', width: 46, cell: (row) => row.message, wraps: true },
  { heading: 'At', width: 13, cell: (row) => formatInstant(row.at) },
]

const STREAM_COLUMNS: readonly Column<StreamSummary>[] = [
  { heading: 'Stream', width: 16, cell: (row) => row.stream },
  { heading: 'Epoch', width: 7, cell: (row) => row.epoch, numeric: true },
  { heading: 'Committed up to', width: 11, cell: (row) => row.watermark, numeric: true },
  { heading: 'Effects', width: 9, cell: (row) => row.effects, numeric: true },
  { heading: 'Duplicates dropped', width: 12, cell: (row) => row.duplicates, numeric: true },
  { heading: 'Refused', width: 9, cell: (row) => row.refused, numeric: true },
]

const FIGURE_COLUMNS: readonly Column<[string, number]>[] = [
  { heading: 'Figure', width: 26, cell: ([name]) => wordsOf(name) },
  { heading: 'Value', width: 12, cell: ([, value]) => value.toLocaleString('en-GB'), numeric: true },
]
