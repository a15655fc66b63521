import type { CandidateView, DeploymentList } from '../../contract/local-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant } from '../../shared/format.ts'
import { EmptyPanel } from '../../shared/panels.tsx'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'

const TONES: Readonly<Record<CandidateView['state'], Tone>> = {
  running: 'good',
  stopped: 'refused',
  ended: 'neutral',
  promoted: 'neutral',
}

/** Approved versions that run, or ran, beside those in use: share, how they compare, guardrails, why one was stopped. */
export function Deployments({ list, error }: { readonly list: DeploymentList | undefined; readonly error: unknown }) {
  return (
    <section className="section">
      <h2>Versions on trial</h2>
      <DataTable
        caption="Versions on trial"
        rows={list?.candidates}
        rowKey={(row) => String(row.candidate)}
        error={error}
        columns={COLUMNS}
        detail={{ name: (row) => `${row.name} ${row.version}`, content: (row) => <Detail candidate={row} /> }}
        empty={
          <EmptyPanel
            title="No version runs beside those in use."
            hint="A site administrator starts one with leadglass deployment."
          />
        }
      />
    </section>
  )
}

const COLUMNS: readonly Column<CandidateView>[] = [
  { heading: 'Version', width: 14, cell: (row) => `${row.name} ${row.version}` },
  { heading: 'Role', width: 7, cell: (row) => row.role },
  { heading: 'Share', width: 6, cell: (row) => `${row.permille / 10} %`, numeric: true },
  { heading: 'State', width: 8.5, cell: (row) => <StateMark tone={TONES[row.state]}>{row.state}</StateMark> },
  { heading: 'Runs', width: 6, cell: (row) => row.figures.runs, numeric: true },
  { heading: 'Errors', width: 6, cell: (row) => row.figures.errors, numeric: true },
  {
    heading: 'Agreement',
    width: 10,
    cell: (row) =>
      row.outputs.map(({ agreement }) => (agreement === null ? '–' : agreement.toFixed(3))).join(', ') || '–',
  },
  { heading: 'Guardrails', width: 15, cell: (row) => (row.state === 'running' ? row.verdict : (row.reason ?? '–')) },
  { heading: 'Since', width: 13, cell: (row) => formatInstant(row.startedAt) },
]

function Detail({ candidate }: { readonly candidate: CandidateView }) {
  const { guardrails, figures, champion, outputs, waiting } = candidate
  return (
    <div className="section">
      <p>
        Judged from {guardrails.minimumRuns} runs on: at most {guardrails.maximumErrorPermille / 10} % errors, at most{' '}
        {guardrails.maximumLatencyRatioMilli / 1000} times as slow, at least {guardrails.minimumAgreementPermille / 10}{' '}
        % agreement, drift at most {guardrails.maximumDriftMilli / 1000}.
      </p>
      <p>
        95th percentile of a file: {milliseconds(figures.p95Ms)}, of the version in use {milliseconds(champion.p95Ms)}.{' '}
        {waiting} studies wait to be compared.
      </p>
      {outputs.map(({ code, pairs, kappa, psi }) => (
        <p key={code}>
          {code}: {pairs} pairs, kappa {kappa === null ? '–' : kappa.toFixed(3)}, drift{' '}
          {psi === null ? '–' : psi.toFixed(3)}
        </p>
      ))}
      <p className="mono quiet">{candidate.digest}</p>
    </div>
  )
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${Math.round(value)} ms`
}
