import { decodeEntries, openCheckpoint, readCheckpoint, TileLog, verifyDetail } from '@leadglass/sync-agent/audit-log'
import { auditDetailView, witnessList } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ERASE_IDENTITY } from '../records/identity-erasure.ts'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN } from '../testing/local-api-fixture.ts'

const STUDY = 'a'.repeat(32)
const OPERATOR = { authorization: `Bearer ${OPERATOR_TOKEN}` }

function addStudy({ context, clock }: LocalApiFixture): void {
  context.records.transaction(() => {
    context.records.intake.register({
      sopInstanceUid: '1.2.0',
      digest: '0'.repeat(64),
      sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      bytes: 10,
      callingAeTitle: 'DX1',
      remoteAddress: '127.0.0.1',
      associationId: 'x',
      receivedAt: clock.now(),
      header: {
        kind: 'read',
        study: {
          studyInstanceUid: '1.2.3.77',
          studyPseudonym: STUDY,
          patientPseudonym: 'b'.repeat(32),
          patientId: 'ID77',
          patientName: 'NAME^SEVENTY',
          patientBirthDate: '',
          patientSex: 'F',
          accessionNumber: 'ACC77',
          studyDate: '20260105',
          studyTime: '',
          studyDescription: '',
        },
        seriesInstanceUid: '1.2.4',
        modality: 'DX',
        urgent: false,
      },
    })
  })
}

describe('the log of the device: tiles, witnesses, and what its entries commit to', () => {
  let fixture: LocalApiFixture
  beforeEach(async () => {
    fixture = await localApiFixture()
  })
  afterEach(() => fixture.dispose())
  const get = (url: string, headers: Record<string, string> = OPERATOR) =>
    fixture.server.inject({ method: 'GET', url, headers })
  const readStudy = async (): Promise<number> => {
    addStudy(fixture)
    expect((await get(`/api/studies/${STUDY}`)).statusCode).toBe(200)
    return fixture.context.log.size - 1
  }

  it('reveals who was looked at, provably, and records that it was revealed', async () => {
    const index = await readStudy()
    const leaf = Buffer.from(fixture.context.log.leaf(index) ?? []).toString()
    for (const name of ['NAME^SEVENTY', 'ID77', 'ACC77', '1.2.3.77']) expect(leaf).not.toContain(name)
    const answer = await get(`/api/audit/details/${index}`)
    const shown = auditDetailView.parse(answer.json())
    expect(shown.detail).toEqual({
      studyInstanceUid: '1.2.3.77',
      patientId: 'ID77',
      patientName: 'NAME^SEVENTY',
      accessionNumber: 'ACC77',
    })
    expect(verifyDetail(answer.body).kind).toBe('verified')
    expect(verifyDetail(answer.body.replace('ID77', 'ID78'))).toMatchObject({ reason: 'detail-mismatch' })
    expect(fixture.events().at(-1)).toMatchObject({ event: 'log.read', codes: ['detail'] })
  })

  it('keeps details from those who only read studies, and knows none of an entry without', async () => {
    const index = await readStudy()
    const cookie = await fixture.signIn('reader')
    expect((await get(`/api/audit/details/${index}`, { cookie })).statusCode).toBe(403)
    expect((await get(`/api/audit/details/${fixture.context.log.size - 1}`)).statusCode).toBe(404)
    expect((await get('/api/audit/details/-1')).statusCode).toBe(404)
  })

  it('destroys detail and salt with the study; the entry stays, and commits to nothing that anybody has', async () => {
    const index = await readStudy()
    const before = fixture.context.log.leaf(index)
    const { database } = fixture.context.records
    const [study] = database.prepare('SELECT study_id AS id FROM study').all() as { id: number }[]
    const erase = ERASE_IDENTITY.filter((sql) => sql.includes('audit_detail'))
    expect(erase).toHaveLength(1)
    for (const sql of erase) database.prepare(sql).run({ study: study?.id })
    expect((await get(`/api/audit/details/${index}`)).statusCode).toBe(404)
    expect(fixture.context.log.leaf(index)).toEqual(before)
  })

  it('serves tiles from which an entry is proven, and records that entries were read', async () => {
    const index = await readStudy()
    const note = (await get('/api/audit/tlog/checkpoint')).body
    const checkpoint = readCheckpoint(note)
    if (checkpoint === undefined) throw new Error('a checkpoint')
    expect(openCheckpoint(note, []).kind).toBe('refused')
    const tiles = new TileLog(async (path) => (await get(`/api/audit/tlog/${path}`)).rawPayload)
    expect(await tiles.entry(index, checkpoint)).toBeDefined()
    expect(fixture.events().at(-1)).toMatchObject({ event: 'log.read', codes: ['tile'] })
    const bundle = (await get(`/api/audit/tlog/tile/entries/000.p/${checkpoint.size}`)).rawPayload
    expect(decodeEntries(bundle, checkpoint.size)).toHaveLength(checkpoint.size)
    expect((await get('/api/audit/tlog/tile/0/000.p/200')).statusCode).toBe(404)
    expect((await get('/api/audit/tlog/tile/0/000.p/1', {})).statusCode).toBe(401)
    expect((await get('/api/audit/tlog/checkpoint', {})).statusCode).toBe(401)
  })

  it('shows who has cosigned besides the hub', async () => {
    fixture.context.records.details.keepCosignature('hospital.example/witness', 3, '— x\n', 1_700_000_000)
    expect(witnessList.parse((await get('/api/audit/witnesses')).json())).toMatchObject({
      witnesses: [{ witness: 'hospital.example/witness', size: 3, cosignedAt: '2023-11-14T22:13:20.000Z' }],
      hubLog: null,
    })
  })
})
