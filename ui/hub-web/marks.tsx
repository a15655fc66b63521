import { Link } from '@tanstack/react-router'
import type { ModelVersion, TrainingRun, VersionState } from '../contract/hub-api.ts'
import { shorten } from '../shared/format.ts'
import { StateMark, type Tone } from '../shared/state-mark.tsx'

const VERSION_TONES: Readonly<Record<VersionState, Tone>> = {
  candidate: 'waiting',
  submitted: 'working',
  'partially-signed': 'working',
  approved: 'good',
  released: 'good',
  rejected: 'refused',
  withdrawn: 'neutral',
}

/** Where a version stands. */
export function VersionMark({ state }: { readonly state: VersionState }) {
  return <StateMark tone={VERSION_TONES[state]}>{state.replace('-', ' ')}</StateMark>
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

/** Where a training run stands. */
export function RunMark({ state }: { readonly state: TrainingRun['state'] }) {
  return <StateMark tone={RUN_TONES[state]}>{state.replaceAll('-', ' ')}</StateMark>
}

/** A model version that leads to its page. */
export function VersionLink({ model }: { readonly model: ModelVersion }) {
  return (
    <Link to="/models/$name/$version" params={{ name: model.name, version: model.version }} title={model.digest}>
      {model.name} {model.version}
    </Link>
  )
}

/** A digest: its first digits to read, all of it in the title. */
export function Digest({ value }: { readonly value: string }) {
  return (
    <span className="mono" title={value}>
      {shorten(value)}
    </span>
  )
}
