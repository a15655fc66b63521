import type { CardDeclaration, CardStatement, ModelCard } from '@leadglass/models'
import { CHAI_MEMBERS, SOURCE_ATTRIBUTES, type SourceAttribute } from './attributes.ts'
import { CardError } from './errors.ts'
import type { CardGap, GapReason } from './gaps.ts'
import { figuresOf } from './metrics.ts'
import { assessHazards } from './risk.ts'

/** A card must stay within this, as UTF-8 of its JSON. */
export const MAXIMUM_CARD_BYTES = 256 * 1024

/** Everything that a card lacks before it may be submitted, in the order of the attributes. Empty: complete. */
export function cardGaps(card: ModelCard, declaration: CardDeclaration): CardGap[] {
  return [
    ...SOURCE_ATTRIBUTES.flatMap((attribute) => attributeGap(attribute, card, declaration)),
    ...CHAI_MEMBERS.flatMap(({ member, title }) =>
      declaration[member] === undefined ? [gap(`declaration.${member}`, title, 'missing')] : [],
    ),
    ...(declaration.weightsLicence === undefined
      ? [gap('declaration.weightsLicence', 'Licence of the weights', 'missing')]
      : []),
    ...hazardGaps(declaration),
  ]
}

/**
 * The gate before submission.
 * @throws {CardError} `card-incomplete`, naming every field; `card-too-large`.
 */
export function assertCardComplete(card: ModelCard, declaration: CardDeclaration): void {
  if (Buffer.byteLength(JSON.stringify(card)) > MAXIMUM_CARD_BYTES) throw CardError.tooLarge(MAXIMUM_CARD_BYTES)
  const gaps = cardGaps(card, declaration)
  if (gaps.length > 0) throw CardError.incomplete(gaps)
}

function attributeGap(attribute: SourceAttribute, card: ModelCard, declaration: CardDeclaration): CardGap[] {
  const { source, clause, title } = attribute
  const named = `HTI-1 ${clause} ${title}`
  switch (source.from) {
    // The format asks for these of every card; the fleet fills its own part, or says that there is nothing yet.
    case 'card':
    case 'fleet':
      return []
    case 'metrics':
      return source.of === 'validity' ? validityGaps(card, named) : fairnessGaps(card, declaration, named)
    case 'declaration': {
      const value = declaration[source.member]
      const field = `declaration.${source.member}`
      if (value === undefined) return [gap(field, named, 'missing')]
      return isNotAssessed(value) && !attribute.mayBeUnavailable ? [gap(field, named, 'not-assessed')] : []
    }
  }
}

/** At least one figure of the whole test part, with its interval and the number of cases. */
function validityGaps(card: ModelCard, title: string): CardGap[] {
  const whole = figuresOf(card.metrics).filter((figure) => figure.subgroup === null)
  if (whole.length === 0) return [gap('metrics', title, 'missing')]
  const bounded = whole.filter((figure) => figure.low !== null && figure.high !== null)
  if (bounded.length === 0) return [gap('metrics', title, 'no-interval')]
  return bounded.some((figure) => figure.cases !== null) ? [] : [gap('metrics', title, 'no-cases')]
}

/** Figures of subgroups, or the declared reason why there are none. */
function fairnessGaps(card: ModelCard, declaration: CardDeclaration, title: string): CardGap[] {
  const groups = figuresOf(card.metrics).filter((figure) => figure.subgroup !== null)
  if (groups.length > 0 || isNotAssessed(declaration.subgroups)) return []
  return [gap('metrics (subgroups) or declaration.subgroups', title, 'missing')]
}

/** ISO 14971: at least one hazard was thought of, and no residual risk is unacceptable. */
function hazardGaps({ hazards = [] }: CardDeclaration): CardGap[] {
  if (hazards.length === 0) return [gap('declaration.hazards', 'ISO 14971 hazards', 'missing')]
  return assessHazards(hazards).flatMap(({ id, residualRisk }) =>
    residualRisk === 'high'
      ? [gap(`declaration.hazards.${id}`, `ISO 14971 residual risk of ${id}`, 'risk-not-acceptable' as const)]
      : [],
  )
}

export function isNotAssessed(value: unknown): value is Exclude<CardStatement, string> {
  return typeof value === 'object' && value !== null && 'notAssessed' in value
}

function gap(field: string, title: string, reason: GapReason): CardGap {
  return { field, title, reason }
}
