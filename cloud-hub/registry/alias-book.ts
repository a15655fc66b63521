import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { RegistryError } from './errors.ts'
import type { ModelVersion, Registry } from './registry.ts'
import type { VersionState } from './version-state.ts'

/**
 * Aliases that follow from signatures, and the states that give them: the newest version in one of them. Nobody writes
 * these; `candidate` and `archived` are kept free of confusion with stages.
 */
const DERIVED: Readonly<Record<string, readonly VersionState[]>> = {
  approved: ['approved', 'published'],
  released: ['published'],
}

/** How an alias may be written: MLflow's rule, without the `v1` forms that it takes for numbers. */
export const ALIAS_PATTERN = /^(?!v\d+$)[A-Za-z0-9_-]{1,64}$/

/** An alias and what it stands for. */
export interface Alias {
  readonly alias: string
  readonly digest: string
  readonly derived: boolean
}

const aliasRow = z.object({ alias: z.string(), digest: z.string() })
export const SQL_ALIASES = 'SELECT alias, digest FROM registry_alias WHERE name = ? ORDER BY alias'
const SQL_SET = `INSERT INTO registry_alias (name, alias, digest, set_by, set_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (name, alias) DO UPDATE SET digest = excluded.digest, set_by = excluded.set_by, set_at = excluded.set_at`

/** Names for versions. */
export class AliasBook {
  readonly #database: Database.Database
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #stateOf: (digest: string) => VersionState

  /** @param stateOf where a version stands, derived from signatures. */
  constructor(options: {
    readonly database: Database.Database
    readonly registry: Registry
    readonly clock: Clock
    readonly stateOf: (digest: string) => VersionState
  }) {
    this.#database = options.database
    this.#registry = options.registry
    this.#clock = options.clock
    this.#stateOf = options.stateOf
  }

  /** State of a version, never stored. */
  stateOf(digest: string): VersionState {
    return this.#stateOf(digest)
  }

  /** All aliases of a model, derived ones first. */
  aliases(name: string): Alias[] {
    const versions = this.#registry.versions(name)
    const derived = Object.entries(DERIVED).flatMap(([alias, states]) => {
      const found = versions.find((version) => states.includes(this.#stateOf(version.model.digest)))
      return found === undefined ? [] : [{ alias, digest: found.model.digest, derived: true }]
    })
    const free = z.array(aliasRow).parse(this.#database.prepare(SQL_ALIASES).all(name))
    return [...derived, ...free.map((row) => ({ ...row, derived: false }))]
  }

  /** The version an alias stands for. */
  resolve(name: string, alias: string): ModelVersion | undefined {
    const found = this.aliases(name).find((one) => one.alias === alias)
    return found === undefined ? undefined : this.#registry.version(found.digest)
  }

  /**
   * Points a free alias at a version of the model. For a derived alias this only ever confirms what is so already.
   * @throws {RegistryError} `alias-invalid`, `alias-derived`, `unknown-version`.
   */
  set(name: string, alias: string, digest: string, person: string): void {
    if (!ALIAS_PATTERN.test(alias)) throw new RegistryError('alias-invalid', 'this is not a name for an alias')
    if (this.#registry.version(digest)?.model.name !== name) {
      throw new RegistryError('unknown-version', 'the model has no such version')
    }
    if (alias.toLowerCase() in DERIVED) {
      if (this.aliases(name).some((one) => one.derived && one.alias === alias && one.digest === digest)) return
      throw new RegistryError(
        'alias-derived',
        `@${alias} follows from signatures, and this version is not signed for it`,
      )
    }
    this.#database.prepare(SQL_SET).run(name, alias, digest, person, toIsoInstant(this.#clock.now()))
  }

  /** @returns false when there is none. @throws {RegistryError} `alias-derived`. */
  remove(name: string, alias: string): boolean {
    if (alias.toLowerCase() in DERIVED) {
      throw new RegistryError('alias-derived', `@${alias} follows from signatures and cannot be taken away`)
    }
    return (
      this.#database.prepare('DELETE FROM registry_alias WHERE name = ? AND alias = ?').run(name, alias).changes === 1
    )
  }
}
