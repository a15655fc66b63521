import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { HubDatabase } from './hub-database.ts'

/** What `HubDatabase` has; a member more or less does not compile. */
const PORT: Readonly<Record<keyof HubDatabase, true>> = {
  prepare: true,
  transaction: true,
  exec: true,
  pragma: true,
  close: true,
  inTransaction: true,
  open: true,
  name: true,
}
const ROOT = join(import.meta.dirname, '..')

describe('the rooms of the hub', () => {
  it('use of a database only what SQLite and PostgreSQL both give', async () => {
    const used = new Map<string, string>()
    for await (const file of glob('**/*.ts', { cwd: ROOT })) {
      if (/\.test\.ts$|(?:^|\/)testing\/|^storage\//.test(file)) continue
      const source = await readFile(join(ROOT, file), 'utf8')
      if (!source.includes("from 'better-sqlite3'")) continue
      for (const [, member = ''] of source.matchAll(/\bdatabase\s*\.(\w+)\(/g)) used.set(member, file)
    }
    expect(used.size).toBeGreaterThan(2)
    expect([...used].filter(([member]) => !(member in PORT))).toEqual([])
  })
})
