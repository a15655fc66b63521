import type { StudyState, StudySummary } from '../contract/local-api.ts'
import { StateMark, type Tone } from '../shared/state-mark.tsx'

const TONES: Readonly<Record<StudyState, Tone>> = {
  receiving: 'working',
  queued: 'waiting',
  running: 'working',
  scored: 'good',
  'not-scored': 'neutral',
  failed: 'refused',
  quarantined: 'attention',
  superseded: 'neutral',
}

/** The words for each state. "Scored" says on which side of the operating point; no state is ever blank. */
export function studyStateWords(study: Pick<StudySummary, 'state' | 'scores'>): string {
  if (study.state !== 'scored') return study.state.replace('-', ' ')
  return study.scores.some((score) => score.above) ? 'scored: above operating point' : 'scored: below operating point'
}

/** The state of a study with its mark. */
export function StudyMark({ study }: { readonly study: Pick<StudySummary, 'state' | 'scores'> }) {
  const above = study.state === 'scored' && study.scores.some((score) => score.above)
  return <StateMark tone={above ? 'attention' : TONES[study.state]}>{studyStateWords(study)}</StateMark>
}
