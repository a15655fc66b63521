import { heldList, ruleDifference, ruleHistory, rulesInForce, simulationView } from '@leadglass/ui/contract/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalApiFixture, localApiFixture } from '../testing/local-api-fixture.ts'

const RULE = {
  name: 'ct',
  when: { modality: ['CT'] },
  do: { lane: 'off-peak', destinations: ['pacs'] },
  examples: { match: [{ tags: { Modality: 'CT' } }], noMatch: [{ tags: { Modality: 'DX' } }] },
}
const FILE = { schema: 'leadglass.rules/1', rules: [RULE] }

describe('rules, retention and holds over the interface', () => {
  let fixture: LocalApiFixture
  let admin: string
  let technologist: string

  beforeAll(async () => {
    fixture = await localApiFixture()
    admin = await fixture.signIn('admin')
    technologist = await fixture.signIn('tech')
  })
  afterAll(() => fixture.dispose())

  const ask = (method: 'GET' | 'POST', url: string, cookie: string, payload?: object) =>
    fixture.server.inject({ method, url, headers: { cookie }, ...(payload === undefined ? {} : { payload }) })

  it.each([
    ['POST', '/api/rules/activate', { file: FILE, reason: 'because' }],
    ['POST', '/api/rules/simulate', { file: FILE, days: 30 }],
    ['POST', '/api/retention/run', {}],
    ['POST', '/api/holds', { patient: 'a'.repeat(32), reason: 'because' }],
    ['POST', '/api/holds/1/lift', { reason: 'because' }],
    ['GET', '/api/retention/plan', undefined],
  ] as const)('%s %s is for the site administrator', async (method, url, payload) => {
    expect((await ask(method, url, technologist, payload)).statusCode).toBe(403)
    expect((await fixture.server.inject({ method, url })).statusCode).toBe(401)
    expect(fixture.events().at(-1)).toMatchObject({ event: 'access.refused' })
  })

  it('keeps versions with author, reason and difference, and records the act', async () => {
    expect((await ask('POST', '/api/rules/activate', admin, { file: FILE, reason: ' ' })).statusCode).toBe(400)
    expect((await ask('POST', '/api/rules/activate', admin, { file: FILE, reason: 'night work' })).statusCode).toBe(200)
    const next = { ...FILE, rules: [{ ...RULE, do: { lane: 'routine' } }] }
    expect((await ask('POST', '/api/rules/activate', admin, { file: next, reason: 'by day' })).statusCode).toBe(200)
    const { versions } = ruleHistory.parse((await ask('GET', '/api/rules/history', technologist)).json())
    expect(versions.map((one) => [one.version, one.author, one.reason])).toEqual([
      [2, '2'.repeat(32), 'by day'],
      [1, '2'.repeat(32), 'night work'],
    ])
    const { changes } = ruleDifference.parse(
      (await ask('GET', '/api/rules/difference?from=1&to=2', technologist)).json(),
    )
    expect(changes).toMatchObject([{ name: 'ct', kind: 'changed' }])
    expect((await ask('GET', '/api/rules/difference?from=1&to=9', admin)).statusCode).toBe(404)
    expect(rulesInForce.parse((await ask('GET', '/api/rules', technologist)).json()).version?.version).toBe(2)
    const recorded = fixture.events().filter((event) => event.event === 'rules.activated')
    expect(recorded.map((event) => event.codes)).toEqual([
      ['version-1', 'added.ct', 'changed.time-zone', 'changed.off-peak', 'changed.otherwise'],
      ['version-2', 'changed.ct'],
    ])
  })

  it('simulates over nothing, and holds nobody', async () => {
    const answer = simulationView.parse(
      (await ask('POST', '/api/rules/simulate', admin, { file: FILE, days: 30 })).json(),
    )
    expect(answer).toMatchObject({ examined: 0, changed: 0 })
    expect(heldList.parse((await ask('GET', '/api/rules/held', technologist)).json()).held).toEqual([])
    expect((await ask('POST', `/api/studies/${'a'.repeat(32)}/release`, technologist, {})).statusCode).toBe(404)
  })

  it('knows no hold and no patient that is not there', async () => {
    const nobody = { patient: 'a'.repeat(32), reason: 'because' }
    expect((await ask('POST', '/api/holds', admin, nobody)).statusCode).toBe(404)
    expect((await ask('POST', '/api/holds/7/lift', admin, { reason: 'because' })).statusCode).toBe(404)
    expect((await ask('POST', '/api/holds/x/lift', admin, { reason: 'because' })).statusCode).toBe(404)
    expect((await ask('POST', '/api/retention/run', admin, {})).json()).toMatchObject({ purged: 0, finished: true })
  })
})
