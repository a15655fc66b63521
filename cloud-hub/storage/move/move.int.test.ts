import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { initialiseHub, moveHubRecords } from '../../commands.ts'
import { parsePayload } from '../../ingest/payload.ts'
import { addDatabase } from '../../testing/databases.ts'
import { device, featuresBody, payloadOf, sealAll } from '../../testing/device.ts'
import { createHubCore, makeKeys } from '../../testing/hub-core.ts'
import { postgresPrograms, startTestPostgres, type TestPostgres } from '../../testing/postgres.ts'
import { HUB_MIGRATIONS, openHubDatabase } from '../database.ts'
import { placeFileOf, writePlace } from '../place.ts'
import { openPostgresDatabase } from '../synchronous/open.ts'

const programs = await postgresPrograms()

describe.skipIf(programs === undefined)('moving a hub from one database to the other', () => {
  let server: TestPostgres
  let folder: string
  let url: string

  beforeAll(async () => {
    server = await startTestPostgres(programs ?? '')
  }, 60_000)
  afterAll(() => server.stop())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-move-'))
    url = addDatabase(server.url)
    await fill(folder)
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('brings every row over and back, and the hub goes on where it was', async () => {
    const progress: number[] = []
    const there = await moveHubRecords({
      folder,
      to: { kind: 'postgres', url },
      onProgress: (done, total) => progress.push(done / total),
    })
    expect(there.tables.find(({ table }) => table === 'instance_features')?.rows).toBe(3)
    expect(there.rows).toBeGreaterThan(20)
    expect(progress.at(-1)).toBe(1)
    expect(existsSync(join(folder, 'hub.db'))).toBe(false)
    // New rows get numbers of their own, and triggers act again.
    const database = openHubDatabase(folder)
    const { last } = database.prepare('SELECT max(id) AS last FROM audit_log').get() as { last: number }
    const added = database.prepare('INSERT INTO audit_log (origin) VALUES (?)').run('leadglass/box-99/audit')
    expect(added.lastInsertRowid).toBe(last + 1)
    expect(() => database.exec('DELETE FROM audit_leaf')).toThrow('an audit leaf is never removed')
    database.close()

    const back = await moveHubRecords({ folder, to: { kind: 'sqlite' } })
    expect(back.rows).toBe(there.rows + 1)
    const same = (report: typeof there) => report.tables.filter(({ table }) => table !== 'audit_log')
    expect(same(back)).toEqual(same(there))
    expect(existsSync(placeFileOf(folder))).toBe(false)
    const returned = openHubDatabase(folder)
    expect(() => returned.exec('DELETE FROM audit_leaf')).toThrow('an audit leaf is never removed')
    returned.close()
  })

  it('refuses a hub that runs, on either side', async () => {
    const running = openHubDatabase(folder)
    await expect(moveHubRecords({ folder, to: { kind: 'postgres', url } })).rejects.toMatchObject({ code: 'hub-runs' })
    running.close()
    await moveHubRecords({ folder, to: { kind: 'postgres', url } })
    const other = openHubDatabase(folder)
    await expect(moveHubRecords({ folder, to: { kind: 'sqlite' } })).rejects.toMatchObject({ code: 'hub-runs' })
    other.close()
  })

  it('refuses a database in which another hub has its records, and one that is there already', async () => {
    const other = openPostgresDatabase(url, HUB_MIGRATIONS)
    other.prepare('INSERT INTO audit_log (origin) VALUES (?)').run('leadglass/hub/audit')
    other.close()
    const moved = moveHubRecords({ folder, to: { kind: 'postgres', url } })
    await expect(moved).rejects.toMatchObject({ code: 'target-not-empty' })
    await expect(moveHubRecords({ folder, to: { kind: 'sqlite' } })).rejects.toMatchObject({ code: 'already-there' })
    expect(existsSync(join(folder, 'hub.db'))).toBe(true)
  })

  it('refuses a database of a newer program', async () => {
    const newer = openPostgresDatabase(url, HUB_MIGRATIONS)
    newer.pragma('user_version = 9999')
    newer.close()
    const moved = moveHubRecords({ folder, to: { kind: 'postgres', url } })
    await expect(moved).rejects.toMatchObject({ code: 'schema-newer' })
  })

  it('ends what a kill between the copy and the word to the hub left', async () => {
    const bytes = await readFile(join(folder, 'hub.db'))
    const first = await moveHubRecords({ folder, to: { kind: 'postgres', url } })
    // As it was before the hub was told: the copy is committed, the file has its name, and nothing points elsewhere.
    await rm(placeFileOf(folder))
    await writeFile(join(folder, 'hub.db'), bytes)
    const second = await moveHubRecords({ folder, to: { kind: 'postgres', url } })
    expect(second.tables).toEqual(first.tables)
    expect(JSON.parse(await readFile(placeFileOf(folder), 'utf8'))).toMatchObject({ url })
  })

  it('leaves nothing half copied when a row is refused', async () => {
    const database = new Database(join(folder, 'hub.db'))
    database.pragma('foreign_keys = OFF')
    database.prepare('INSERT INTO device_witness (device, verifier_key) VALUES (?, ?)').run('box-77', 'key')
    database.close()
    const moved = moveHubRecords({ folder, to: { kind: 'postgres', url } })
    await expect(moved).rejects.toMatchObject({ code: 'constraint' })
    expect(existsSync(placeFileOf(folder))).toBe(false)
    await writePlace(folder, url)
    const empty = openHubDatabase(folder)
    expect(empty.prepare('SELECT count(*) AS n FROM audit_leaf').get()).toEqual({ n: 0 })
    empty.close()
  })
})

/** A hub with accounts, a device, envelopes, a site's log and its own. */
async function fill(folder: string): Promise<void> {
  await initialiseHub({ folder, names: ['localhost'] })
  const core = await createHubCore({ folder, keys: makeKeys() })
  const box = device('box-01')
  await core.enrolment.enrol(box)
  const bodies = [1, 2, 3].map((value) => featuresBody(value))
  core.inbox.commit([await parsePayload(box, payloadOf(sealAll(box, bodies)))])
  core.audit.record({
    event: 'device.enrolled',
    actor: { kind: 'system', id: 'hub.setup' },
    subject: { kind: 'device', id: box },
    outcome: 'success',
  })
  core.database.close()
}
