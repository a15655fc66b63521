import type { CardDeclaration, ModelCard } from '@leadglass/models'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import { canonicalJson, digestOf, type JsonValue } from '@leadglass/sync-agent/foundation'
import { ATTRIBUTE_GROUPS, SOURCE_ATTRIBUTES, type SourceAttribute } from './attributes.ts'
import { cardGaps, isNotAssessed } from './completeness.ts'
import { presentFigure, presentLocal } from './figure-words.ts'
import type { FleetFigures } from './fleet-figures.ts'
import type { CardGap } from './gaps.ts'
import { type CardFigure, figuresOf } from './metrics.ts'
import { type AssessedHazard, assessHazards, overallRisk, type RiskClass } from './risk.ts'

/** A source attribute with its words. `assessed` is false where the card says openly that it was not. */
export interface FilledAttribute {
  readonly clause: string
  readonly title: string
  readonly text: string | null
  readonly assessed: boolean
  readonly origin: 'declared' | 'card' | 'measured' | 'fleet'
}

/** The whole card of a version: declared, measured and seen at sites. All exports are made from it. */
export interface CardDocument {
  readonly schema: 'leadglass.card-document/1'
  readonly model: ModelReference
  readonly title: string
  readonly createdAt: string
  readonly summary: string
  readonly statement: string
  readonly licence: string
  readonly weightsLicence: string | null
  readonly complete: boolean
  readonly gaps: readonly CardGap[]
  readonly riskClass: RiskClass | null
  readonly hazards: readonly AssessedHazard[]
  readonly groups: readonly { readonly title: string; readonly attributes: readonly FilledAttribute[] }[]
  readonly figures: readonly CardFigure[]
  readonly fleet: FleetFigures
  readonly declaration: CardDeclaration
  readonly keywords: readonly string[]
}

/** What a card is made of. */
export interface CardParts {
  readonly model: ModelReference
  readonly title: string
  readonly importedAt: string
  readonly card: ModelCard
  readonly declaration: CardDeclaration
  readonly fleet: FleetFigures
  readonly keywords: readonly string[]
}

export function cardDocument(parts: CardParts): CardDocument {
  const { model, title, importedAt, card, declaration, fleet, keywords } = parts
  const hazards = assessHazards(declaration.hazards ?? [])
  const gaps = cardGaps(card, declaration)
  return {
    schema: 'leadglass.card-document/1',
    model,
    title,
    createdAt: importedAt,
    summary: card.summary,
    statement: card.statement,
    licence: card.licence,
    weightsLicence: declaration.weightsLicence ?? null,
    complete: gaps.length === 0,
    gaps,
    riskClass: overallRisk(hazards) ?? null,
    hazards,
    groups: ATTRIBUTE_GROUPS.map((group, index) => ({
      title: group,
      attributes: SOURCE_ATTRIBUTES.filter((one) => one.clause.startsWith(`(${index + 1})`)).map((attribute) =>
        filled(attribute, card, declaration, fleet),
      ),
    })),
    figures: figuresOf(card.metrics),
    fleet,
    declaration,
    keywords,
  }
}

/** Digest of the document's canonical JSON: what exports name as their reference. */
export function cardDigest(document: CardDocument): string {
  return digestOf(canonicalJson(document as unknown as JsonValue))
}

function filled(
  attribute: SourceAttribute,
  card: ModelCard,
  declaration: CardDeclaration,
  fleet: FleetFigures,
): FilledAttribute {
  const { clause, title, source } = attribute
  const as = (origin: FilledAttribute['origin'], text: string | null, assessed = text !== null): FilledAttribute => ({
    clause,
    title,
    text,
    assessed,
    origin,
  })
  switch (source.from) {
    case 'card': {
      const value = card[source.member]
      return as('card', typeof value === 'string' ? value : value.join('\n'))
    }
    case 'metrics': {
      const figures = figuresOf(card.metrics).filter(
        (figure) => (figure.subgroup === null) === (source.of === 'validity'),
      )
      if (figures.length > 0) return as('measured', figures.map(presentFigure).join('\n'))
      return source.of === 'fairness' && isNotAssessed(declaration.subgroups)
        ? as('declared', declaration.subgroups.notAssessed, false)
        : as('measured', null)
    }
    case 'fleet': {
      const lines = presentLocal(fleet, source.of)
      return lines.length > 0
        ? as('fleet', lines.join('\n'))
        : as('fleet', 'Not available: no site has sent verified labels of studies that this version scored.', false)
    }
    case 'declaration': {
      const value = declaration[source.member]
      if (isNotAssessed(value)) return as('declared', `Not assessed. ${value.notAssessed}`, false)
      return as('declared', declaredText(value, clause))
    }
  }
}

function declaredText(value: CardDeclaration[keyof CardDeclaration], clause: string): string | null {
  if (value === undefined) return null
  if (typeof value === 'string') return value
  if ('contact' in value) return `${value.name}. ${value.contact}`
  if ('kind' in value) return clause === '(1)(iv)' ? value.kind : value.value
  return null
}
