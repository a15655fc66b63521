import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  lakeCompaction,
  lakeErasure,
  lakeErasures,
  lakeQueryAnswer,
  lakeSnapshots,
  lakeStatus,
  lakeVerification,
  revokedReaders,
} from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolDevice, initialiseHub } from '../commands.ts'
import { AlarmBook, Inbox } from '../ingest/index.ts'
import { parsePayload } from '../ingest/payload.ts'
import { openHubDatabase } from '../storage/index.ts'
import { device, featuresBody, payloadOf, pseudonym, sealAll } from '../testing/device.ts'
import { createHubCore } from '../testing/hub-core.ts'
import { HubProcess } from '../testing/hub-process.ts'

const BOX = device('box-01')
const READER = pseudonym<string>('reader')

describe('the lake over HTTP', () => {
  let folder: string
  let hub: HubProcess

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-lake-'))
    await initialiseHub({ folder, names: [], accounts: [] })
    await enrolDevice({ folder, device: BOX })
    await fill(folder)
    hub = await HubProcess.start(folder)
  }, 60_000)
  afterAll(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const words = async (): Promise<{ event: string; subject: { id: string } | null; outcome: string }[]> => {
    const { entries } = (await hub.get('/api/audit/entries')) as { entries: { event: never }[] }
    return entries.map((entry) => entry.event)
  }
  const post = async (path: string, body?: unknown): Promise<{ status: number; answer: unknown }> => {
    const response = await hub.request('POST', path, body)
    return { status: response.status, answer: await response.json() }
  }

  it('keeps up by itself, and says what lies in it', async () => {
    let status = lakeStatus.parse(await hub.get('/api/lake'))
    for (let i = 0; i < 100 && status.envelope < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      status = lakeStatus.parse(await hub.get('/api/lake'))
    }
    expect(status.accounts).toEqual([
      { site: BOX, kind: 'instance-features', table: 'features', envelopes: 4, erased: 0, rows: 4, balanced: true },
    ])
    expect(lakeSnapshots.parse(await hub.get('/api/lake/snapshots')).snapshots).toEqual([])
    expect((await hub.request('GET', `/api/lake/snapshots/${'a'.repeat(64)}/state`)).status).toBe(404)
  })

  it('verifies, puts together and asks, and writes down who did', async () => {
    const verified = lakeVerification.parse((await post('/api/lake/verification')).answer)
    expect(verified).toMatchObject({ findings: [] })
    expect(verified.files).toBeGreaterThan(0)
    lakeCompaction.parse((await post('/api/lake/compaction', {})).answer)
    const asked = await post('/api/lake/query', { sql: 'SELECT count(*) AS n FROM features' })
    expect(lakeQueryAnswer.parse(asked.answer)).toEqual({ columns: ['n'], rows: [['4']], truncated: false })
    expect((await post('/api/lake/query', { sql: 'DROP VIEW features' })).status).toBe(409)
    expect((await post('/api/lake/query', { sql: '' })).status).toBe(400)
    const said = (await words()).filter(({ event }) => event.startsWith('lake.'))
    expect(said.map(({ event, outcome }) => `${event} ${outcome}`)).toEqual([
      'lake.verified success',
      'lake.compacted success',
      'lake.queried success',
      'lake.queried refused',
    ])
  })

  it('revokes a reader and takes it back', async () => {
    const revocation = { site: BOX, reader: READER, reason: 'not trained for this' }
    expect((await post('/api/lake/revoked-readers', revocation)).status).toBe(200)
    expect((await post('/api/lake/revoked-readers', revocation)).status).toBe(409)
    expect((await post('/api/lake/revoked-readers', { ...revocation, site: 'box-99' })).status).toBe(404)
    expect((await post('/api/lake/revoked-readers', { ...revocation, reader: 'Dr. Who' })).status).toBe(400)
    const { readers } = revokedReaders.parse(await hub.get('/api/lake/revoked-readers'))
    expect(readers).toMatchObject([{ site: BOX, reader: READER, reason: 'not trained for this' }])
    const gone = await hub.request('DELETE', `/api/lake/revoked-readers/${BOX}/${READER}`)
    expect(gone.status).toBe(200)
    const said = (await words()).filter(({ event }) => event.startsWith('reader.'))
    expect(said.map(({ event, subject }) => [event, subject?.id])).toEqual([
      ['reader.revoked', READER],
      ['reader.restored', READER],
    ])
  })

  it('erases a patient and leaves a record and a leaf, neither with the pseudonym', async () => {
    const patient = pseudonym<string>('patient 1')
    const request = { site: BOX, patient, reason: 'objection' }
    const done = await post('/api/lake/erasures', request)
    const report = lakeErasure.parse(done.answer)
    expect(report).toMatchObject({ site: BOX, envelopes: 1, snapshots: [] })
    expect((await post('/api/lake/erasures', request)).status).toBe(404)
    expect((await post('/api/lake/erasures', { ...request, patient: 'x' })).status).toBe(400)
    const { erasures } = lakeErasures.parse(await hub.get('/api/lake/erasures'))
    expect(erasures).toMatchObject([{ erasure: report.erasure, reason: 'objection', report }])
    const said = (await words()).find(({ event }) => event === 'lake.erased')
    expect(said?.subject?.id).toBe(report.erasure)
    expect(JSON.stringify([said, erasures])).not.toContain(patient)
    expect(lakeStatus.parse(await hub.get('/api/lake')).accounts).toMatchObject([
      { envelopes: 4, erased: 1, rows: 3, balanced: true },
    ])
  })
})

/** Lays envelopes into the tables of a hub that does not run. */
async function fill(folder: string): Promise<void> {
  const core = await createHubCore()
  const database = openHubDatabase(folder)
  try {
    const inbox = new Inbox(database, core.mirror, new AlarmBook(database, core.audit, core.clock), core.clock)
    const bodies = [0, 1, 2, 3].map((index) => featuresBody(index))
    const [result] = inbox.commit([await parsePayload(BOX, payloadOf(sealAll(BOX, bodies)))])
    expect(result).toMatchObject({ accepted: 4 })
  } finally {
    database.close()
    await core.close()
  }
}
