import { sigmoid } from '../../math/logistic.ts'
import { seededNumbers } from '../../trainers/seeded-numbers.ts'
import type { EvaluationCase } from '../case-table.ts'

/** What made cases are like. */
export interface MadeKind {
  readonly n: number
  readonly seed?: number
  /** Cases of one patient, about. */
  readonly casesPerPatient?: number
  /** How much more often, in logits, a case of view AP is positive, seen in the score or not. */
  readonly viewEffect?: number
  /** How much the score tells of the disease itself. */
  readonly skill?: number
}

/** Scores and labels that follow a logistic model, with repeated patients. The same each time. */
export function madeCases({
  n,
  seed = 1,
  casesPerPatient = 1.5,
  viewEffect = 0,
  skill = 1.5,
}: MadeKind): EvaluationCase[] {
  const numbers = seededNumbers(seed)
  return Array.from({ length: n }, (_, i): EvaluationCase => {
    const view = numbers.uniform() < 0.4 ? 'AP' : 'PA'
    const disease = numbers.normal()
    const ofView = view === 'AP' ? viewEffect : 0
    const score = sigmoid(skill * disease + ofView - 0.7)
    return {
      score,
      runningScore: sigmoid(0.6 * skill * (disease + 0.8 * numbers.normal()) + ofView - 0.4),
      label: numbers.uniform() < sigmoid(1.2 * disease + ofView - 0.7) ? 1 : 0,
      patient: `patient ${Math.floor(i / casesPerPatient)}`,
      site: `site ${numbers.below(3)}`,
      view,
      sex: numbers.uniform() < 0.5 ? 'F' : 'M',
      ageDecade: numbers.below(10),
    }
  })
}
