import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  failure,
  labelDetail,
  localModelList,
  logExport,
  studyDetail,
  studyList,
} from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN, PASSWORD } from '../testing/local-api-fixture.ts'

const STUDY = 'a'.repeat(32)

/** Puts one study with one instance into the record. */
function addStudy({ context, clock }: LocalApiFixture, index = 0): void {
  const { records } = context
  records.transaction(() => {
    records.intake.register({
      sopInstanceUid: `1.2.${index}`,
      digest: String(index).padStart(64, '0'),
      sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      bytes: 10,
      callingAeTitle: 'DX1',
      remoteAddress: '127.0.0.1',
      associationId: 'x',
      receivedAt: clock.now() + index,
      header: {
        kind: 'read',
        study: {
          studyInstanceUid: `1.2.3.${index}`,
          studyPseudonym: index === 0 ? STUDY : index.toString(16).padStart(32, '0'),
          patientPseudonym: 'b'.repeat(32),
          patientId: `ID${index}%`,
          patientName: `NAME^N${index}`,
          patientBirthDate: '',
          patientSex: 'F',
          accessionNumber: `ACC${index}`,
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

describe('the local interface', () => {
  let fixture: LocalApiFixture
  beforeEach(async () => {
    fixture = await localApiFixture()
  })
  afterEach(async () => {
    await fixture.dispose()
  })
  const get = (url: string, cookie?: string) =>
    fixture.server.inject({ method: 'GET', url, headers: cookie === undefined ? {} : { cookie } })

  it.each([
    '/api/studies',
    `/api/studies/${STUDY}`,
    '/api/quarantine',
    '/api/egress',
    '/api/models',
    '/api/device',
    '/api/destinations',
    '/api/audit/checkpoint',
    '/api/audit/export',
    '/api/events',
    '/api/session',
    '/api/nothing-here',
  ])('tells nobody anything at %s', async (url) => {
    const response = await get(url)
    expect(response.statusCode).toBe(401)
    expect(failure.parse(response.json()).error.code).toBe('not-signed-in')
  })

  it('is open only about its health', async () => {
    const response = await get('/api/health')
    expect(response.json()).toEqual({ status: 'ok', version: '0.1.0' })
  })

  it('signs in with a cookie that scripts and other sites cannot use, and out again', async () => {
    const response = await fixture.server.inject({
      method: 'POST',
      url: '/api/session',
      payload: { account: 'reader', password: PASSWORD },
    })
    expect(String(response.headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Strict$/)
    expect(response.json()).toMatchObject({ account: 'reader', role: 'radiologist', person: '1'.repeat(32) })
    const cookie = String(response.headers['set-cookie']).split(';')[0] ?? ''
    expect((await get('/api/studies', cookie)).statusCode).toBe(200)
    await fixture.server.inject({ method: 'DELETE', url: '/api/session', headers: { cookie } })
    expect((await get('/api/studies', cookie)).statusCode).toBe(401)
    expect(fixture.events().map((event) => event.event)).toEqual(['session.opened', 'study.listed', 'session.closed'])
  })

  it('lets an account rest after five failures, also against the right password', async () => {
    const attempt = (password: string) =>
      fixture.server.inject({ method: 'POST', url: '/api/session', payload: { account: 'reader', password } })
    const answers = await Promise.all(Array.from({ length: 5 }, () => attempt('wrong')))
    expect(answers.map((answer) => answer.statusCode)).toEqual([401, 401, 401, 401, 401])
    const locked = await attempt(PASSWORD)
    expect(locked.statusCode).toBe(429)
    expect(failure.parse(locked.json()).error.code).toBe('account-locked')
    fixture.clock.advance(15 * 60_000 + 1)
    expect((await attempt(PASSWORD)).statusCode).toBe(200)
  })

  it('answers an unknown account like a wrong password', async () => {
    const answers = await Promise.all(
      ['nobody', 'reader'].map((account) =>
        fixture.server.inject({ method: 'POST', url: '/api/session', payload: { account, password: 'wrong' } }),
      ),
    )
    expect(answers[0]?.json()).toEqual(answers[1]?.json())
  })

  it('ends a session after half an hour of rest', async () => {
    const cookie = await fixture.signIn('tech')
    fixture.clock.advance(29 * 60_000)
    expect((await get('/api/studies', cookie)).statusCode).toBe(200)
    fixture.clock.advance(29 * 60_000)
    expect((await get('/api/studies', cookie)).statusCode).toBe(200)
    fixture.clock.advance(31 * 60_000)
    expect((await get('/api/studies', cookie)).statusCode).toBe(401)
  })

  it('takes the operator token, and no other', async () => {
    const ask = (token: string) =>
      fixture.server.inject({ method: 'GET', url: '/api/studies', headers: { authorization: `Bearer ${token}` } })
    expect((await ask(OPERATOR_TOKEN)).statusCode).toBe(200)
    expect((await ask(`${OPERATOR_TOKEN.slice(0, -1)}x`)).statusCode).toBe(401)
  })

  it('pages through studies, searches without patterns of its own, and shows no name in an address', async () => {
    for (let index = 0; index < 5; index += 1) addStudy(fixture, index)
    const cookie = await fixture.signIn('tech')
    const first = studyList.parse((await get('/api/studies?limit=3', cookie)).json())
    expect(first.studies.map((study) => study.patientName)).toEqual(['NAME^N4', 'NAME^N3', 'NAME^N2'])
    const second = studyList.parse((await get(`/api/studies?limit=3&before=${first.next ?? ''}`, cookie)).json())
    expect(second.studies.map((study) => study.patientName)).toEqual(['NAME^N1', 'NAME^N0'])
    expect(second.next).toBeNull()
    const found = studyList.parse((await get('/api/studies?search=ID2%25', cookie)).json())
    expect(found.studies).toHaveLength(1)
    expect(studyList.parse((await get('/api/studies?state=scored', cookie)).json()).studies).toEqual([])
    expect((await get('/api/studies?limit=0', cookie)).statusCode).toBe(400)
  })

  it('shows a study and records who opened it', async () => {
    addStudy(fixture)
    const cookie = await fixture.signIn('tech')
    const detail = studyDetail.parse((await get(`/api/studies/${STUDY}`, cookie)).json())
    expect(detail.summary.state).toBe('receiving')
    expect(fixture.events().at(-1)).toMatchObject({
      event: 'study.read',
      actor: { kind: 'person', id: '0'.repeat(32) },
      subject: { kind: 'study', id: STUDY },
    })
    expect((await get(`/api/studies/${'c'.repeat(32)}`, cookie)).statusCode).toBe(404)
    expect((await get('/api/studies/..%2f..%2fetc', cookie)).statusCode).toBe(404)
  })

  it('records a label with its envelope and event, for radiologists only', async () => {
    addStudy(fixture)
    const label = (cookie: string, payload: object) =>
      fixture.server.inject({ method: 'POST', url: `/api/studies/${STUDY}/label`, headers: { cookie }, payload })
    const wanted = { finding: 'pneumonia', value: 'present', blind: true }
    expect((await label(await fixture.signIn('tech'), wanted)).statusCode).toBe(403)
    expect(fixture.events().at(-1)?.event).toBe('access.refused')
    const cookie = await fixture.signIn('reader')
    const made = labelDetail.parse((await label(cookie, wanted)).json())
    expect(made).toMatchObject({ finding: 'pneumonia', value: 'present', blind: true, reader: '1'.repeat(32) })
    const [envelope] = fixture.context.records.egress.envelopesAfter(1, 'labels', 0, 10)
    expect(JSON.parse(envelope?.content ?? '{}')).toMatchObject({ body: { kind: 'study-label', label: made.label } })
    expect(fixture.events().at(-1)?.event).toBe('label.recorded')
    expect((await label(cookie, { ...wanted, value: 'maybe' })).statusCode).toBe(400)
    expect((await label(cookie, { ...wanted, finding: 'Some free text' })).statusCode).toBe(400)
    expect((await label(cookie, { ...wanted, note: 'x' })).statusCode).toBe(400)
  })

  it('refuses changes that come from a page of another address', async () => {
    addStudy(fixture)
    const cookie = await fixture.signIn('reader')
    const response = await fixture.server.inject({
      method: 'POST',
      url: `/api/studies/${STUDY}/label`,
      headers: { cookie, origin: 'http://elsewhere.example' },
      payload: { finding: 'pneumonia', value: 'present', blind: false },
    })
    expect(response.statusCode).toBe(403)
    expect(fixture.context.records.studies.labels(1)).toEqual([])
  })

  it('exports the log with a checkpoint that covers it, for administrators', async () => {
    expect((await get('/api/audit/export', await fixture.signIn('reader'))).statusCode).toBe(403)
    const cookie = await fixture.signIn('admin')
    const exported = logExport.parse((await get('/api/audit/export', cookie)).json())
    expect(exported.leaves).toHaveLength(exported.checkpoint.size)
    expect(exported.checkpoint.note).toContain('leadglass/test-box/audit')
  })

  it('replays dead deliveries, and says so in the log', async () => {
    const cookie = await fixture.signIn('tech')
    const response = await fixture.server.inject({
      method: 'POST',
      url: '/api/destinations/pacs/replay',
      headers: { cookie },
      payload: {},
    })
    expect(response.json()).toEqual({ replayed: 0 })
    expect(fixture.events().at(-1)).toMatchObject({ event: 'result.retried', outcome: 'failure' })
    const unknown = await fixture.server.inject({
      method: 'POST',
      url: '/api/destinations/other/replay',
      headers: { cookie },
    })
    expect(unknown.statusCode).toBe(404)
  })

  it('shows models, and goes back only where there is something to go back to', async () => {
    const cookie = await fixture.signIn('admin')
    expect(localModelList.parse((await get('/api/models', cookie)).json()).models).toEqual([])
    const response = await fixture.server.inject({ method: 'POST', url: '/api/models/x/rollback', headers: { cookie } })
    expect(failure.parse(response.json()).error.code).toBe('no-earlier-version')
  })

  it('answers malformed bodies without repeating them', async () => {
    const response = await fixture.server.inject({
      method: 'POST',
      url: '/api/session',
      headers: { 'content-type': 'application/json' },
      payload: '{"account": "DOE^JANE"',
    })
    expect(response.statusCode).toBe(400)
    expect(response.body).not.toContain('DOE')
  })

  it('forbids everything that is not its own, on every answer', async () => {
    const response = await get('/')
    expect(response.headers['content-security-policy']).toContain("default-src 'none'")
    expect(response.headers['x-content-type-options']).toBe('nosniff')
    expect(response.body).toContain('Leadglass appliance')
  })
})

describe('the pages', () => {
  it('are served when they are built, and stand in for the addresses of the console', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'leadglass-pages-'))
    writeFileSync(join(folder, 'index.html'), '<title>console</title>')
    writeFileSync(join(folder, 'app.js'), 'run()')
    const fixture = await localApiFixture(folder)
    try {
      const bodies = await Promise.all(
        ['/', '/app.js', '/studies/x'].map(async (url) => (await fixture.server.inject({ url })).body),
      )
      expect(bodies).toEqual(['<title>console</title>', 'run()', '<title>console</title>'])
      expect((await fixture.server.inject({ url: '/../records.db' })).body).toBe('<title>console</title>')
    } finally {
      await fixture.dispose()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
