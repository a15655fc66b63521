import type { FitRules } from '@leadglass/models'
import type { InstanceFacts, QualityFigures } from '../imaging/index.ts'
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
  if (rules.age !== undefined && !isWithin(facts.ageYears, rules.age)) return 'no-fit-age'
  if (facts.rows < rules.minRows || facts.columns < rules.minColumns) return 'too-small'
  const { frames } = rules
  if (frames === undefined && facts.frames !== 1) return 'multi-frame'
  if (frames !== undefined && (facts.frames < frames.minimum || facts.frames > frames.maximum)) return 'no-fit-frames'
  return facts.monochrome ? undefined : 'not-monochrome'
}

function isWithin(
  years: number | undefined,
  age: { readonly minimumYears: number; readonly maximumYears: number },
): boolean {
  return years !== undefined && years >= age.minimumYears && years <= age.maximumYears
}

/** Holds measured figures against a package's bounds; a figure that was not measured decides nothing. */
export function fitsQuality(rules: FitRules, quality: QualityFigures): boolean {
  return (rules.quality ?? []).every(({ figure, minimum, maximum }) => {
    const value = quality[figure]
    if (value === undefined) return true
    return value >= (minimum ?? Number.NEGATIVE_INFINITY) && value <= (maximum ?? Number.POSITIVE_INFINITY)
  })
}
