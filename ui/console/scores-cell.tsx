import type { StudySummary } from '../contract/local-api.ts'
import { Given } from '../shared/given.tsx'
import { reasonWords } from './reason-words.ts'
import { ScoreLine } from './score-line.tsx'
import { modelWords } from './score-rows.ts'
import { bySeverity } from './study-words.ts'

/** So many fit a row that is read at a glance; the study's page has all. */
const SHOWN = 2

/** Scores of a study in the list, or why it has none. */
export function ScoresCell({ study, hidden }: { readonly study: StudySummary; readonly hidden: boolean }) {
  if (study.scores.length === 0) return <Reason reason={study.reason} />
  if (hidden) return <span className="quiet">hidden</span>
  const sorted = bySeverity(study.scores)
  const models = [...new Set(sorted.map((score) => modelWords(score.model)))].join(', ')
  const rest = sorted.slice(SHOWN)
  const more = rest.length === 0 ? '' : ` · ${rest.length} more, ${rest.filter((score) => score.above).length} above`
  return (
    <div>
      {sorted.slice(0, SHOWN).map((score) => (
        <ScoreLine key={`${score.model.digest}/${score.code}`} score={score} />
      ))}
      <span className="two">
        <Given words={`${models}${more}`} />
      </span>
    </div>
  )
}

function Reason({ reason }: { readonly reason: string | null }) {
  if (reason === null) return <span className="quiet">no score yet</span>
  return <Given words={reasonWords(reason)} />
}
