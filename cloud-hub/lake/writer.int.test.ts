import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { EnvelopeBody } from '@leadglass/sync-agent/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePayload } from '../ingest/payload.ts'
import { device, featuresBody, payloadOf, pseudonym, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { LakeCatalog } from './catalog.ts'
import { Lake } from './lake.ts'

const BOX = device('box-01')
const CHILD = join(import.meta.dirname, 'testing', 'writer-child.ts')
const DAY_MS = 86_400_000

const label = (index: number): EnvelopeBody => ({
  kind: 'study-label',
  label: crypto.randomUUID(),
  study: pseudonym(`study ${index}`),
  patient: pseudonym(`patient ${index}`),
  revision: 1,
  finding: 'pneumonia',
  value: 'present',
  reader: pseudonym('reader'),
  blind: true,
})

describe('from the inbox into the lake', () => {
  let core: HubCore
  let lake: Lake

  beforeEach(async () => {
    core = await createHubCore()
    await core.enrolment.enrol(BOX)
    lake = new Lake(core.database, join(core.folder, 'lake'), core.clock)
  })
  afterEach(() => core.close())

  const commit = async (bodies: readonly EnvelopeBody[], first: number): Promise<void> => {
    const [result] = core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, bodies, first)))])
    expect(result).toMatchObject({ accepted: bodies.length })
  }
  const features = (from: number, count: number): EnvelopeBody[] =>
    Array.from({ length: count }, (_, i) => featuresBody(from + i))
  const count = async (sql: string): Promise<unknown> => (await lake.query(sql, 1)).rows[0]

  it('takes each envelope once, however often the writer is killed', async () => {
    for (let i = 0; i < 200; i += 100) {
      await commit(features(i, 100), i + 1)
      await commit(
        Array.from({ length: 100 }, (_, k) => label(i + k)),
        i + 1,
      )
    }
    const cursor = async (): Promise<number> => (await lake.status()).envelope
    for (let kills = 0; kills < 3; kills++) {
      const before = await cursor()
      const child = spawn(process.execPath, [CHILD, core.folder, '4'], { stdio: 'ignore' })
      const ended = once(child, 'exit')
      // It is in the middle of its work once the cursor has moved; some milliseconds more, and it is at another place of it.
      while ((await cursor()) === before && child.exitCode === null) await delay(2)
      await delay(kills * 9)
      expect(child.kill('SIGKILL')).toBe(true)
      expect(await ended).toEqual([null, 'SIGKILL'])
      expect(await cursor()).toBeLessThan(400)
    }
    await lake.recover()
    await lake.catchUp()
    const { accounts } = await lake.status()
    expect(accounts).toHaveLength(2)
    expect(accounts.every((one) => one.balanced && one.rows === 200)).toBe(true)
    expect(await lake.verify()).toEqual([])
    expect(await count('SELECT count(*), count(DISTINCT envelope) FROM features')).toEqual(['200', '200'])
    expect(await count('SELECT count(*), count(DISTINCT envelope) FROM labels')).toEqual(['200', '200'])
    expect(
      await count('SELECT count(*) FROM features f JOIN scores USING (envelope) JOIN quality USING (envelope)'),
    ).toEqual(['200'])
  }, 240_000)

  it('removes files that a kill left before their version, and finds nothing wrong afterwards', async () => {
    await commit(features(0, 3), 1)
    await lake.catchUp()
    const [orphan] = new LakeCatalog(core.database, core.clock).files('features')
    const path = join(core.folder, 'lake', orphan?.path.replace(/[^/]+$/, '1-2-ab.parquet') ?? '')
    await writeFile(path, 'PAR1')
    expect(await lake.verify()).toMatchObject([{ table: 'features', what: 'file-unknown' }])
    await lake.recover()
    expect(await lake.verify()).toEqual([])
  })

  it('puts small files together without a row lost, and lets the old versions expire after a week', async () => {
    for (let i = 0; i < 5; i++) {
      await commit(features(i * 3, 3), i * 3 + 1)
      await lake.catchUp()
    }
    const catalog = new LakeCatalog(core.database, core.clock)
    expect(catalog.files('features')).toHaveLength(5)
    const old = catalog.files('features')
    expect(await lake.compact()).toMatchObject({ before: 15, after: 3, rows: 45 })
    expect(catalog.files('features')).toHaveLength(1)
    expect(catalog.files('features', 5)).toEqual(old)
    expect(await lake.verify()).toEqual([])
    expect(await count('SELECT count(*), min(envelope), max(envelope) FROM features')).toEqual(['15', '1', '15'])
    core.clock.advance(6 * DAY_MS)
    await lake.tidy()
    expect(catalog.files('features', 5)).toEqual(old)
    core.clock.advance(2 * DAY_MS)
    await lake.tidy()
    expect(() => catalog.files('features', 5)).toThrow(expect.objectContaining({ code: 'version-expired' }))
    expect(() => catalog.files('features', 99)).toThrow(expect.objectContaining({ code: 'version-unknown' }))
    expect(await lake.verify()).toEqual([])
    expect(await count('SELECT count(*) FROM features')).toEqual(['15'])
  })

  it('finds a file that was changed, one that is gone, and a version that was written over', async () => {
    await commit(features(0, 3), 1)
    await lake.catchUp()
    await commit(features(3, 3), 4)
    await lake.catchUp()
    const [first, second] = new LakeCatalog(core.database, core.clock).files('features')
    await writeFile(join(core.folder, 'lake', first?.path ?? ''), Buffer.alloc(first?.bytes ?? 0))
    await rm(join(core.folder, 'lake', second?.path ?? ''))
    core.database
      .prepare(
        `UPDATE lake_version SET manifest = replace(manifest, '"rows":3', '"rows":4') WHERE table_name = 'scores' AND number = 1`,
      )
      .run()
    const found = (await lake.verify()).map(({ table, what }) => `${table} ${what}`)
    expect(found).toEqual(
      expect.arrayContaining([
        'features file-altered',
        'features file-missing',
        'scores chain-broken',
        'scores files-differ',
      ]),
    )
    expect(found.filter((one) => one.startsWith('labels'))).toEqual([])
  })

  it('answers a SELECT and nothing else, and opens no file outside the lake', async () => {
    await commit(features(0, 2), 1)
    await lake.catchUp()
    const answer = await lake.query('SELECT site, instance FROM features ORDER BY envelope', 1)
    expect(answer).toEqual({ columns: ['site', 'instance'], rows: [['box-01', 0]], truncated: true })
    const outside = join(core.folder, 'hub.db')
    for (const [sql, code] of [
      ['DROP VIEW features', 'query-refused'],
      ['SELECT 1; SELECT 2', 'query-refused'],
      [`COPY (SELECT 1) TO '${join(core.folder, 'lake', 'tables', 'x.csv')}'`, 'query-refused'],
      ['SET enable_external_access = true', 'query-refused'],
      [`SELECT * FROM read_blob('${outside}')`, 'query-failed'],
      [`SELECT * FROM read_text('/etc/hostname')`, 'query-failed'],
      ['SELECT nothing FROM nowhere', 'query-failed'],
    ] as const) {
      await expect(lake.query(sql, 10), sql).rejects.toMatchObject({ code })
    }
  })

  it('gives byte for byte the same dataset before and after files were put together', async () => {
    for (let i = 0; i < 3; i++) {
      await commit(features(i * 3, 3), i * 3 + 1)
      await commit([label(i * 3), label(i * 3 + 1)], i * 2 + 1)
      await lake.catchUp()
    }
    const digest = 'ab'.repeat(32)
    const request = {
      finding: 'pneumonia',
      model: 'chest-radiograph',
      parentDigest: digest,
      backboneOf: new Map([[digest, 'cd'.repeat(32)]]),
      backbone: 'cd'.repeat(32),
      embeddingLength: 2,
    }
    const before = await lake.createSnapshot(request)
    await lake.compact()
    expect((await lake.createSnapshot(request)).manifest).toEqual(before.manifest)
    expect(before.manifest.accounting).toEqual({ envelopes: 9, rows: 6, excluded: { 'no-label': 3 } })
    expect(lake.snapshots()[0]?.versions?.features).toMatch(/^[0-9a-f]{64}$/)
  })
})
