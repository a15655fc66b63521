/**
 * Runs integration tests of the hub with its records on PostgreSQL: `node on-postgres.ts [file ...]`, by default those of the
 * rooms that keep most of them. The same tests run on SQLite in the ordinary way.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { HUB_MIGRATIONS } from '../storage/index.ts'
import { PostgresDatabase } from '../storage/synchronous/database.ts'
import { openPostgresDatabase } from '../storage/synchronous/open.ts'
import { databaseAt, TEMPLATE } from './databases.ts'
import { ON_BOTH } from './on-both.ts'
import { postgresPrograms, startTestPostgres } from './postgres.ts'

const ROOT = join(import.meta.dirname, '..', '..')

const programs = await postgresPrograms()
if (programs === undefined) {
  process.stdout.write('PostgreSQL is not installed: the tests did not run on it.\n')
} else {
  const server = await startTestPostgres(programs, ['-c', 'fsync=off'])
  try {
    const template = databaseAt(server.url, TEMPLATE)
    makeTemplate(server.url, template)
    const files = process.argv.length > 2 ? process.argv.slice(2) : ON_BOTH
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
    const run = spawn(process.execPath, [vitest, 'run', '--project', 'int', ...files], {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, LEADGLASS_TEST_POSTGRES: server.url },
    })
    const [code] = (await once(run, 'exit')) as [number | null]
    process.exitCode = code ?? 1
  } finally {
    await server.stop()
  }
}

/** A database with the whole schema, of which each test gets a copy. */
function makeTemplate(server: string, template: string): void {
  const administration = new PostgresDatabase(server)
  administration.native(`CREATE DATABASE ${TEMPLATE}`)
  administration.close()
  openPostgresDatabase(template, HUB_MIGRATIONS).close()
}
