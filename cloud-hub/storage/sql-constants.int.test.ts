import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresPrograms, startTestPostgres, type TestPostgres } from '../testing/postgres.ts'
import { sqlConstants } from '../testing/sql-constants.ts'
import { HUB_MIGRATIONS } from './database.ts'
import { statementText, translateStatement } from './dialect/statement.ts'
import type { PostgresDatabase } from './synchronous/database.ts'
import { openPostgresDatabase } from './synchronous/open.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** PostgreSQL's own words, DuckDB's, and what tests do. */
const OTHERS = /\.test\.ts$|\/testing\/|\/ingest\/postgres\/|\/storage\//
const programs = await postgresPrograms()

describe.skipIf(programs === undefined)('every statement of the hub', () => {
  let server: TestPostgres
  let database: PostgresDatabase
  beforeAll(async () => {
    server = await startTestPostgres(programs ?? '')
    database = openPostgresDatabase(server.url, HUB_MIGRATIONS)
  })
  afterAll(async () => {
    database.close()
    await server.stop()
  })

  it('is understood by SQLite and, translated, by PostgreSQL', async () => {
    const files: string[] = []
    for await (const file of glob('{cloud-hub,sync-agent/audit-log}/**/*.ts', { cwd: ROOT })) {
      if (!OTHERS.test(file)) files.push(join(ROOT, file))
    }
    const { statements } = await sqlConstants(ROOT, files)
    const sqlite = openDatabase({ path: ':memory:', migrations: HUB_MIGRATIONS })
    const refused: string[] = []
    let understood = 0
    for (const [i, { place, sql }] of statements.entries()) {
      try {
        sqlite.prepare(sql)
      } catch {
        // DuckDB reads the lake, in SQL of its own.
        continue
      }
      try {
        database.native(`PREPARE statement_${i} AS ${statementText(translateStatement(sql, database.catalog))}`)
        understood += 1
      } catch (error) {
        refused.push(`${place}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    sqlite.close()
    expect(refused).toEqual([])
    expect(understood).toBeGreaterThan(300)
  })
})
