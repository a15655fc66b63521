import type { ScoreView } from '../contract/local-api.ts'
import { Given } from '../shared/given.tsx'
import { operatingPointWords } from './study-words.ts'

const WIDTH = 64
const HEIGHT = 10

/** Value and operating point on the same line from 0 to 1. The words beside it say the same. */
export function ScoreGauge({ score }: { readonly score: ScoreView }) {
  const at = (value: number): number => Math.max(0, Math.min(1, value)) * WIDTH
  return (
    <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <rect x="0" y="3" width={WIDTH} height="4" fill="var(--quiet-fill)" />
      <rect x="0" y="3" width={at(score.value)} height="4" fill="var(--text-soft)" />
      <rect x={at(score.thresholdMilli / 1000) - 1} y="0" width="2" height={HEIGHT} fill="var(--accent)" />
    </svg>
  )
}

/** Finding, gauge, score, operating point: one line, readable without the gauge. */
export function ScoreLine({ score }: { readonly score: ScoreView }) {
  const words = operatingPointWords(score)
  return (
    <div className="score" title={`${score.title}: ${score.value.toFixed(3)} ${words} (operating point)`}>
      <span className="score-title">
        <Given words={score.title} />
      </span>
      <ScoreGauge score={score} />
      <span className="score-value">{score.value.toFixed(3)}</span>
      <span className="quiet">{words}</span>
    </div>
  )
}
