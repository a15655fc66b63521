import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EnvelopeBody, PatientPseudonym } from '@leadglass/sync-agent/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { epochRoots } from '../ingest/epoch-roots.ts'
import { parsePayload } from '../ingest/payload.ts'
import { device, featuresBody, payloadOf, pseudonym, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { ErasureBook } from './erasure-book.ts'
import { Lake, type SnapshotRequest } from './lake.ts'
import { openSnapshot } from './snapshot-folder.ts'

const BOX = device('box-01')
const OTHER = device('box-02')
const MODEL = 'ab'.repeat(32)
const REQUEST: SnapshotRequest = {
  finding: 'pneumonia',
  model: 'chest-radiograph',
  parentDigest: MODEL,
  backboneOf: new Map([[MODEL, 'cd'.repeat(32)]]),
  backbone: 'cd'.repeat(32),
  embeddingLength: 2,
}
const ERASED = pseudonym<PatientPseudonym>('patient 1')
const ERASURE = { site: BOX, patient: ERASED, requestedBy: 'operator', reason: 'objection' }

const label = (index: number): EnvelopeBody => ({
  kind: 'study-label',
  label: crypto.randomUUID(),
  study: pseudonym(`study ${index}`),
  patient: pseudonym(`patient ${index}`),
  revision: 1,
  finding: 'pneumonia',
  value: index % 2 === 0 ? 'present' : 'absent',
  reader: pseudonym('reader'),
  blind: true,
})
const merged: EnvelopeBody = {
  kind: 'study-revision',
  study: pseudonym('study 2'),
  patient: ERASED,
  revision: 2,
  causes: ['patient-merge'],
  sameInstances: [1],
}

describe('erasure of one pseudonym', () => {
  let core: HubCore
  let lake: Lake

  beforeEach(async () => {
    core = await createHubCore()
    lake = new Lake(core.database, join(core.folder, 'lake'), core.clock)
    for (const site of [BOX, OTHER]) {
      await core.enrolment.enrol(site)
      const features = [0, 1, 2, 3].map((index) => ({ ...featuresBody(index), revision: index === 2 ? 2 : 1 }))
      const bodies =
        site === BOX ? [...features, merged] : features.map((one) => ({ ...one, embedding: featuresBody(7).embedding }))
      for (const batch of [bodies, [0, 1, 2, 3].map(label)]) {
        const [result] = core.inbox.commit([await parsePayload(site, payloadOf(sealAll(site, batch)))])
        expect(result).toMatchObject({ accepted: batch.length })
      }
    }
  })
  afterEach(() => core.close())

  /** Every byte below a folder, as text in which a pseudonym would be found. */
  const holds = async (folder: string, word: string): Promise<boolean> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    for (const entry of entries.filter((one) => one.isFile())) {
      if ((await readFile(join(entry.parentPath, entry.name))).includes(word)) return true
    }
    return false
  }
  const left = async (): Promise<unknown> => {
    const { rows } = await lake.query(
      'SELECT (SELECT count(*) FROM features), (SELECT count(*) FROM scores), (SELECT count(*) FROM labels), (SELECT count(*) FROM revisions)',
      1,
    )
    return rows[0]
  }

  it('takes rows, files and snapshots away, and leaves roots, accounts and the other site whole', async () => {
    const before = await lake.createSnapshot(REQUEST)
    const { roots } = epochRoots(core.database)
    expect(lake.snapshotState(before.digest)).toBe('intact')
    for (const view of ['performance_view (device, ', 'fairness_view (']) {
      const values = view.includes('device') ? "'*', 'd', 'f', '', '', '{}'" : "'d', 'f', '', '', '{}'"
      core.database
        .prepare(`INSERT INTO ${view}model_digest, finding, computed_at, as_of, view) VALUES (${values})`)
        .run()
    }
    const report = await lake.erase(ERASURE)
    for (const view of ['performance_view', 'fairness_view']) {
      expect(core.database.prepare(`SELECT count(*) AS n FROM ${view}`).get()).toEqual({ n: 0 })
    }
    // Two features and two labels: of the patient, and of the study that was merged into the patient; and the merge itself.
    expect(report).toMatchObject({ site: BOX, envelopes: 5, snapshots: [before.digest] })
    expect(await left()).toEqual(['6', '6', '6', '0'])
    expect(await lake.verify()).toEqual([])
    expect((await lake.status()).accounts.filter((one) => !one.balanced)).toEqual([])
    expect(epochRoots(core.database)).toEqual({ roots, damaged: [] })
    expect(lake.erasures()).toMatchObject([
      { erasure: report.erasure, requestedBy: 'operator', reason: 'objection', report },
    ])
    expect(await holds(join(core.folder, 'lake', 'snapshots', before.digest), ERASED)).toBe(false)
    expect(lake.snapshotState(before.digest)).toBe('superseded-by-erasure')
    await expect(openSnapshot(before.folder, before.digest)).rejects.toMatchObject({ code: 'snapshot-superseded' })
    const after = await lake.createSnapshot(REQUEST)
    expect(after.manifest.accounting).toEqual({
      envelopes: 8,
      rows: before.manifest.accounting.rows - 2,
      excluded: { erased: 2, 'duplicate-row': 3 },
    })
    expect((await openSnapshot(after.folder, after.digest)).rows.map((row) => row.study)).not.toContain(
      pseudonym('study 2'),
    )
  })

  it('ends what a kill interrupted, and leaves no pseudonym in the record', async () => {
    await lake.createSnapshot(REQUEST)
    const { rows } = await lake.query(
      `SELECT envelope FROM features WHERE site = '${BOX}' AND patient = '${ERASED}'
       UNION SELECT envelope FROM labels WHERE site = '${BOX}' AND patient = '${ERASED}' ORDER BY envelope`,
      100,
    )
    // Killed after the record was written and before any file was: nothing but the book knows of it.
    const book = new ErasureBook(core.database, core.clock)
    book.begin(
      crypto.randomUUID(),
      ERASURE,
      [pseudonym('study 2')],
      rows.map(([id]) => Number(id)),
    )
    expect(await left()).toEqual(['8', '8', '8', '1'])
    const again = new Lake(core.database, join(core.folder, 'lake'), core.clock)
    const [ended] = await again.recover()
    expect(ended).toMatchObject({ envelopes: 2, rows: 9, snapshots: [expect.any(String)] })
    expect(await left()).toEqual(['6', '6', '6', '0'])
    expect(await again.recover()).toEqual([])
    expect(await lake.verify()).toEqual([])
    const record = core.database.prepare('SELECT * FROM lake_erasure').all()
    expect(JSON.stringify(record)).not.toContain(ERASED)
  })

  it('lets nothing of an erased patient into a dataset that comes afterwards', async () => {
    await lake.erase(ERASURE)
    const late = {
      ...featuresBody(1, [9, 9]),
      study: pseudonym<ReturnType<typeof featuresBody>['study']>('late study'),
    }
    core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, [late], 6)))])
    const { manifest } = await lake.createSnapshot(REQUEST)
    expect(manifest.accounting.excluded).toMatchObject({ erased: 2, 'erased-patient': 1 })
  })

  it('ends where what is left is what an earlier file held, byte by byte', async () => {
    await lake.catchUp()
    const gone = pseudonym<PatientPseudonym>('patient of one day')
    const study = pseudonym<ReturnType<typeof featuresBody>['study']>('study of one day')
    const alone = { ...featuresBody(5, [9, 9]), study, patient: gone }
    core.inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, [alone], 6)))])
    await lake.catchUp()
    await lake.compact()
    await expect(lake.erase({ ...ERASURE, patient: gone })).resolves.toMatchObject({ envelopes: 1 })
    expect(await lake.verify()).toEqual([])
    expect(await left()).toEqual(['8', '8', '8', '1'])
    expect(await lake.recover()).toEqual([])
  })

  it('takes away a dataset that a kill left without a record', async () => {
    const folder = join(core.folder, 'lake', 'snapshots', 'ab'.repeat(32), 'data')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'part.parquet'), 'rows of somebody')
    await lake.recover()
    expect(await readdir(join(core.folder, 'lake', 'snapshots'))).not.toContain('ab'.repeat(32))
  })

  it('ends also where the data of a dataset is gone already', async () => {
    const before = await lake.createSnapshot(REQUEST)
    await rm(join(before.folder, 'data'), { recursive: true, force: true })
    await expect(lake.erase(ERASURE)).resolves.toMatchObject({ site: BOX })
    expect(await lake.recover()).toEqual([])
  })

  it('refuses a pseudonym of which nothing came, and one that only another site has', async () => {
    await expect(lake.erase({ ...ERASURE, patient: 'f'.repeat(32) })).rejects.toMatchObject({ code: 'subject-unknown' })
    await expect(lake.erase({ ...ERASURE, site: 'box-09' })).rejects.toMatchObject({ code: 'subject-unknown' })
    expect(lake.erasures()).toEqual([])
  })

  it('lets the versions expire in which the rows still stood', async () => {
    await lake.catchUp()
    await lake.compact()
    await lake.erase(ERASURE)
    const { tables } = await lake.status()
    for (const table of ['features', 'labels', 'scores']) {
      const found = tables.find((one) => one.table === table)
      expect(found?.readableFrom, table).toBe(found?.version)
    }
    expect(await holds(join(core.folder, 'lake', 'tables', 'labels', `site=${BOX}`), ERASED)).toBe(false)
  })
})
