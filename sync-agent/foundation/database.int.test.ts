import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from './database.ts'

const MIGRATIONS = [{ number: 1, name: 'entries', sql: 'CREATE TABLE entry (id INTEGER PRIMARY KEY) STRICT' }]
const COUNT = 'SELECT count(*) AS count FROM entry'
const ADD = 'INSERT INTO entry DEFAULT VALUES'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-database-'))
  path = join(folder, 'one.db')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Another process's connection, which waits for nobody. */
function impatient(): Database.Database {
  return new Database(path, { timeout: 0 })
}

describe('a service and a command on one database file', () => {
  it('lets nobody write between the reads and the writes of a transaction', () => {
    const service = openDatabase({ path, migrations: MIGRATIONS })
    const command = impatient()
    const before = service.transaction(() => {
      const { count } = service.prepare(COUNT).get() as { count: number }
      expect(() => command.prepare(ADD).run()).toThrow(/locked/)
      service.prepare(ADD).run()
      return count
    })
    expect(before()).toBe(0)
    command.prepare(ADD).run()
    expect(before()).toBe(2)
    command.close()
    service.close()
  })

  it('takes one transaction inside another, and undoes the inner one alone', () => {
    const service = openDatabase({ path, migrations: MIGRATIONS })
    const inner = service.transaction(() => {
      service.prepare(ADD).run()
      throw new Error('the inner one fails')
    })
    service.transaction(() => {
      service.prepare(ADD).run()
      expect(inner).toThrow('the inner one fails')
    })()
    expect(service.prepare(COUNT).get()).toEqual({ count: 1 })
    service.close()
  })
})

describe('two processes that open a new database at once', () => {
  it('make each step of the schema once', async () => {
    const sql = 'CREATE TABLE other (id INTEGER PRIMARY KEY) STRICT'
    const first = openDatabase({ path, migrations: MIGRATIONS })
    const program = `
      import { openDatabase } from ${JSON.stringify(join(import.meta.dirname, 'database.ts'))}
      openDatabase({ path: process.argv[1], migrations: JSON.parse(process.argv[2]) }).close()`
    const steps = JSON.stringify([...MIGRATIONS, { number: 2, name: 'other', sql }])
    const codes = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise<number | null>((resolve) => {
            spawn(process.execPath, ['--input-type=module', '-e', program, path, steps], { stdio: 'ignore' }).once(
              'exit',
              resolve,
            )
          }),
      ),
    )
    expect(codes).toEqual([0, 0, 0])
    expect(first.pragma('user_version', { simple: true })).toBe(2)
    first.close()
  })
})
