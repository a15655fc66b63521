import '../../shared/no-eval.ts'
import { useState } from 'react'
import {
  type ReportCatalogue,
  type ReportControl,
  reportCatalogue,
  reportPeriod,
  type SignedReport,
  signedReport,
} from '../../contract/hub-api.ts'
import { getJson } from '../../shared/api-client.ts'
import { Button, SelectField, TextField } from '../../shared/controls.tsx'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { Digest } from '../../shared/digest.tsx'
import { formatInstant } from '../../shared/format.ts'
import { PageHead } from '../../shared/page-head.tsx'
import { EmptyPanel, FailurePanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { StateMark } from '../../shared/state-mark.tsx'

const CATALOGUE_REFRESH_MS = 60_000

/** What reports there are, and one that somebody asked for. Each report is an entry of the log, so none is made unasked. */
export function ReportsPage() {
  const catalogue = useAnswer('reports', '/api/reports', reportCatalogue, CATALOGUE_REFRESH_MS)
  const [subject, setSubject] = useState('frameworks/hipaa')
  const [period, setPeriod] = useState('30d')
  const [made, setMade] = useState<Made>()
  const path = `/api/reports/${subject}`
  const isPeriod = reportPeriod.safeParse(period).success
  const make = async (): Promise<void> => {
    setMade({ kind: 'asked' })
    const asked = { path, period }
    await getJson(`${path}?period=${period}`, signedReport).then(
      (signed) => setMade({ kind: 'made', signed, ...asked }),
      (error: unknown) => setMade({ kind: 'failed', error }),
    )
  }
  return (
    <>
      <PageHead
        name="Reports"
        question="Which requirement is shown by which evidence, and what is missing?"
        queries={[catalogue]}
      />
      <div className="sections">
        <section className="section">
          <h2>Make a report</h2>
          <div className="toolbar">
            <SelectField
              label="About"
              value={subject}
              options={subjectsOf(catalogue.data)}
              onChange={(event) => setSubject(event.target.value)}
            />
            <TextField
              label="Time before now"
              size={6}
              value={period}
              aria-invalid={!isPeriod}
              onChange={(event) => setPeriod(event.target.value)}
            />
            <Button disabled={!isPeriod} onClick={() => void make()}>
              Make the report
            </Button>
          </div>
          <p className="small quiet">
            Days, weeks or years: 30d, 12w, 1y. That you took a report is recorded in the log.
          </p>
        </section>
        <Result made={made} />
      </div>
    </>
  )
}

function subjectsOf(catalogue: ReportCatalogue | undefined) {
  return [
    ...(catalogue?.frameworks ?? []).map(({ framework, title }) => ({
      value: `frameworks/${framework}`,
      label: title,
    })),
    ...(catalogue?.versions ?? []).map(({ name, version }) => ({
      value: `models/${name}/${version}`,
      label: `Model ${name} ${version}`,
    })),
  ]
}

type Made =
  | { readonly kind: 'asked' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'made'; readonly signed: SignedReport; readonly path: string; readonly period: string }

function Result({ made }: { readonly made: Made | undefined }) {
  if (made === undefined) {
    return (
      <EmptyPanel title="No report was made yet." hint="“leadglass report --framework hipaa” makes the same one." />
    )
  }
  if (made.kind === 'asked') return <LoadingPanel what="the report" framed />
  if (made.kind === 'failed') return <FailurePanel error={made.error} framed />
  const { report, digest } = made.signed
  return (
    <section className="section">
      <h2>{report.title}</h2>
      <p>
        <StateMark tone={report.gaps === 0 ? 'good' : 'refused'}>
          {report.met} met, {report.gaps} gaps
        </StateMark>
        , {formatInstant(report.period.from)} to {formatInstant(report.period.until)}, digest <Digest value={digest} />
      </p>
      <p className="small">
        Take it away signed, made anew for the log, as{' '}
        <a href={`${made.path}/paper?period=${made.period}`} download>
          PDF
        </a>{' '}
        or{' '}
        <a href={`${made.path}?period=${made.period}`} download>
          JSON
        </a>
        ; “leadglass report verify” checks both without a network.
      </p>
      <DataTable
        caption="The controls"
        rows={report.controls}
        rowKey={(row) => row.clause}
        columns={COLUMNS}
        detail={{
          name: (row) => row.clause,
          content: (row) => <ControlDetail control={row} evidence={report.evidence} />,
        }}
        empty={<EmptyPanel title="No control." hint="A report without controls is none." />}
      />
    </section>
  )
}

const COLUMNS: readonly Column<ReportControl>[] = [
  {
    heading: 'Status',
    width: 6,
    cell: ({ status }) => <StateMark tone={status === 'met' ? 'good' : 'refused'}>{status}</StateMark>,
  },
  { heading: 'Clause', width: 16, cell: (row) => row.clause, wraps: true },
  { heading: 'Asks', width: 24, cell: (row) => row.asks, wraps: true },
  { heading: 'Evidence', width: 6, cell: (row) => row.evidence.length, numeric: true },
  {
    heading: 'Missing',
    width: 34,
    cell: (row) => (row.missing.length === 0 ? '–' : row.missing.join(' ')),
    wraps: true,
  },
]

const ZONES = { hub: 'hub', site: 'site', document: 'document, not judged' } as const

function ControlDetail({
  control,
  evidence,
}: {
  readonly control: ReportControl
  readonly evidence: SignedReport['report']['evidence']
}) {
  const shown = evidence.filter(({ id }) => control.evidence.includes(id))
  if (shown.length === 0) return <p>No evidence at all.</p>
  return (
    <ul>
      {shown.map(({ id, zone, source, states, binding }) => (
        <li key={id}>
          {states} ({ZONES[zone]}, {source};{' '}
          {binding.kind === 'record' ? <Digest value={binding.sha256} /> : 'inclusion proof and signed checkpoint'})
        </li>
      ))}
    </ul>
  )
}
