import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HUB_MIGRATIONS } from '../storage/database.ts'
import { AlertBook, OPEN_OF } from './alert-book.ts'

describe('a hub that is brought up to date', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'drift-schema-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('keeps its alerts, settled and not, and says of them what was known', () => {
    const path = join(folder, 'hub.db')
    const before = openDatabase({ path, migrations: HUB_MIGRATIONS.filter(({ number }) => number < 36) })
    const insert =
      before.prepare(`INSERT INTO drift_alert (alert, device, model, version, digest, feature, month, verdict,
      raised_at, settled_at, settled_by, reason) VALUES (?, 'box-01', 'm', '1.0.0', 'd', 'score.x', ?, 'major', ?, ?, ?, ?)`)
    insert.run('a1', '2026-01', '2026-02-01T00:00:00.000Z', null, null, null)
    insert.run('a2', '2026-02', '2026-03-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z', 'mlops', 'a new detector')
    before.close()

    const database = openDatabase({ path, migrations: HUB_MIGRATIONS })
    const book = new AlertBook(database)
    expect(book.list()).toMatchObject([
      { alert: 'a2', settledBy: 'mlops', reason: 'a new detector', priority: 'P2', advice: '' },
      { alert: 'a1', month: '2026-01', settledAt: null, test: 'psi', lastSeenAt: null },
    ])
    expect(book.open().map(({ alert }) => alert)).toEqual(['a1'])
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${OPEN_OF}`).all('box-01', 'd', 'score.x', 'ks')
    expect(JSON.stringify(plan)).toContain('USING INDEX drift_alert_open')
    database.close()
  })
})
