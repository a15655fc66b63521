import type { ScoreView, StudyState } from '../contract/local-api.ts'
import { wordsOf } from '../shared/format.ts'
import type { Tone } from '../shared/state-mark.tsx'

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

interface Stated {
  readonly state: StudyState
  readonly scores: readonly ScoreView[]
}

/**
 * The words for a state. "Scored" says on which side of the operating point, unless scores are hidden for blind
 * reading; no state is ever blank, and no two states share their words.
 */
export function studyStateWords({ state, scores }: Stated, hidden: boolean): string {
  if (state !== 'scored' || hidden) return wordsOf(state)
  return scores.some((score) => score.above) ? 'above operating point' : 'below operating point'
}

/** How the state looks: beside its word, never instead of it. */
export function studyStateTone({ state, scores }: Stated, hidden: boolean): Tone {
  return state === 'scored' && !hidden && scores.some((score) => score.above) ? 'attention' : TONES[state]
}

/** `0.873 ≥ 0.500`: the score and the operating point that was in force when it was made. */
export function operatingPointWords({ thresholdMilli, above }: Pick<ScoreView, 'thresholdMilli' | 'above'>): string {
  return `${above ? '≥' : '<'} ${(thresholdMilli / 1000).toFixed(3)}`
}

/** Those above their operating point first, then the higher score; the order of the rest is the service's. */
export function bySeverity(scores: readonly ScoreView[]): ScoreView[] {
  return [...scores].sort((a, b) => Number(b.above) - Number(a.above) || b.value - a.value)
}
