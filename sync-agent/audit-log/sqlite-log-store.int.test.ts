import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../foundation/database.ts'
import { systemClock } from '../foundation/index.ts'
import { AuditLog } from './audit-log.ts'
import type { AuditEventInput } from './event.ts'
import { MemoryLogStore } from './log-store.ts'
import { verifyConsistency } from './merkle-proof.ts'
import { AUDIT_LOG_SCHEMA, AUDIT_LOG_SQL, SqliteLogStore } from './sqlite-log-store.ts'

const ORIGIN = 'leadglass/box-1/audit'
const EVENT: AuditEventInput = {
  event: 'process.started',
  actor: { kind: 'system', id: 'appliance' },
  subject: null,
  outcome: 'success',
}

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-log-'))
  path = join(folder, 'test.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function open() {
  return openDatabase({ path, migrations: [{ number: 1, name: 'audit-log', sql: AUDIT_LOG_SCHEMA }] })
}

describe('the log in a SQLite database', () => {
  it('has the same roots and proofs as the log in memory, across restarts', () => {
    const memory = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: systemClock })
    for (let round = 0; round < 5; round++) {
      const database = open()
      const log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(database, ORIGIN), clock: systemClock })
      expect(log.size).toBe(round * 37)
      for (let i = 0; i < 37; i++) {
        const leaf = Buffer.from(`${round}/${i}`)
        expect(log.appendLeaf(leaf).index).toBe(memory.appendLeaf(leaf).index)
        expect(log.root()).toEqual(memory.root())
      }
      expect(log.consistencyProof(11)).toEqual(memory.consistencyProof(11))
      expect(log.inclusionProof(20)).toEqual(memory.inclusionProof(20))
      expect([...log.leaves(3, 9)]).toEqual([...memory.leaves(3, 9)])
      database.close()
    }
  })

  it('takes many at once to the same tree, whatever their number, after some that came alone', () => {
    const database = open()
    const memory = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock: systemClock })
    const log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(database, ORIGIN), clock: systemClock })
    for (const [round, count] of [1, 63, 64, 65, 3, 500].entries()) {
      const leaves = Array.from({ length: count }, (_, i) => Buffer.from(`${round}/${i}`))
      database.transaction(() => log.appendLeaves(leaves))()
      for (const leaf of leaves) memory.appendLeaf(leaf)
      expect(log.head()).toEqual(memory.head())
      expect(log.appendLeaf(Buffer.from('alone')).hash).toEqual(memory.appendLeaf(Buffer.from('alone')).hash)
      expect(log.consistencyProof(1)).toEqual(memory.consistencyProof(1))
    }
    expect([...log.leaves()]).toEqual([...memory.leaves()])
    database.close()
  })

  it('takes a leaf back when the transaction of the caller fails', () => {
    const database = open()
    const log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(database, ORIGIN), clock: systemClock })
    log.append(EVENT)
    const before = log.root()
    const failing = database.transaction(() => {
      log.append(EVENT)
      log.append(EVENT)
      throw new Error('the record was refused')
    })
    expect(() => failing()).toThrow('the record was refused')
    expect(log.size).toBe(1)
    expect(log.root()).toEqual(before)
    log.append(EVENT)
    expect(
      verifyConsistency({
        first: 1,
        firstRoot: before,
        second: 2,
        secondRoot: log.root(),
        proof: log.consistencyProof(1),
      }),
    ).toBe(true)
    database.close()
  })

  it('keeps several logs apart', () => {
    const database = open()
    const one = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(database, ORIGIN), clock: systemClock })
    const other = 'leadglass/box-2/audit'
    const two = new AuditLog({ origin: other, store: new SqliteLogStore(database, other), clock: systemClock })
    one.append(EVENT)
    one.append(EVENT)
    two.append(EVENT)
    expect([one.size, two.size]).toEqual([2, 1])
    database.close()
  })

  it('does not let a leaf be changed or removed by accident', () => {
    const database = open()
    const log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(database, ORIGIN), clock: systemClock })
    log.append(EVENT)
    expect(() => database.exec('DELETE FROM audit_leaf')).toThrow('never removed')
    expect(() => database.exec("UPDATE audit_leaf SET leaf = x'00'")).toThrow('never changed')
    database.close()
  })

  it('names a store that lacks rows instead of making a wrong proof', () => {
    const database = open()
    const log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(database, ORIGIN), clock: systemClock })
    for (let i = 0; i < 8; i++) log.append(EVENT)
    database.exec('DELETE FROM audit_subtree WHERE level = 2 AND position = 0')
    expect(() => log.inclusionProof(5)).toThrow(expect.objectContaining({ code: 'store-damaged' }))
    database.close()
  })

  it('answers its hot statements from the primary keys', () => {
    const database = open()
    for (const sql of [
      AUDIT_LOG_SQL.lastIndex,
      AUDIT_LOG_SQL.leafHash,
      AUDIT_LOG_SQL.subtreeHash,
      AUDIT_LOG_SQL.leaves,
    ]) {
      const parameters = Array.from({ length: sql.split('?').length - 1 }, () => 1)
      const plan = database
        .prepare<number[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...parameters)
        .map((row) => row.detail)
        .join(' ')
      expect(plan, sql).toMatch(/SEARCH .* USING PRIMARY KEY/)
      expect(plan, sql).not.toMatch(/SCAN|TEMP B-TREE/)
    }
    database.close()
  })

  it('appends at least 10,000 events a second inside one transaction', () => {
    const database = open()
    const log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(database, ORIGIN), clock: systemClock })
    const begin = process.cpuUsage()
    database.transaction(() => {
      for (let i = 0; i < 10_000; i++) log.append(EVENT)
    })()
    const { user, system } = process.cpuUsage(begin)
    expect(log.size).toBe(10_000)
    expect((user + system) / 1e6).toBeLessThan(1)
    database.close()
  })
})
