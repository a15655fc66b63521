import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import type { HeldIdentity } from './held-identities.ts'
import {
  HeldIdentities,
  SELECT_IDENTITIES_AFTER,
  SELECT_IDENTITY,
  SELECT_RECENT_IDENTITIES,
} from './held-identities.ts'
import { type HeldSearch, heldSearch } from './held-search.ts'

const patient: HeldIdentity = {
  studyId: 1,
  identifiers: {
    names: ['Quixano', 'Müller'],
    ids: ['MRN-8841-27', '778812345'],
    birthDates: ['19470317'],
    uids: ['1.2.826.0.1.3680043.9.9999.1'],
    places: [],
    raw: [],
  },
}

describe('a search of places', () => {
  let folder: string
  let search: HeldSearch
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-scan-'))
    search = heldSearch({ pages: () => [[patient]][Symbol.iterator]() as Generator<HeldIdentity[]> })
  })
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  const found = async (bytes: Uint8Array | string): Promise<number> => {
    const path = join(folder, 'file')
    await writeFile(path, bytes)
    const result = await search.file(path)
    if (result.kind !== 'searched') throw new Error(result.reason)
    return result.found
  }

  it.each([
    ['a log', '{"message":"no such patient Quixano"}\n'],
    ['a batch', gzipSync('{"envelopes":[{"note":"Quixano"}]}')],
    ['a batch within a batch', gzipSync(gzipSync('{"note":"Quixano"}'))],
    ['crash output in UTF-16', Buffer.from('at Quixano (core)', 'utf16le')],
    ['Latin-1', Buffer.from('von Müller gesehen', 'latin1')],
    ['base64', Buffer.from('patient Quixano').toString('base64')],
    ['a URL', '/studies?name=M%C3%BCller'],
    ['hexadecimal', Buffer.from('patient Quixano').toString('hex')],
    ['a grouped number', 'id 778-812-345'],
    ['binary data', Buffer.concat([Buffer.alloc(3000, 0xa7), Buffer.from('Quixano'), Buffer.alloc(3000, 0xb3)])],
  ])('it is found in %s, and not without it', async (_, content) => {
    expect(await found(content)).toBe(1)
    expect(await found(Buffer.from('{"message":"nothing here","at":"2026-01-05T08:00:00Z"}'))).toBe(0)
  })

  it('is found across the windows of a large file', async () => {
    for (const at of [2 ** 20 - 3, 2 ** 21 - 5000, 3_000_000]) {
      const bytes = Buffer.alloc(3_200_000, 0x2e)
      bytes.write(' Quixano ', at)
      expect(await found(bytes), String(at)).toBe(1)
    }
  })

  it('is found in a database: in a text, in a compressed column, and across pages', async () => {
    const path = join(folder, 'hub.db')
    const values: [string, Buffer | null][] = [
      ['Quixano', null],
      [`${'.'.repeat(4090)} Quixano ${'.'.repeat(5000)}`, null],
      ['', gzipSync('{"note":"Quixano"}')],
    ]
    for (const [text, bytes] of values) {
      await rm(path, { force: true })
      const database = new Database(path)
      database.exec('CREATE TABLE "a ""b" (t TEXT, b BLOB)')
      database.prepare('INSERT INTO "a ""b" VALUES (?, ?)').run(text, bytes)
      database.close()
      expect(await search.file(path)).toMatchObject({ kind: 'searched', found: 1 })
    }
  })

  it('says what it could not read, and inflates nothing without end', async () => {
    expect(await search.file(join(folder, 'absent'))).toEqual({ kind: 'unread', reason: 'unreadable' })
    const path = join(folder, 'bomb.gz')
    await writeFile(path, gzipSync(Buffer.alloc(60 * 2 ** 20), { level: 9 }))
    const outcome = await search.file(path)
    expect(outcome.kind).toBe('unread')
    const damaged = gzipSync('{"note":"nobody"}').subarray(0, 20)
    await writeFile(path, damaged)
    expect((await search.file(path)).kind).toBe('unread')
    expect((await readFile(path)).length).toBe(20)
  })
})

describe('the statements that read identities', () => {
  it('walk an index or the primary key', () => {
    const held = temporaryRecords()
    const { records } = held
    try {
      for (const sql of [SELECT_IDENTITY, SELECT_RECENT_IDENTITIES, SELECT_IDENTITIES_AFTER]) {
        const parameters = (sql.match(/\?/g) ?? []).map(() => 1)
        const plan = records.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[]
        expect(plan.map(({ detail }) => detail).join('; ')).not.toMatch(/SCAN s(?! USING)|TEMP B-TREE/)
      }
      expect([...new HeldIdentities(records.database).pages(10)]).toEqual([])
    } finally {
      held.dispose()
    }
  })
})
