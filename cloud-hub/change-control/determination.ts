import type { CardFigure } from '../model-card/index.ts'
import { type Aspect, type ComparedVersion, differingAspects } from './aspects.ts'
import type { AcceptanceCriterion, ChangePlan, PlannedModification } from './plan.ts'

/** A step of the protocol that was taken, and by what that is shown. */
export interface StepRecord {
  readonly step: string
  readonly person: string
  readonly recordedAt: string
  readonly outcome: 'done' | 'not-done'
  readonly evidence: string
}

/** What a criterion came to. `not-measured`: the card has no such figure, or not of this kind. */
export type CriterionOutcome =
  | { readonly criterion: string; readonly kind: 'met' | 'missed'; readonly seen: number; readonly cases: number }
  | { readonly criterion: string; readonly kind: 'not-measured'; readonly reason: string }

/** Why a version is not within the plan. */
export type OutsideReason =
  | { readonly kind: 'no-predecessor' }
  | { readonly kind: 'nothing-changed' }
  | { readonly kind: 'aspect-not-planned'; readonly aspect: Aspect }
  | { readonly kind: 'criterion-not-met'; readonly outcome: CriterionOutcome }
  | { readonly kind: 'step-not-recorded'; readonly step: string }

/** What follows from plan, versions and records. Computed, never typed in; the same inputs always give the same. */
export interface Determination {
  readonly within: boolean
  readonly changed: readonly Aspect[]
  /** The modifications that the changes fall under, in the order of the plan. */
  readonly modifications: readonly string[]
  readonly criteria: readonly CriterionOutcome[]
  readonly steps: readonly { readonly step: string; readonly recorded: boolean }[]
  readonly reasons: readonly OutsideReason[]
}

/** A version with the figures of its card. */
export interface MeasuredVersion extends ComparedVersion {
  readonly figures: readonly CardFigure[]
}

/**
 * Decides whether a version is within a plan: every aspect that differs from its predecessor is one that a modification of the
 * plan names, and of each modification that is needed all criteria are met and all steps are recorded. When several
 * modifications name an aspect, all of them apply: a plan is read against its author, not for him.
 */
export function determineChange(
  plan: ChangePlan,
  before: MeasuredVersion | undefined,
  after: MeasuredVersion,
  records: readonly StepRecord[],
): Determination {
  if (before === undefined) return outside([{ kind: 'no-predecessor' }])
  const changed = differingAspects(before, after)
  if (changed.length === 0) return outside([{ kind: 'nothing-changed' }])
  const applying = plan.modifications.filter(({ changes }) => changes.some((aspect) => changed.includes(aspect)))
  const planned = new Set(applying.flatMap(({ changes }) => changes))
  const criteria = named(applying, 'criteria').flatMap((id) => {
    const criterion = plan.criteria.find((one) => one.id === id)
    return criterion === undefined ? [] : [judge(criterion, before.figures, after.figures)]
  })
  const steps = named(applying, 'steps').map((step) => ({ step, recorded: lastOutcome(records, step) === 'done' }))
  const reasons: OutsideReason[] = [
    ...changed
      .filter((aspect) => !planned.has(aspect))
      .map((aspect) => ({ kind: 'aspect-not-planned' as const, aspect })),
    ...criteria
      .filter(({ kind }) => kind !== 'met')
      .map((outcome) => ({ kind: 'criterion-not-met' as const, outcome })),
    ...steps.filter(({ recorded }) => !recorded).map(({ step }) => ({ kind: 'step-not-recorded' as const, step })),
  ]
  return {
    within: reasons.length === 0,
    changed,
    modifications: applying.map(({ id }) => id),
    criteria,
    steps,
    reasons,
  }
}

function outside(reasons: readonly OutsideReason[]): Determination {
  return { within: false, changed: [], modifications: [], criteria: [], steps: [], reasons }
}

function named(modifications: readonly PlannedModification[], what: 'criteria' | 'steps'): string[] {
  return [...new Set(modifications.flatMap((modification) => modification[what]))]
}

/** A later record of a step goes before an earlier one. */
function lastOutcome(records: readonly StepRecord[], step: string): StepRecord['outcome'] | undefined {
  return records.findLast((record) => record.step === step)?.outcome
}

function judge(
  criterion: AcceptanceCriterion,
  before: readonly CardFigure[],
  after: readonly CardFigure[],
): CriterionOutcome {
  const { id, figure, compare, relation, bound, minimumCases } = criterion
  const find = (figures: readonly CardFigure[]) =>
    figures.find(({ name, split }) => name === figure.name && split === figure.split)
  const found = find(after)
  if (found === undefined) return notMeasured(id, 'the card has no such figure')
  if (found.cases === null) return notMeasured(id, 'the figure does not say on how many cases it rests')
  if (found.cases < minimumCases) {
    return notMeasured(id, `${found.cases} cases are fewer than the ${minimumCases} that the plan asks for`)
  }
  let seen = found.value
  if (compare === 'interval') {
    const end = relation === 'at-least' ? found.low : found.high
    if (end === null) return notMeasured(id, 'the figure has no interval')
    seen = end
  } else if (compare === 'against-predecessor') {
    const earlier = find(before)
    if (earlier === undefined) return notMeasured(id, 'the card of the predecessor has no such figure')
    seen = found.value - earlier.value
  }
  if (!Number.isFinite(seen)) return notMeasured(id, 'the figure is no number')
  const met = relation === 'at-least' ? seen >= bound : seen <= bound
  return { criterion: id, kind: met ? 'met' : 'missed', seen, cases: found.cases }
}

function notMeasured(criterion: string, reason: string): CriterionOutcome {
  return { criterion, kind: 'not-measured', reason }
}
