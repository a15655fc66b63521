import type Database from 'better-sqlite3'
import { type Catalog, EMPTY_CATALOG } from '../dialect/catalog.ts'
import { translateScript } from '../dialect/schema.ts'
import { type TranslatedStatement, translateStatement } from '../dialect/statement.ts'
import { statementsOf, tokensOf } from '../dialect/tokens.ts'
import type { HubDatabase } from '../hub-database.ts'
import { readCatalog } from './catalog-reader.ts'
import { BEGIN_ALONE } from './connection.ts'
import { HubDatabaseError } from './errors.ts'
import { SynchronousLink } from './link.ts'
import type { LinkRequest, StatementAnswer } from './messages.ts'
import { PostgresStatement } from './statement.ts'

const CHANGES_SCHEMA = new Set(['CREATE', 'ALTER', 'DROP'])
const READ_VERSION = 'SELECT version FROM leadglass_schema'
const READ_LEADER = 'SELECT address FROM leadglass_leader'
const WRITE_VERSION = 'UPDATE leadglass_schema SET version = '

type Work = (...given: unknown[]) => unknown

/** A translated statement, and what was learned about its parameters. */
interface Known {
  readonly needsTypes: Map<string, boolean>
  translated: TranslatedStatement | undefined
}

/**
 * PostgreSQL under the interface by which the hub uses SQLite: synchronous, one transaction at a time over all processes. See
 * `docs/postgres.md` for what differs.
 */
export class PostgresDatabase implements HubDatabase {
  readonly name: string
  readonly #link: SynchronousLink
  readonly #known = new Map<string, Known>()
  #catalog: Catalog = EMPTY_CATALOG
  #isOpen = true
  /** `lost`: the connection broke within it; nothing more is done until its beginner has ended it. */
  #transaction: 'none' | 'open' | 'lost' = 'none'
  #savepoints = 0

  /** @param url without a password; it is found in PGPASSFILE. */
  constructor(url: string) {
    this.name = url
    this.#link = new SynchronousLink(url)
  }

  get open(): boolean {
    return this.#isOpen
  }

  get inTransaction(): boolean {
    return this.#transaction !== 'none'
  }

  /** What is known of the schema. */
  get catalog(): Catalog {
    return this.#catalog
  }

  readonly prepare = ((source: string) => this.#prepared(source)) as unknown as HubDatabase['prepare']
  readonly transaction = ((work: Work) => this.#wrapped(work)) as unknown as HubDatabase['transaction']

  #prepared(source: string): PostgresStatement {
    this.#assertOpen()
    const known = this.#known.get(source) ?? { needsTypes: new Map(), translated: undefined }
    this.#known.set(source, known)
    const translated = (): TranslatedStatement => (known.translated ??= translateStatement(source, this.#catalog))
    const ask: ConstructorParameters<typeof PostgresStatement>[0]['ask'] = (request, isWrite) => {
      const transaction = this.inTransaction ? 'open' : isWrite ? 'own' : 'none'
      return this.#ask({ kind: 'statement', ...request, transaction })
    }
    return new PostgresStatement({ source, translated, ask, needsTypes: known.needsTypes })
  }

  exec(source: string): this {
    const tokens = tokensOf(source)
    const act = tokens[0]?.upper
    if (act === 'BEGIN') this.#begin()
    else if (act === 'COMMIT' || act === 'END') this.#commit()
    else if (act === 'ROLLBACK' && tokens[1]?.upper !== 'TO') this.#rollback()
    else this.#execScript(source)
    const changesSchema = statementsOf(tokens).some(([first]) => CHANGES_SCHEMA.has(first?.upper ?? ''))
    if (changesSchema) this.refreshCatalog()
    return this
  }

  /** Only the schema's number is known here; SQLite's other settings have no meaning on a server. */
  pragma(source: string): unknown {
    const found = /^\s*user_version\s*(?:=\s*(\d+))?\s*$/.exec(source)
    if (found === null) throw new HubDatabaseError('statement-refused', 'PostgreSQL has no pragmas')
    const set = found[1]
    if (set === undefined) return (this.#prepared(READ_VERSION).get() as { version: number } | undefined)?.version
    this.#execScript(`${WRITE_VERSION}${set}`)
    return undefined
  }

  #wrapped(work: Work): Work {
    const run: Work = (...given) => (this.inTransaction ? this.#nested(work, given) : this.#whole(work, given))
    return Object.assign(run, { default: run, deferred: run, immediate: run, exclusive: run })
  }

  /** Reads the schema again; statements are translated anew. */
  refreshCatalog(): void {
    this.#catalog = readCatalog((sql) =>
      this.#ask({ kind: 'statement', text: sql, values: [], transaction: this.inTransaction ? 'open' : 'none' }),
    )
    for (const known of this.#known.values()) known.translated = undefined
  }

  /**
   * Runs a text in PostgreSQL's own words.
   * @param timeoutMs for work on whole tables, longer than any statement of the hub.
   */
  native(text: string, timeoutMs?: number): void {
    this.#ask({ kind: 'script', text, isFirst: !this.inTransaction }, timeoutMs)
  }

  /** Rows of a query in PostgreSQL's own words. */
  nativeRows(text: string, values: readonly unknown[] = []): readonly (readonly unknown[])[] {
    return this.#ask({ kind: 'statement', text, values, transaction: this.inTransaction ? 'open' : 'none' }).rows
  }

  /** Becomes the hub that leads, for as long as this connection lives. @returns false when another one leads. */
  lead(address: string): boolean {
    return this.#ask({ kind: 'lead', address }).rows.length > 0
  }

  /** Where the hub that leads can be reached; undefined when none has led yet. */
  leaderAddress(): string | undefined {
    const address = this.nativeRows(READ_LEADER)[0]?.[0]
    return typeof address === 'string' && address !== '' ? address : undefined
  }

  close(): this {
    if (!this.#isOpen) return this
    this.#isOpen = false
    this.#link.close()
    return this
  }

  #execScript(source: string): void {
    const text = translateScript(source, this.#catalog)
    if (text === '') return
    if (this.inTransaction) this.native(text)
    else this.#whole(() => this.native(text), [])
  }

  #whole(work: Work, given: unknown[]): unknown {
    this.#begin()
    try {
      const result = work(...given)
      // A transaction that work itself ended stays ended.
      if (this.inTransaction) this.#commit()
      return result
    } catch (error) {
      if (this.inTransaction) this.#rollback()
      throw error
    }
  }

  #nested(work: Work, given: unknown[]): unknown {
    this.#savepoints += 1
    const name = `leadglass_${this.#savepoints}`
    this.native(`SAVEPOINT ${name}`)
    try {
      const result = work(...given)
      this.native(`RELEASE SAVEPOINT ${name}`)
      return result
    } catch (error) {
      if (this.inTransaction) this.native(`ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`)
      throw error
    } finally {
      this.#savepoints -= 1
    }
  }

  #begin(): void {
    if (this.inTransaction) throw new HubDatabaseError('statement-refused', 'a transaction is open already')
    try {
      this.native(BEGIN_ALONE)
    } catch (error) {
      this.#quietly('ROLLBACK')
      throw error
    }
    this.#transaction = 'open'
  }

  #commit(): void {
    const { did } = this.#ended(() => this.#ask({ kind: 'script', text: 'COMMIT', isFirst: false }))
    // PostgreSQL answers a COMMIT of a transaction in which something failed with ROLLBACK, and no error.
    if (did !== 'COMMIT')
      throw new HubDatabaseError('not-committed', 'the transaction had failed and was not committed')
  }

  #rollback(): void {
    this.#ended(() => this.#quietly('ROLLBACK'))
  }

  #ended<T>(act: () => T): T {
    try {
      return act()
    } finally {
      this.#transaction = 'none'
      this.#savepoints = 0
    }
  }

  /** When the connection is gone, the server has rolled back by itself. */
  #quietly(text: string): void {
    try {
      this.native(text)
    } catch (error) {
      if (!(error instanceof HubDatabaseError) || error.failureClass === 'permanent') throw error
    }
  }

  #ask(request: LinkRequest, timeoutMs?: number): StatementAnswer {
    this.#assertOpen()
    if (this.#transaction === 'lost') {
      throw new HubDatabaseError('connection-lost', 'the connection broke within the transaction')
    }
    try {
      return this.#link.ask(request, timeoutMs)
    } catch (error) {
      if (error instanceof HubDatabaseError && ['connection-lost', 'commit-unknown'].includes(error.code)) {
        if (this.inTransaction) this.#transaction = 'lost'
      }
      throw error
    }
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new TypeError('The database connection is not open')
  }
}

/**
 * The database as the rooms name it. They use no member that it lacks, which a test holds.
 */
export function asSqlite(database: PostgresDatabase): Database.Database {
  return database as unknown as Database.Database
}
