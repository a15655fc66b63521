import { resolve } from 'node:path'
import { type CardDeclaration, declarationOf, type ModelCard, type ModelPackage, readPackage } from '@leadglass/models'
import { type CardDocument, cardDocument } from '../card-document.ts'
import type { FleetFigures } from '../fleet-figures.ts'

const PACKAGES = resolve(import.meta.dirname, '..', '..', '..', 'models', 'packages')

/** The packages that the product ships. */
export const SHIPPED_PACKAGES = ['chest-radiograph/1.0.0', 'chest-radiograph/1.1.0', 'phantom-qa/1.0.0'] as const

export const NOTHING_SEEN: FleetFigures = {
  findings: [],
  drift: { comparisons: 0, stable: 0, moderate: 0, major: 0, tooFew: 0, window: null },
}

export function shippedFolder(name: (typeof SHIPPED_PACKAGES)[number]): string {
  return resolve(PACKAGES, name)
}

/** A shipped package with what is declared of it. */
export async function shippedCard(
  name: (typeof SHIPPED_PACKAGES)[number] = 'chest-radiograph/1.1.0',
): Promise<{ readonly card: ModelCard; readonly declaration: CardDeclaration; readonly read: ModelPackage }> {
  const read = await readPackage(shippedFolder(name))
  return { card: read.card, declaration: declarationOf(read.model.digest, read.card), read }
}

/** The document of the shipped chest radiograph model, with words of the test in place of its own. */
export async function shippedDocument(
  changes: { readonly card?: Partial<ModelCard>; readonly declaration?: Partial<CardDeclaration> } = {},
  fleet: FleetFigures = NOTHING_SEEN,
): Promise<CardDocument> {
  const { card, declaration, read } = await shippedCard()
  return cardDocument({
    model: read.model,
    title: read.manifest.title,
    importedAt: '2026-11-22T12:00:00.000Z',
    card: { ...card, ...changes.card },
    declaration: { ...declaration, ...changes.declaration },
    fleet,
    keywords: ['image-2d', 'DX'],
  })
}
