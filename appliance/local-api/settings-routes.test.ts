import { conformanceDocument, settingsHistory, settingsPlan, settingsView } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN } from '../testing/local-api-fixture.ts'

describe('settings over the local interface', () => {
  let fixture: LocalApiFixture
  let admin: string
  let reader: string
  beforeAll(async () => {
    fixture = await localApiFixture()
    admin = await fixture.signIn('admin')
    reader = await fixture.signIn('reader')
  })
  afterAll(() => fixture.dispose())

  const ask = (method: 'GET' | 'POST', url: string, cookie: string, payload?: object) =>
    fixture.server.inject({ method, url, headers: { cookie }, ...(payload === undefined ? {} : { payload }) })

  it.each([
    ['GET', '/api/settings'],
    ['POST', '/api/settings/plan'],
    ['POST', '/api/settings'],
    ['GET', '/api/settings/versions'],
    ['GET', '/api/settings/versions/1'],
  ] as const)('%s %s is for the site administrator alone', async (method, url) => {
    const response = await ask(method, url, reader, method === 'POST' ? { settings: {} } : undefined)
    expect(response.statusCode).toBe(403)
    expect(fixture.events().at(-1)).toMatchObject({ event: 'access.refused', codes: ['radiologist'] })
    expect((await ask(method, url, 'leadglass-session=none')).statusCode).toBe(401)
  })

  it('plans without changing, applies with the author, and tells the history', async () => {
    const settings = { callers: [{ aeTitle: 'CT1', addresses: ['192.0.2.1'] }] }
    const planned = settingsPlan.parse((await ask('POST', '/api/settings/plan', admin, { settings })).json())
    expect(planned).toMatchObject({ valid: true, base: '', changes: [{ words: 'CT1 may call, from 192.0.2.1' }] })
    expect(settingsView.parse((await ask('GET', '/api/settings', admin)).json()).version).toBeNull()

    const applied = await ask('POST', '/api/settings', admin, { settings, base: planned.base })
    expect(applied.json()).toEqual({ version: 1 })
    const person = '2'.repeat(32)
    expect(settingsView.parse((await ask('GET', '/api/settings', admin)).json()).version).toMatchObject({
      author: person,
    })
    expect(fixture.events().at(-1)).toMatchObject({
      event: 'setting.changed',
      actor: { kind: 'person', id: person },
      outcome: 'success',
      codes: ['version-1', 'callers'],
    })
    const { versions } = settingsHistory.parse((await ask('GET', '/api/settings/versions', admin)).json())
    expect(versions).toMatchObject([{ version: 1, author: person, source: 'interface' }])
    const detail = (await ask('GET', '/api/settings/versions/1', admin)).json<{ content: string }>()
    expect(JSON.parse(detail.content)).toEqual(settings)
    expect((await ask('GET', '/api/settings/versions/2', admin)).statusCode).toBe(404)
    expect((await ask('GET', '/api/settings/versions/x', admin)).statusCode).toBe(404)
  })

  it('applies nothing twice from one plan', async () => {
    const settings = { callers: [] }
    const response = await ask('POST', '/api/settings', admin, { settings, base: '', acceptRisks: true })
    expect(response.statusCode).toBe(409)
    expect(response.json()).toMatchObject({ error: { code: 'settings-changed' } })
  })

  it('lets the operator do the same, and gives everybody the conformance statement', async () => {
    const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` }
    expect((await fixture.server.inject({ url: '/api/settings', headers })).statusCode).toBe(200)
    const { markdown } = conformanceDocument.parse((await ask('GET', '/api/conformance', reader)).json())
    expect(markdown).toMatch(/^# DICOM conformance statement/)
  })
})
