import type { ChangeDeterminationView, ChangePlanView } from '@leadglass/ui/contract/hub-api'
import type { CriterionOutcome, DeterminedVersion, KeptPlan, OutsideReason } from '../../change-control/index.ts'

/** A plan as pages show it. */
export function changePlanViewOf({ digest, plan, declaredAt, state, adoptions }: KeptPlan): ChangePlanView {
  return {
    digest,
    model: plan.model,
    version: plan.version,
    title: plan.title,
    author: plan.author,
    authorisation: plan.authorisation,
    state,
    declaredAt,
    modifications: plan.modifications.map(({ id, title, changes }) => ({ id, title, changes })),
    criteria: plan.criteria.map(({ id, description }) => ({ id, description })),
    steps: plan.protocol.map(({ id, part, description }) => ({ id, part, description })),
    adoptions: [...adoptions],
  }
}

/** Where a version stands, in words. */
export function determinationViewOf(
  model: ChangeDeterminationView['model'],
  found: DeterminedVersion | undefined,
): ChangeDeterminationView {
  if (found === undefined) {
    return {
      model,
      plan: null,
      within: false,
      changed: [],
      modifications: [],
      criteria: [],
      steps: [],
      reasons: ['No plan of this model is in force.'],
    }
  }
  const { determination, plan } = found
  return {
    model,
    plan: changePlanViewOf(plan),
    within: determination.within,
    changed: [...determination.changed],
    modifications: [...determination.modifications],
    criteria: determination.criteria.map((outcome) => ({
      criterion: outcome.criterion,
      kind: outcome.kind,
      words: criterionWords(outcome),
    })),
    steps: determination.steps.map(({ step, recorded }) => ({ step, recorded })),
    reasons: determination.reasons.map(reasonWords),
  }
}

function criterionWords(outcome: CriterionOutcome): string {
  if (outcome.kind === 'not-measured') return `${outcome.criterion}: ${outcome.reason}`
  return `${outcome.criterion}: ${outcome.kind}, ${outcome.seen.toPrecision(4)} on ${outcome.cases} cases`
}

function reasonWords(reason: OutsideReason): string {
  switch (reason.kind) {
    case 'no-predecessor':
      return 'The version names no predecessor that the registry has.'
    case 'nothing-changed':
      return 'Nothing differs from the predecessor.'
    case 'aspect-not-planned':
      return `No modification of the plan names ${reason.aspect}, which differs.`
    case 'criterion-not-met':
      return criterionWords(reason.outcome)
    case 'step-not-recorded':
      return `Step ${reason.step} of the protocol is not recorded as done.`
  }
}
