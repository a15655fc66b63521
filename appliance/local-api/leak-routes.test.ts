import { deviceStatus } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LeakAlarms } from '../leak-scan/index.ts'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN } from '../testing/local-api-fixture.ts'

let fixture: LocalApiFixture
beforeEach(async () => {
  fixture = await localApiFixture()
})
afterEach(async () => {
  await fixture.dispose()
})

const authorised = { authorization: `Bearer ${OPERATOR_TOKEN}` }
const INSERT_STUDY = `
INSERT INTO study (study_id, study_instance_uid, study_pseudonym, patient_pseudonym, patient_id, patient_name,
  patient_birth_date, patient_sex, accession_number, study_date, study_time, study_description, modalities,
  current_revision, state, instance_count, first_received_at, last_received_at)
VALUES (91, '1.2.3.91', ?, 'p', 'ID', 'N', '', '', '', '', '', '', 'DX', 1, 'queued', 1, 0, 0)`

it('an alarm stands with the device until a person who may settles it', async () => {
  const { server, context, clock } = fixture
  const { records, audit } = context
  const study = '9'.repeat(32)
  records.database.prepare(INSERT_STUDY).run(study)
  new LeakAlarms({ records, audit, clock }).raise('object', 91)
  const alarms = async () => {
    const response = await server.inject({ url: '/api/device', headers: authorised })
    return deviceStatus.parse(response.json()).leakAlarms
  }
  expect(await alarms()).toMatchObject([{ alarm: 1, study, place: 'object', hits: 1 }])

  const settle = (headers: Record<string, string>, alarm = '1') =>
    server.inject({ method: 'POST', url: `/api/leaks/${alarm}/settle`, headers, payload: {} })
  expect((await settle({})).statusCode).toBe(401)
  const cookie = await fixture.signIn('reader')
  expect((await settle({ cookie })).statusCode).toBe(403)
  expect((await settle(authorised, 'x')).statusCode).toBe(400)
  expect((await settle(authorised)).json()).toEqual({ settled: true })
  expect((await settle(authorised)).statusCode).toBe(404)
  expect(await alarms()).toEqual([])
  expect(fixture.events().map(({ event }) => event)).toEqual(expect.arrayContaining(['leak.suspected', 'leak.settled']))
})
