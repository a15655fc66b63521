import type { LocalModelList } from '../../contract/local-api.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { formatInstant } from '../../shared/format.ts'
import { EmptyPanel } from '../../shared/panels.tsx'
import { StateMark, type Tone } from '../../shared/state-mark.tsx'
import { ModelStop } from './model-stop.tsx'

type Model = LocalModelList['models'][number]
type Refusal = LocalModelList['refused'][number]

const TONES: Readonly<Record<Model['state'], Tone>> = {
  staged: 'waiting',
  active: 'good',
  retained: 'neutral',
  refused: 'refused',
}

/** Versions this box has, runs, or refused, with the approvals that it verified itself. */
export function Models({ list, error }: { readonly list: LocalModelList | undefined; readonly error: unknown }) {
  return (
    <section className="section">
      <h2>Models</h2>
      <DataTable
        caption="The models"
        rows={list?.models}
        rowKey={(row) => `${row.model.name}/${row.model.version}/${row.model.digest}/${row.state}/${row.changedAt}`}
        error={error}
        columns={COLUMNS}
        detail={{ name: (row) => `${row.model.name} ${row.model.version}`, content: (row) => <Detail model={row} /> }}
        empty={
          <EmptyPanel
            title="No model has arrived."
            hint="Only a version that two people of different roles signed can run here."
          />
        }
      />
      {list !== undefined && list.refused.length > 0 && (
        <>
          <h2>Updates refused</h2>
          <DataTable
            caption="Updates refused"
            rows={list.refused}
            rowKey={(row) => `${row.at}/${row.code}/${row.path}`}
            columns={REFUSED_COLUMNS}
            empty={null}
          />
        </>
      )}
    </section>
  )
}

const COLUMNS: readonly Column<Model>[] = [
  { heading: 'Model', width: 14, cell: ({ model }) => `${model.name} ${model.version}` },
  { heading: 'State', width: 10, cell: stateOf },
  {
    heading: 'Operating points',
    width: 12,
    cell: ({ outputs }) =>
      outputs.map(({ code, thresholdMilli }) => `${code} ${(thresholdMilli / 1000).toFixed(3)}`).join(', ') || '–',
  },
  {
    heading: 'Approved by',
    width: 20,
    cell: ({ approvals }) => approvals.map(({ person, role }) => `${person} (${role})`).join(', ') || '–',
  },
  { heading: 'Message', width: 19, cell: (row) => row.halted?.reason ?? row.activation?.reason ?? row.message ?? '–' },
  { heading: 'Since', width: 13, cell: (row) => formatInstant(row.changedAt) },
]

const REFUSED_COLUMNS: readonly Column<Refusal>[] = [
  { heading: 'Code', width: 14, cell: (row) => row.code },
  { heading: 'What', width: 18, cell: (row) => row.path },
  { heading: 'Why', width: 36, cell: (row) => row.message, wraps: true },
  { heading: 'At', width: 13, cell: (row) => (row.at === '' ? '–' : formatInstant(row.at)) },
]

function stateOf({ state, halted }: Model) {
  if (halted !== null)
    return <StateMark tone="refused">{halted.kind === 'recalled' ? 'recalled' : 'stopped'}</StateMark>
  return <StateMark tone={TONES[state]}>{state}</StateMark>
}

function Detail({ model }: { readonly model: Model }) {
  return (
    <div className="section">
      <p>{model.intendedUse ?? 'The intended use of this version is not loaded: it is not active.'}</p>
      {model.message !== null && <p>{model.message}</p>}
      {model.activation !== null && (
        <p>
          On its way into use: {model.activation.state}
          {model.activation.attempts > 0 && `, taken back ${model.activation.attempts} time(s)`}.
        </p>
      )}
      <ModelStop model={model} />
      <p className="mono quiet">{model.model.digest}</p>
    </div>
  )
}
