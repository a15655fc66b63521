import { Link } from '@tanstack/react-router'
import type { ApprovalSummary, ModelVersion, TrainingRun, VersionState } from '../contract/hub-api.ts'
import { wordsOf } from '../shared/format.ts'
import { StateMark, type Tone } from '../shared/state-mark.tsx'

const VERSION_TONES: Readonly<Record<VersionState, Tone>> = {
  candidate: 'waiting',
  submitted: 'working',
  'in-review': 'working',
  'partially-signed': 'working',
  approved: 'good',
  released: 'good',
  'changes-requested': 'attention',
  rejected: 'refused',
  withdrawn: 'neutral',
  expired: 'attention',
}

/** Where a version stands. */
export function VersionMark({ state }: { readonly state: VersionState }) {
  return <StateMark tone={VERSION_TONES[state]}>{wordsOf(state)}</StateMark>
}

const APPROVAL_TONES: Readonly<Record<ApprovalSummary['state'], Tone>> = {
  submitted: 'working',
  'in-review': 'working',
  'partially-signed': 'working',
  approved: 'good',
  published: 'good',
  'changes-requested': 'attention',
  rejected: 'refused',
  withdrawn: 'neutral',
  expired: 'attention',
}

/** Where an approval stands. */
export function ApprovalMark({ state }: { readonly state: ApprovalSummary['state'] }) {
  return <StateMark tone={APPROVAL_TONES[state]}>{wordsOf(state)}</StateMark>
}

const RUN_TONES: Readonly<Record<TrainingRun['state'], Tone>> = {
  queued: 'waiting',
  running: 'working',
  succeeded: 'good',
  'stopped-by-gate': 'attention',
  failed: 'refused',
  interrupted: 'attention',
  cancelled: 'neutral',
}

/** Where a training run stands; while it runs, how far it is. */
export function RunMark({ run }: { readonly run: Pick<TrainingRun, 'state' | 'progress'> }) {
  const far = run.state === 'running' ? `, ${Math.round(run.progress * 100)} %` : ''
  return (
    <StateMark tone={RUN_TONES[run.state]}>
      {wordsOf(run.state)}
      {far}
    </StateMark>
  )
}

/** A model version that leads to its page. */
export function VersionLink({ model }: { readonly model: ModelVersion }) {
  return (
    <Link to="/models/$name/$version" params={{ name: model.name, version: model.version }} title={model.digest}>
      {model.name} {model.version}
    </Link>
  )
}

const HOUR_MS = 3_600_000

/** How near the deadline is, from the first reminder on; the hub reminds at the same marks. */
export function DeadlineMark({ dueAt }: { readonly dueAt: string | null }) {
  if (dueAt === null) return null
  const hours = (Date.parse(dueAt) - Date.now()) / HOUR_MS
  if (hours > 72) return null
  if (hours <= 0) return <StateMark tone="refused">deadline passed</StateMark>
  const left = hours <= 1 ? 'less than an hour left' : `${Math.floor(hours)} hours left`
  return <StateMark tone={hours <= 24 ? 'attention' : 'waiting'}>{left}</StateMark>
}
