import { describe, expect, it } from 'vitest'
import { type ScoreView, studyState } from '../contract/local-api.ts'
import { reasonWords } from './reason-words.ts'
import { bySeverity, operatingPointWords, studyStateTone, studyStateWords } from './study-words.ts'

const model = { name: 'chest-radiograph', version: '1.1.0', digest: '00' }
const score = (code: string, value: number, thresholdMilli = 412): ScoreView => ({
  code,
  title: code,
  value,
  thresholdMilli,
  above: value * 1000 >= thresholdMilli,
  model,
})

describe('the words of a state', () => {
  const above = { state: 'scored', scores: [score('pneumonia', 0.9)] } as const
  const below = { state: 'scored', scores: [score('pneumonia', 0.1)] } as const

  it('differ for every state and both sides of the operating point, and are never empty', () => {
    const others = studyState.options.filter((state) => state !== 'scored').map((state) => ({ state, scores: [] }))
    const words = [...others, above, below].map((study) => studyStateWords(study, false))
    expect(new Set(words).size).toBe(words.length)
    expect(words).not.toContain('')
  })

  it('do not tell the side while scores are hidden, and neither does the mark', () => {
    expect(studyStateWords(above, true)).toBe(studyStateWords(below, true))
    expect(studyStateTone(above, true)).toBe(studyStateTone(below, true))
    expect(studyStateTone(above, false)).not.toBe(studyStateTone(below, false))
  })
})

describe('scores', () => {
  it('state the operating point on the side that the service said', () => {
    expect(operatingPointWords(score('pneumonia', 0.412))).toBe('≥ 0.412')
    expect(operatingPointWords(score('pneumonia', 0.411))).toBe('< 0.412')
  })

  it('come with those above first, then by value, and none is lost', () => {
    const scores = [score('a', 0.3), score('b', 0.8, 900), score('c', 0.5), score('d', 0.9)]
    expect(bySeverity(scores).map(({ code }) => code)).toEqual(['d', 'c', 'b', 'a'])
    expect(scores.map(({ code }) => code)).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('the words of a reason', () => {
  it('are sentences for known codes and the code itself for new ones', () => {
    expect(reasonWords('no-fit-view')).toBe('the view does not fit the model')
    expect(reasonWords('patient-mismatch')).toBe('patient mismatch')
  })
})
