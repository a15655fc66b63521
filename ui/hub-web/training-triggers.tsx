import { type UseQueryResult, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type TrainingTriggerPolicy,
  type TrainingTriggers,
  type TriggerDecisionView,
  trainingTriggers,
} from '../contract/hub-api.ts'
import { deleteJson, postJson } from '../shared/api-client.ts'
import { Button, TextField } from '../shared/controls.tsx'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { formatInstant, wordsOf } from '../shared/format.ts'
import { EmptyPanel, FailurePanel } from '../shared/panels.tsx'
import { useAnswer } from '../shared/queries.ts'
import { useSession } from '../shared/session.ts'
import { StateMark, type Tone } from '../shared/state-mark.tsx'
import { TRAINING_MAKERS } from './training-run-acts.tsx'

const AREA = 'training-triggers'
const PATH = '/api/training-triggers'
type Declared = TrainingTriggers['policies'][number]

/** Triggers and decisions; asked once, however many ask here. */
export function useTrainingTriggers(): UseQueryResult<TrainingTriggers> {
  return useAnswer(AREA, PATH, trainingTriggers)
}

/** What starts runs without anybody asking, how each trigger stands, and what was decided. */
export function TrainingTriggersSection() {
  const query = useTrainingTriggers()
  const { role } = useSession()
  const isMaker = TRAINING_MAKERS.has(role)
  return (
    <section className="section">
      <h2>What starts runs by itself</h2>
      <DataTable
        caption="The triggers"
        rows={query.data?.policies}
        rowKey={({ policy }) => `${policy.model}/${policy.finding}`}
        error={query.error}
        columns={COLUMNS}
        detail={{
          name: ({ policy }) => `the triggers of ${policy.finding}`,
          content: (row) => <Detail declared={row} isMaker={isMaker} />,
        }}
        empty={
          <EmptyPanel
            title="Nothing starts runs by itself."
            hint="Declare so many new labels below, or use: leadglass training triggers set"
          />
        }
      />
      {isMaker && <DeclareForm />}
      <DataTable
        caption="What was decided"
        rows={query.data?.decisions}
        rowKey={(row) => String(row.decision)}
        columns={DECISIONS}
        compact
        empty={<EmptyPanel title="Nothing was decided yet." hint="The hub looks once a minute." />}
      />
    </section>
  )
}

function useDeclare() {
  const queries = useQueryClient()
  const onSuccess = (): Promise<void> => queries.invalidateQueries({ queryKey: [AREA] })
  const declare = useMutation({
    mutationFn: (policy: TrainingTriggerPolicy) => postJson(PATH, policy, trainingTriggers),
    onSuccess,
  })
  const remove = useMutation({
    mutationFn: ({ model, finding }: TrainingTriggerPolicy) =>
      deleteJson(`${PATH}/${encodeURIComponent(model)}/${encodeURIComponent(finding)}`, trainingTriggers),
    onSuccess,
  })
  return { declare, remove }
}

function Detail({ declared, isMaker }: { readonly declared: Declared; readonly isMaker: boolean }) {
  const { declare, remove } = useDeclare()
  const { policy, standing } = declared
  const isOn = policy.enabled !== false
  const error = declare.error ?? remove.error
  return (
    <div className="section">
      <DataTable
        caption="How each trigger stands"
        rows={standing}
        rowKey={(row) => row.cause}
        columns={DECISIONS}
        compact
        empty={null}
      />
      {isMaker && (
        <div className="toolbar">
          <Button disabled={declare.isPending} onClick={() => declare.mutate({ ...policy, enabled: !isOn })}>
            {isOn ? 'Switch off' : 'Switch on'}
          </Button>
          <Button disabled={remove.isPending} onClick={() => remove.mutate(policy)}>
            Remove
          </Button>
        </div>
      )}
      {error !== null && <FailurePanel error={error} />}
    </div>
  )
}

/** The commonest declaration; the command has all of them. */
function DeclareForm() {
  const { declare } = useDeclare()
  const [finding, setFinding] = useState('')
  const [model, setModel] = useState('chest-radiograph')
  const [labels, setLabels] = useState('100')
  const atLeast = Number(labels)
  const isReady = finding.trim() !== '' && model.trim() !== '' && Number.isInteger(atLeast) && atLeast >= 1
  return (
    <form
      className="toolbar"
      onSubmit={(event) => {
        event.preventDefault()
        declare.mutate({ model: model.trim(), finding: finding.trim(), labels: { atLeast } })
      }}
    >
      <TextField label="Model" value={model} maxLength={64} onChange={(event) => setModel(event.target.value)} />
      <TextField label="Finding" value={finding} maxLength={80} onChange={(event) => setFinding(event.target.value)} />
      <TextField label="New labels" value={labels} maxLength={8} onChange={(event) => setLabels(event.target.value)} />
      <Button type="submit" disabled={!isReady || declare.isPending}>
        Train by itself at so many
      </Button>
      {declare.error !== null && <FailurePanel error={declare.error} />}
    </form>
  )
}

/** What a policy declares, in a line. */
function wordsOfPolicy({ labels, age, drift, schedule }: TrainingTriggerPolicy): string {
  const parts = [
    ...(labels === undefined ? [] : [`${labels.atLeast} new labels`]),
    ...(age === undefined ? [] : [`${age.atLeast} labels older than ${age.olderThanDays} days`]),
    ...(drift === undefined ? [] : [`an alert of drift, ${(drift.priorities ?? ['P1']).join(' or ')}`]),
    ...(schedule === undefined ? [] : [`the times of ${schedule.cron} ${schedule.timeZone ?? 'UTC'}`]),
  ]
  return parts.length === 0 ? 'nothing' : parts.join('; ')
}

const COLUMNS: readonly Column<Declared>[] = [
  { heading: 'Model', width: 14, cell: ({ policy }) => policy.model },
  { heading: 'Finding', width: 11, cell: ({ policy }) => policy.finding },
  {
    heading: 'State',
    width: 8,
    cell: ({ policy }) =>
      policy.enabled === false ? <StateMark tone="neutral">off</StateMark> : <StateMark tone="good">on</StateMark>,
  },
  { heading: 'Starts at', width: 32, cell: ({ policy }) => wordsOfPolicy(policy), wraps: true },
  { heading: 'Declared by', width: 12, cell: (row) => row.changedBy },
  { heading: 'Looked at', width: 13, cell: (row) => formatInstant(row.lookedAt) },
]

const TONES: Readonly<Record<TriggerDecisionView['outcome'], Tone>> = {
  fired: 'good',
  'cooling-down': 'waiting',
  'daily-maximum': 'waiting',
  'run-under-way': 'waiting',
  'not-first': 'waiting',
  'cannot-start': 'refused',
  'too-few': 'neutral',
  none: 'neutral',
  disabled: 'neutral',
}

const DECISIONS: readonly Column<TriggerDecisionView>[] = [
  { heading: 'Finding', width: 10, cell: (row) => row.finding },
  { heading: 'Trigger', width: 8, cell: (row) => wordsOf(row.cause) },
  {
    heading: 'Decision',
    width: 12,
    cell: (row) => <StateMark tone={TONES[row.outcome]}>{wordsOf(row.outcome)}</StateMark>,
  },
  { heading: 'New labels', width: 8, cell: (row) => row.newLabels, numeric: true },
  { heading: 'Looks', width: 6, cell: (row) => row.looks, numeric: true },
  { heading: 'Why', width: 19, cell: (row) => row.reason ?? '–', wraps: true },
  { heading: 'Last', width: 12, cell: (row) => formatInstant(row.lastAt) },
]
