import Database from 'better-sqlite3'

/** One numbered step of a schema. Steps are never edited once released; a change is a new step. */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

/** How a database file is opened. */
export interface DatabaseOptions {
  readonly path: string
  readonly migrations: readonly Migration[]
  /** 32 bytes. When given, the file is encrypted (AES-256, SQLCipher scheme) and a wrong key is refused. */
  readonly key?: Uint8Array
}

/**
 * Opens the one writer of a database: WAL, `synchronous=FULL` (a commit is on disk when it returns), foreign keys on,
 * and brings the schema up to the last migration in one transaction a step. Transactions begin IMMEDIATE.
 * @throws when the key is wrong, the file is not a database, or the file is newer than this program.
 */
export function openDatabase(options: DatabaseOptions): Database.Database {
  const database = new Database(options.path)
  try {
    if (options.key !== undefined) {
      database.pragma(`cipher='sqlcipher'`)
      database.pragma(`key="x'${Buffer.from(options.key).toString('hex')}'"`)
    }
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    database.pragma('busy_timeout = 5000')
    beginImmediately(database)
    migrate(database, options.migrations)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * Lets every transaction take the write lock when it begins, and wait for it. A deferred one that reads and then writes is
 * refused at once, whatever the busy time-out, when a command of another process wrote in between (SQLITE_BUSY_SNAPSHOT,
 * sqlite.org/isolation.html); such a refusal ended a hub while a device was enrolled beside it.
 */
function beginImmediately(database: Database.Database): void {
  const deferred = database.transaction.bind(database)
  database.transaction = (work) => {
    const transaction = deferred(work)
    const immediate: typeof transaction.immediate = (...given) => transaction.immediate(...given)
    const exclusive: typeof transaction.exclusive = (...given) => transaction.exclusive(...given)
    return Object.assign(immediate, { default: immediate, deferred: immediate, immediate, exclusive })
  }
}

function migrate(database: Database.Database, migrations: readonly Migration[]): void {
  const current = schemaOf(database)
  const last = migrations.at(-1)?.number ?? 0
  if (current > last) {
    throw new Error(`the database is at schema ${current}, this program knows schema ${last}: start the newer program`)
  }
  for (const migration of migrations) {
    if (migration.number <= current) continue
    database.transaction(() => {
      // Another process that opens the same file may have made this step while this one waited for the lock.
      if (migration.number <= schemaOf(database)) return
      database.exec(migration.sql)
      database.pragma(`user_version = ${migration.number}`)
    })()
  }
}

function schemaOf(database: Database.Database): number {
  return Number(database.pragma('user_version', { simple: true }))
}
