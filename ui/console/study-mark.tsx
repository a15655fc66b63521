import type { StudySummary } from '../contract/local-api.ts'
import { StateMark } from '../shared/state-mark.tsx'
import { studyStateTone, studyStateWords } from './study-words.ts'

/** The state of a study with its mark. */
export function StudyMark({
  study,
  hidden,
}: {
  readonly study: Pick<StudySummary, 'state' | 'scores'>
  readonly hidden: boolean
}) {
  return <StateMark tone={studyStateTone(study, hidden)}>{studyStateWords(study, hidden)}</StateMark>
}
