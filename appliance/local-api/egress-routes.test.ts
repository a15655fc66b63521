import type { EnvelopeBody, PatientPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'
import { heldBatchDetail, heldBatchList, studyEgress } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EgressHold } from '../egress/index.ts'
import { type LocalApiFixture, localApiFixture } from '../testing/local-api-fixture.ts'

const STUDY = '5'.repeat(32)
const PATIENT = 'd'.repeat(32)

const features: EnvelopeBody = {
  kind: 'instance-features',
  study: STUDY as StudyPseudonym,
  patient: PATIENT as PatientPseudonym,
  revision: 1,
  instance: 0,
  acquisition: { modality: 'DX', view: 'PA', sex: 'F', ageDecade: 6, month: '2019-07' },
  model: { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) },
  embedding: Buffer.alloc(8).toString('base64'),
  scores: [],
  quality: {},
}

describe('what leaves, over the local interface', () => {
  let fixture: LocalApiFixture
  let studyId: number

  beforeEach(async () => {
    fixture = await localApiFixture()
    const { database } = fixture.context.records
    const inserted = database
      .prepare(
        `INSERT INTO study (study_instance_uid, study_pseudonym, patient_pseudonym, patient_id, patient_name,
        patient_birth_date, patient_sex, accession_number, study_date, study_time, study_description, modalities,
        current_revision, state, instance_count, first_received_at, last_received_at, patient_issuer)
        VALUES ('1.2.3', ?, ?, 'P-1', 'PHANTOM^ALPHA', '19570312', 'F', 'A-1', '20260105', '101112', 'CHEST', 'DX',
          1, 'receiving', 0, 0, 0, '')`,
      )
      .run(STUDY, PATIENT)
    studyId = Number(inserted.lastInsertRowid)
  })
  afterEach(() => fixture.dispose())

  const get = async (account: string, url: string) =>
    fixture.server.inject({ method: 'GET', url, headers: { cookie: await fixture.signIn(account) } })
  const post = async (account: string, url: string, payload: object) =>
    fixture.server.inject({ method: 'POST', url, payload, headers: { cookie: await fixture.signIn(account) } })

  /** Puts a body into a batch that waits, as a site that holds does. */
  function offerHeld(): string {
    const { records } = fixture.context
    const hold = new EgressHold({ records, clock: fixture.clock })
    records.transaction(() => hold.take(features, studyId))
    return records.heldEgress.waitingBatch(studyId) ?? ''
  }

  it('shows one study before and after to whoever is signed in, and records who looked', async () => {
    fixture.context.records.transaction(() => fixture.context.door.seal(features, studyId))
    expect((await fixture.server.inject({ method: 'GET', url: `/api/egress/studies/${STUDY}` })).statusCode).toBe(401)
    const answer = studyEgress.parse((await get('reader', `/api/egress/studies/${STUDY}`)).json())
    const after = Object.fromEntries(answer.fields.map((field) => [field.before, field.after]))
    expect(after).toMatchObject({
      'PHANTOM^ALPHA': null,
      'A-1': null,
      CHEST: null,
      101112: null,
      'P-1': PATIENT,
      '1.2.3': STUDY,
      19570312: '60 to 69',
      20260105: '2019-07',
    })
    expect(answer.envelopes).toHaveLength(1)
    expect(answer.envelopes[0]).toMatchObject({ stream: 'features', sequence: 1, state: 'sealed', body: features })
    expect(fixture.events().at(-1)).toMatchObject({ event: 'study.read', codes: ['radiologist', 'egress'] })
    expect((await get('reader', `/api/egress/studies/${'0'.repeat(32)}`)).statusCode).toBe(404)
  })

  it('lets an administrator release exactly what was shown, and nobody else', async () => {
    const batch = offerHeld()
    const list = heldBatchList.parse((await get('tech', '/api/egress/held')).json())
    expect(list).toMatchObject({ hold: false, totals: { waiting: 1, released: 0, refused: 0 } })
    const shown = heldBatchDetail.parse((await get('tech', `/api/egress/held/${batch}`)).json())
    expect(shown.envelopes).toEqual([{ stream: 'features', kind: 'instance-features', body: features }])
    const url = `/api/egress/held/${batch}/release`
    expect((await post('reader', url, { digest: shown.digest })).statusCode).toBe(403)
    expect((await post('admin', url, { digest: '0'.repeat(64) })).json()).toMatchObject({
      error: { code: 'batch-changed' },
    })
    expect((await post('admin', url, { digest: shown.digest })).json()).toEqual({ envelopes: 1 })
    expect((await post('admin', url, { digest: shown.digest })).statusCode).toBe(409)
    expect(fixture.events().find(({ event }) => event === 'egress.released')).toMatchObject({
      event: 'egress.released',
      actor: { kind: 'person', id: '2'.repeat(32) },
      subject: { kind: 'batch', id: batch },
    })
  })

  it('refuses with a reason, and shows what was refused no more', async () => {
    const batch = offerHeld()
    const { digest } = heldBatchDetail.parse((await get('admin', `/api/egress/held/${batch}`)).json())
    const url = `/api/egress/held/${batch}/refuse`
    expect((await post('admin', url, { digest })).statusCode).toBe(400)
    expect((await post('admin', url, { digest, reason: 'sent by mistake' })).statusCode).toBe(200)
    const after = heldBatchDetail.parse((await get('admin', `/api/egress/held/${batch}`)).json())
    expect(after).toMatchObject({ state: 'refused', reason: 'sent by mistake', envelopes: [] })
    expect((await post('admin', '/api/egress/held/none/release', { digest })).statusCode).toBe(404)
  })
})
