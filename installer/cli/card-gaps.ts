import { type CardGap, cardGaps } from '@leadglass/cloud-hub/commands'
import { declarationOf, type ModelPackage } from '@leadglass/models'

/** What a hub will ask of the model card before the version may be submitted. */
export interface CardReport {
  readonly complete: boolean
  readonly gaps: readonly CardGap[]
}

const REASONS: Readonly<Record<CardGap['reason'], string>> = {
  missing: 'missing',
  'not-assessed': 'may not be left as not assessed',
  'no-interval': 'has no interval',
  'no-cases': 'does not say of how many cases',
  'risk-not-acceptable': 'leaves a high residual risk',
}

/** The gate before submission, asked ahead of it: the card of a package and what it lacks. */
export function cardReportOf({ model, card }: Pick<ModelPackage, 'model' | 'card'>): CardReport {
  const gaps = cardGaps(card, declarationOf(model.digest, card))
  return { complete: gaps.length === 0, gaps }
}

/** The same in lines, field by field, as they stand in card.json. */
export function presentCardReport({ complete, gaps }: CardReport): string[] {
  if (complete) return ['The model card is complete.']
  return [
    `The model card lacks ${gaps.length} fields; a hub takes no submission before they are in card.json:`,
    ...gaps.map(({ field, title, reason }) => `  ${field}: ${REASONS[reason]} (${title})`),
  ]
}
