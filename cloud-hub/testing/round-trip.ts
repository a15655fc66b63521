/** Says what a statement costs on SQLite and on PostgreSQL, on this machine: `node round-trip.ts`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import type { HubDatabase } from '../storage/hub-database.ts'
import { HUB_MIGRATIONS } from '../storage/index.ts'
import { openPostgresDatabase } from '../storage/synchronous/open.ts'
import { postgresPrograms, startTestPostgres } from './postgres.ts'

const READS = 5000
const WRITES = 300

const folder = await mkdtemp(join(tmpdir(), 'round-trip-'))
try {
  report('SQLite', openDatabase({ path: join(folder, 'hub.db'), migrations: HUB_MIGRATIONS }))
  const programs = await postgresPrograms()
  if (programs !== undefined) {
    const server = await startTestPostgres(programs)
    try {
      report('PostgreSQL', openPostgresDatabase(server.url, HUB_MIGRATIONS))
    } finally {
      await server.stop()
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

function report(name: string, database: HubDatabase): void {
  const write = database.prepare('INSERT INTO audit_log (origin) VALUES (?)')
  const read = database.prepare('SELECT id FROM audit_log WHERE origin = ?')
  const microseconds = (times: number, act: (i: number) => unknown): number => {
    const begun = performance.now()
    for (let i = 0; i < times; i++) act(i)
    return Math.round(((performance.now() - begun) * 1000) / times)
  }
  const one = microseconds(WRITES, (i) => write.run(`one/${i}`))
  const reading = microseconds(READS, () => read.get('one/1'))
  const within = database.transaction(() => microseconds(WRITES, (i) => write.run(`within/${i}`)))()
  process.stdout.write(
    `${JSON.stringify({ database: name, readMicroseconds: reading, writeInTransactionMicroseconds: within, writeAloneMicroseconds: one })}\n`,
  )
  database.close()
}
