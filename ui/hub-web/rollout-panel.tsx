import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type RolloutDetail, rolloutView } from '../contract/hub-api.ts'
import { postJson } from '../shared/api-client.ts'
import { Button, TextField } from '../shared/controls.tsx'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { formatInstant, wordsOf } from '../shared/format.ts'
import { FailurePanel } from '../shared/panels.tsx'
import { useSession } from '../shared/session.ts'
import { StateMark, type Tone } from '../shared/state-mark.tsx'

type Site = RolloutDetail['sites'][number]

/** Who may change a rollout; the hub holds it as well. */
const MAKERS: ReadonlySet<string> = new Set(['mlops', 'operator'])

const TONES: Readonly<Record<Site['progress'], Tone>> = {
  'not-assigned': 'neutral',
  assigned: 'waiting',
  'on-its-way': 'waiting',
  'in-use': 'good',
  'taken-back': 'refused',
  stopped: 'refused',
}

/** One rollout: what stops it, how each site is, what was done and why, and the three things a person can do. */
export function RolloutPanel({ rollout }: { readonly rollout: RolloutDetail }) {
  const { rules, sites, history } = rollout
  return (
    <div className="section">
      <p>
        Stops by itself at more than {rules.maximumErrorPermille} errors or {rules.maximumNotScoredPermille} images
        without a score in a thousand, {rules.maximumRollbacks} sites that took it back, {rules.maximumDriftAlarms}{' '}
        drift alarms, or when a site is silent for {rules.reportWithinHours} h. A ring is used for {rules.soakHours} h
        before the next.
      </p>
      <DataTable caption="The sites" rows={sites} rowKey={(row) => row.device} columns={SITES} empty={null} />
      <DataTable
        caption="What was done"
        rows={history}
        rowKey={(row) => `${row.at}/${row.what}`}
        columns={HISTORY}
        empty={null}
      />
      <Commands rollout={rollout} />
    </div>
  )
}

function Commands({ rollout }: { readonly rollout: RolloutDetail }) {
  const { role } = useSession()
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const send = useMutation({
    mutationFn: (kind: 'pause' | 'resume' | 'halt') =>
      postJson(`/api/rollouts/${rollout.rollout}/command`, { kind, reason }, rolloutView),
    onSuccess: async () => {
      setReason('')
      await queries.invalidateQueries({ queryKey: ['rollouts'] })
    },
  })
  const isOpen = rollout.state === 'running' || rollout.state === 'paused'
  if (!isOpen || !MAKERS.has(role)) return null
  const isReady = reason.trim().length >= 3 && !send.isPending
  const act = rollout.state === 'running' ? 'pause' : 'resume'
  return (
    <>
      <TextField
        label="Why? It stands in the record."
        value={reason}
        maxLength={400}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="toolbar">
        <Button disabled={!isReady} onClick={() => send.mutate(act)}>
          {act === 'pause' ? 'Pause' : 'Resume'}
        </Button>
        <Button disabled={!isReady} onClick={() => send.mutate('halt')}>
          Halt for good
        </Button>
      </div>
      {send.error !== null && <FailurePanel error={send.error} />}
    </>
  )
}

const SITES: readonly Column<Site>[] = [
  { heading: 'Ring', width: 4, cell: (row) => row.ring, numeric: true },
  { heading: 'Site', width: 14, cell: (row) => row.device },
  {
    heading: 'Stands',
    width: 11,
    cell: (row) => <StateMark tone={TONES[row.progress]}>{wordsOf(row.progress)}</StateMark>,
  },
  { heading: 'Images', width: 7, cell: (row) => row.runs, numeric: true },
  { heading: 'Errors', width: 7, cell: (row) => row.errors, numeric: true },
  { heading: 'Not scored', width: 8, cell: (row) => row.notScored, numeric: true },
  {
    heading: 'Last report',
    width: 13,
    cell: ({ lastReportAt }) => (lastReportAt === null ? '–' : formatInstant(lastReportAt)),
  },
]

const HISTORY: readonly Column<RolloutDetail['history'][number]>[] = [
  { heading: 'What', width: 10, cell: (row) => row.what },
  { heading: 'Why', width: 36, cell: (row) => row.reason ?? '–', wraps: true },
  { heading: 'By', width: 12, cell: (row) => row.by },
  { heading: 'At', width: 13, cell: (row) => formatInstant(row.at) },
]
