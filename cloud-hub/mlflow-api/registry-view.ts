import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { AliasBook, ModelVersion, Registry } from '../registry/index.ts'
import { type NumberedVersion, versionAnswer } from './answers.ts'
import { notFound } from './errors.ts'
import type { RunBook } from './run-book.ts'

export const SQL_NUMBERS = 'SELECT number, digest FROM mlflow_version WHERE name = ? ORDER BY number DESC'
const numberRow = z.object({ number: z.number(), digest: z.string() })

/** The registry as MLflow's clients read it. */
export class RegistryView {
  readonly #database: Database.Database
  readonly #registry: Registry
  readonly #aliases: AliasBook
  readonly #runs: RunBook
  readonly #runOf: (digest: string) => string | undefined

  /** @param runOf the hub's own training run that made a version. */
  constructor(options: {
    readonly database: Database.Database
    readonly registry: Registry
    readonly aliases: AliasBook
    readonly runs: RunBook
    readonly runOf: (digest: string) => string | undefined
  }) {
    this.#database = options.database
    this.#registry = options.registry
    this.#aliases = options.aliases
    this.#runs = options.runs
    this.#runOf = options.runOf
  }

  /** Versions of a model, the newest number first. @throws {MlflowError} for a model that there is not. */
  versions(name: string): NumberedVersion[] {
    const rows = z.array(numberRow).parse(this.#database.prepare(SQL_NUMBERS).all(name))
    if (rows.length === 0) throw notFound('registered model')
    const aliases = this.#aliases.aliases(name)
    return rows.flatMap(({ number, digest }) => {
      const version = this.#registry.version(digest)
      if (version === undefined) return []
      return [
        {
          version,
          number,
          state: this.#aliases.stateOf(digest),
          aliases: aliases.filter((one) => one.digest === digest).map((one) => one.alias),
          tags: this.#runs.tags(`version:${digest}`),
          run: this.#runOf(digest),
        },
      ]
    })
  }

  /** All versions of all models. */
  all(): NumberedVersion[] {
    return this.#registry.names().flatMap((name) => this.versions(name))
  }

  /** By number, or by the package's own version. @throws {MlflowError} */
  version(name: string, version: string): NumberedVersion {
    const found = this.versions(name).find(
      (one) => String(one.number) === version || one.version.model.version === version,
    )
    if (found === undefined) throw notFound('model version')
    return found
  }

  byAlias(name: string, alias: string): NumberedVersion {
    const found = this.versions(name).find((one) => one.aliases.includes(alias))
    if (found === undefined) throw notFound('alias')
    return found
  }

  setAlias(name: string, alias: string, version: ModelVersion, person: string): void {
    this.#aliases.set(name, alias, version.model.digest, person)
  }

  removeAlias(name: string, alias: string): void {
    if (!this.#aliases.remove(name, alias)) throw notFound('alias')
  }

  /** A model with its newest version. */
  model(name: string): Readonly<Record<string, unknown>> {
    const versions = this.versions(name)
    const instants = versions.map((one) => Date.parse(one.version.importedAt))
    const numberOf = new Map(versions.map((one) => [one.version.model.digest, one.number]))
    return {
      name,
      creation_timestamp: Math.min(...instants),
      last_updated_timestamp: Math.max(...instants),
      description: versions[0]?.version.title ?? '',
      latest_versions: versions.slice(0, 1).map(versionAnswer),
      tags: this.#runs.tags(`model:${name}`),
      aliases: this.#aliases
        .aliases(name)
        .map(({ alias, digest }) => ({ alias, version: String(numberOf.get(digest) ?? '') })),
    }
  }
}
