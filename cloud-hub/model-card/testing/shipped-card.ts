import { chmod, cp, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type CardDeclaration, declarationOf, type ModelCard, type ModelPackage, readPackage } from '@leadglass/models'
import { canonicalJson, digestOf } from '@leadglass/sync-agent/foundation'
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

/**
 * A copy of a shipped package with one file exchanged and its manifest written anew, as whoever packs by himself can.
 * @param folder where the copy is made.
 */
export async function repackedPackage(
  folder: string,
  name: (typeof SHIPPED_PACKAGES)[number],
  path: string,
  change: (bytes: Buffer) => Uint8Array,
): Promise<void> {
  await cp(shippedFolder(name), folder, { recursive: true })
  const bytes = change(await readFile(join(folder, path)))
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
    files: { path: string; bytes: number; sha256: string }[]
  }
  const entry = manifest.files.find((file) => file.path === path)
  if (entry === undefined) throw new Error(`the package lists no ${path}`)
  Object.assign(entry, { bytes: bytes.length, sha256: digestOf(bytes) })
  for (const changed of [path, 'manifest.json']) await chmod(join(folder, changed), 0o644)
  await writeFile(join(folder, path), bytes)
  await writeFile(join(folder, 'manifest.json'), canonicalJson(manifest))
}

/** The first operator of a kind in a graph, turned into a foreign one of the same length. */
export function withForeignOperator(bytes: Buffer): Buffer {
  const at = bytes.indexOf('Sigmoid')
  if (at < 0) throw new Error('the graph has no Sigmoid')
  return Buffer.concat([bytes.subarray(0, at), Buffer.from('PyFunc0'), bytes.subarray(at + 7)])
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
