import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Migration, openDatabase } from '@leadglass/sync-agent/foundation/database'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addDatabase } from '../../testing/databases.ts'
import { postgresPrograms, startTestPostgres, type TestPostgres } from '../../testing/postgres.ts'
import type { HubDatabase } from '../hub-database.ts'
import type { PostgresDatabase } from './database.ts'
import { openPostgresDatabase } from './open.ts'

const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'things',
    sql: `CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, size REAL, bytes BLOB, user TEXT) STRICT;
      CREATE TABLE fixed (name TEXT PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
      CREATE TRIGGER fixed_stays BEFORE DELETE ON fixed WHEN OLD.n > 1 BEGIN SELECT RAISE(ABORT, 'it stays'); END;`,
  },
]
const programs = await postgresPrograms()
let server: TestPostgres | undefined
let folder: string

beforeAll(async () => {
  if (programs !== undefined) server = await startTestPostgres(programs)
})
afterAll(() => server?.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-database-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const DATABASES = [
  ['SQLite', (): HubDatabase => openDatabase({ path: join(folder, 'hub.db'), migrations: MIGRATIONS }), false],
  ['PostgreSQL', () => openPostgresDatabase(addDatabase(server?.url ?? ''), MIGRATIONS), programs === undefined],
] as const

for (const [name, open, isAbsent] of DATABASES) {
  describe.skipIf(isAbsent)(`the hub’s database on ${name}`, () => {
    let database: HubDatabase
    beforeEach(() => {
      database = open()
    })
    afterEach(() => void database.close())
    const add = (thing: string, size: number | null = null): number | bigint =>
      database.prepare('INSERT INTO thing (name, size) VALUES (?, ?)').run(thing, size).lastInsertRowid
    const names = (order: string): unknown[] =>
      database.prepare(`SELECT name FROM thing ORDER BY ${order}`).pluck().all()

    it('gives back what was put in, of each type', () => {
      const insert = database.prepare(
        'INSERT INTO thing (name, size, bytes, user) VALUES (@name, @size, @bytes, @user)',
      )
      const bytes = Buffer.from([0, 255, 39, 92])
      const size = 0.1 + 0.2
      expect(insert.run({ name: 'ü\u2028\\', size, bytes, user: null })).toEqual({ changes: 1, lastInsertRowid: 1 })
      const row = database.prepare('SELECT id, name AS theName, size, bytes, user FROM thing').get()
      expect(row).toEqual({ id: 1, theName: 'ü\u2028\\', size, bytes, user: null })
      expect((row as { bytes: unknown }).bytes).toBeInstanceOf(Buffer)
      expect(
        database.prepare('SELECT count(*) AS n, sum(size > 1) AS large, max(size) IS NULL AS none FROM thing').get(),
      ).toEqual({ n: 1, large: 0, none: 0 })
      expect(database.prepare('SELECT id, name FROM thing').raw().get()).toEqual([1, 'ü\u2028\\'])
      expect(database.prepare('SELECT id FROM thing WHERE name = ?').get('no')).toBeUndefined()
    })

    it('takes a text for a text, whatever SQL stands in it', () => {
      const hostile = `'); DROP TABLE thing; -- ? $1 $leadglass$ \\`
      add(hostile)
      expect(names('id')).toEqual([hostile])
    })

    it('sorts text by its bytes, and null before everything', () => {
      for (const [thing, size] of [
        ['b', null],
        ['a', 2],
        ['B', 1],
        ['ä', null],
        ['_', 0],
      ] as const)
        add(thing, size)
      expect(names('name')).toEqual(['B', '_', 'a', 'b', 'ä'])
      expect(names('size, name')).toEqual(['b', 'ä', '_', 'B', 'a'])
      expect(names('size DESC, name')).toEqual(['a', 'B', '_', 'b', 'ä'])
    })

    it('counts what changed, and numbers rows upwards', () => {
      expect([add('a'), add('b')]).toEqual([1, 2])
      expect(database.prepare('INSERT OR IGNORE INTO thing (name) VALUES (?)').run('a').changes).toBe(0)
      expect(database.prepare('UPDATE thing SET size = ? WHERE size IS ?').run(1, null).changes).toBe(2)
      const upsert = database.prepare(
        'INSERT INTO fixed (name, n) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET n = max(n, 5) + 1',
      )
      expect(upsert.run('x').changes + upsert.run('x').changes).toBe(2)
      expect(database.prepare('SELECT n FROM fixed').pluck().get()).toBe(6)
    })

    it('takes back a transaction that failed, and only the inner one when the outer goes on', () => {
      const both = database.transaction((fail: boolean) => {
        add('outer')
        const inner = database.transaction(() => {
          add('inner')
          throw new Error('no')
        })
        expect(inner).toThrow('no')
        expect(database.inTransaction).toBe(true)
        if (fail) throw new Error('not at all')
        return 'done'
      })
      expect(() => both(true)).toThrow('not at all')
      expect(names('id')).toEqual([])
      expect(both.immediate(false)).toBe('done')
      expect(names('id')).toEqual(['outer'])
      expect(database.inTransaction).toBe(false)
    })

    it('keeps its rules: unique, not null, types, triggers', () => {
      add('a')
      expect(() => add('a')).toThrow()
      expect(() => database.prepare('INSERT INTO thing (name) VALUES (?)').run(null)).toThrow()
      expect(() => database.prepare('INSERT INTO fixed (name, n) VALUES (?, ?)').run('f', 1.5)).toThrow()
      database.exec(`INSERT INTO fixed (name, n) VALUES ('one', 1), ('two', 2)`)
      expect(() => database.exec('DELETE FROM fixed')).toThrow('it stays')
      expect(database.prepare(`DELETE FROM fixed WHERE name = 'one'`).run().changes).toBe(1)
      expect(() => database.prepare('SELECT ? AS a').get()).toThrow(RangeError)
    })
  })
}

describe.skipIf(programs === undefined)('the hub’s database on a server', () => {
  let url: string
  let database: PostgresDatabase
  beforeEach(() => {
    url = addDatabase(server?.url ?? '')
    database = openPostgresDatabase(url, MIGRATIONS)
  })
  afterEach(() => void database.close())
  const count = (): unknown => database.prepare('SELECT count(*) AS n FROM fixed').pluck().get()
  const put = (name: string): unknown => database.prepare('INSERT INTO fixed (name) VALUES (?)').run(name)
  const cut = (): void => {
    const other = openPostgresDatabase(url, MIGRATIONS)
    other.nativeRows(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
    )
    other.close()
  }

  it('commits nothing of a transaction in which a failure was passed over', () => {
    const work = database.transaction(() => {
      put('a')
      expect(() => put('a')).toThrow()
    })
    expect(work).toThrow(expect.objectContaining({ code: 'not-committed' }))
    expect(count()).toBe(0)
  })

  it('commits nothing of a transaction within which the connection broke, and connects again', () => {
    put('before')
    const work = database.transaction(() => {
      put('a')
      cut()
      expect(() => put('b')).toThrow(expect.objectContaining({ code: 'connection-lost', failureClass: 'transient' }))
      // On a new connection this would be committed alone.
      put('c')
    })
    expect(work).toThrow(expect.objectContaining({ code: 'connection-lost' }))
    expect(database.inTransaction).toBe(false)
    expect(count()).toBe(1)
    expect(database.prepare('SELECT name FROM fixed WHERE name = ?').get('before')).toEqual({ name: 'before' })
  })

  it('lets one transaction of all processes run at a time, and gives up after a while', () => {
    const other = openPostgresDatabase(url, MIGRATIONS)
    database.transaction(() => {
      put('a')
      const write = other.prepare('INSERT INTO fixed (name) VALUES (?)')
      expect(() => write.run('b')).toThrow(expect.objectContaining({ code: 'busy', failureClass: 'transient' }))
    })()
    other.prepare('INSERT INTO fixed (name) VALUES (?)').run('b')
    expect(count()).toBe(2)
    other.close()
  })

  it('leads on over a broken connection only when nobody led in between', () => {
    const other = openPostgresDatabase(url, MIGRATIONS)
    expect([database.lead('http://one'), other.lead('http://two')]).toEqual([true, false])
    expect(other.leaderAddress()).toBe('http://one')
    cut()
    expect(count()).toBe(0)
    expect(other.lead('http://two')).toBe(false)
    cut()
    expect(other.lead('http://two')).toBe(true)
    // Not a word of the one that was deposed reaches the records any more.
    expect(() => put('late')).toThrow(expect.objectContaining({ code: 'deposed' }))
    expect(() => database.transaction(() => put('late'))()).toThrow(expect.objectContaining({ code: 'deposed' }))
    expect(other.prepare('SELECT count(*) AS n FROM fixed').pluck().get()).toBe(0)
    other.close()
  })

  it('is refused by a program that knows less', () => {
    expect(() => openPostgresDatabase(url, [])).toThrow(expect.objectContaining({ code: 'schema-newer' }))
    expect(() => database.prepare('SELECT 1').get()).not.toThrow()
    database.close()
    expect(() => database.prepare('SELECT 1')).toThrow('not open')
  })

  it('says that it cannot be reached', () => {
    const absent = 'postgresql://leadglass@127.0.0.1:1/none'
    expect(() => openPostgresDatabase(absent, MIGRATIONS)).toThrow(expect.objectContaining({ code: 'connection-lost' }))
  })
})
