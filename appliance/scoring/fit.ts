import type { FitRules } from '@leadglass/models'
import type { InstanceFacts } from '../imaging/index.ts'
import type { NotScoredReason } from './outcome.ts'

/** Whether a model is meant for an instance. */
export type Fit = { readonly kind: 'fits' } | { readonly kind: 'no-fit'; readonly reason: NotScoredReason }

/**
 * Holds an instance's header against a package's fit rules. A rule with values needs a value in the header: an absent
 * view or body part does not fit, it is never guessed.
 */
export function fits(rules: FitRules, facts: InstanceFacts): Fit {
  const reason = firstMisfit(rules, facts)
  return reason === undefined ? { kind: 'fits' } : { kind: 'no-fit', reason }
}

function firstMisfit(rules: FitRules, facts: InstanceFacts): NotScoredReason | undefined {
  if (!rules.modalities.includes(facts.modality)) return 'no-fit-modality'
  if (!rules.sopClasses.includes(facts.sopClassUid)) return 'no-fit-sop-class'
  if (rules.bodyParts.length > 0 && !rules.bodyParts.includes(facts.bodyPart)) return 'no-fit-body-part'
  if (rules.views.length > 0 && !rules.views.includes(facts.view)) return 'no-fit-view'
  if (facts.rows < rules.minRows || facts.columns < rules.minColumns) return 'too-small'
  if (facts.frames !== 1) return 'multi-frame'
  return facts.monochrome ? undefined : 'not-monochrome'
}
