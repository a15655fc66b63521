import { declarationOf, readPackage, readPackageFile } from '@leadglass/models'
import type Database from 'better-sqlite3'
import type { Drift } from '../drift/index.ts'
import type { ModelVersion, Registry } from '../registry/index.ts'
import { type CardDocument, cardDocument } from './card-document.ts'
import { assertCardComplete } from './completeness.ts'
import { fleetFigures } from './fleet-figures.ts'

/** What governance asks before a version is submitted. */
export interface CardGate {
  /** @throws {CardError} naming every field that is missing. */
  assertCardComplete(digest: string): Promise<void>
}

/** Cards of the registry's versions. */
export class ModelCards implements CardGate {
  readonly #database: Database.Database
  readonly #registry: Registry
  readonly #drift: Drift

  constructor(options: { readonly database: Database.Database; readonly registry: Registry; readonly drift: Drift }) {
    this.#database = options.database
    this.#registry = options.registry
    this.#drift = options.drift
  }

  async assertCardComplete(digest: string): Promise<void> {
    const { card } = await readPackage(await this.#registry.packageFolder(digest))
    assertCardComplete(card, declarationOf(digest, card))
  }

  /** The graphs of a package, as bytes that were verified against its manifest. */
  async graphs(folder: string): Promise<{ readonly path: string; readonly bytes: Uint8Array }[]> {
    const { manifest } = await readPackage(folder)
    const paths = manifest.files.map((file) => file.path).filter((path) => path.endsWith('.onnx'))
    return Promise.all(paths.map(async (path) => ({ path, bytes: await readPackageFile({ folder, manifest }, path) })))
  }

  /** The whole card of a version, with what sites have sent until now. */
  async document(version: ModelVersion): Promise<CardDocument> {
    const { model, title, importedAt } = version
    const { card, manifest } = await readPackage(await this.#registry.packageFolder(model.digest))
    return cardDocument({
      model,
      title,
      importedAt,
      card,
      declaration: declarationOf(model.digest, card),
      fleet: fleetFigures(this.#database, model, await this.#drift.entries()),
      keywords: [manifest.kind, ...('modalities' in manifest.fit ? manifest.fit.modalities : [])],
    })
  }
}
