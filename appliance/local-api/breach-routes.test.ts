import { parseProof } from '@leadglass/sync-agent/audit-log'
import { breachFile, breachList, breachOpened, breachView } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN } from '../testing/local-api-fixture.ts'

const FACTORS = { natureAndExtent: 'names', whoUsedIt: 'a printer', acquiredOrViewed: 'no', mitigated: 'shredded' }
const OPERATOR = { authorization: `Bearer ${OPERATOR_TOKEN}` }

describe('cases of suspected breaches over the interface', () => {
  let fixture: LocalApiFixture

  beforeEach(async () => {
    fixture = await localApiFixture()
    fixture.clock.advance(Date.UTC(2026, 2, 10) - fixture.clock.now())
  })
  afterEach(() => fixture.dispose())

  const ask = (method: 'GET' | 'POST', url: string, payload?: object, headers: Record<string, string> = OPERATOR) =>
    fixture.server.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })

  async function open(): Promise<number> {
    const actor = { kind: 'system', id: 'process' } as const
    fixture.context.audit.recordNow({ event: 'leak.suspected', actor, subject: null, outcome: 'failure' })
    const body = { discoveredOn: '2026-03-01', summary: 'a list was left', entries: [0] }
    return breachOpened.parse((await ask('POST', '/api/breaches', body)).json()).case
  }

  it('goes from suspicion to the end, and every step is in the log without a word of what was written', async () => {
    const id = await open()
    const step = (payload: object) => ask('POST', `/api/breaches/${id}/steps`, payload)
    expect((await step({ kind: 'closed', reason: 'over' })).statusCode).toBe(409)
    const assessed = { kind: 'assessed', conclusion: 'breach', affected: 12, mostInOneState: 12, factors: FACTORS }
    const { duties } = breachView.parse((await step(assessed)).json())
    expect(duties.map(({ whom }) => whom)).toEqual(['individuals', 'secretary'])
    expect((await step({ kind: 'notified', whom: 'media', on: '2026-03-04' })).statusCode).toBe(409)
    for (const whom of ['individuals', 'secretary']) await step({ kind: 'notified', whom, on: '2026-03-04' })
    expect(breachView.parse((await step({ kind: 'closed', reason: 'everyone was told' })).json()).state).toBe('closed')
    expect(breachList.parse((await ask('GET', '/api/breaches')).json()).cases).toHaveLength(1)
    const events = fixture.events().filter(({ event }) => event.startsWith('breach.'))
    const changes = Array.from({ length: 4 }, () => 'breach.changed')
    expect(events.map(({ event }) => event)).toEqual(['breach.opened', ...changes, 'breach.closed'])
    expect(JSON.stringify(events)).not.toMatch(/printer|shredded|was told|list was/)
  })

  it('is handed over with each entry proven', async () => {
    const id = await open()
    const file = breachFile.parse((await ask('GET', `/api/breaches/${id}/file`)).json())
    expect(file.evidence.map(({ entry }) => entry)).toEqual([0])
    expect(parseProof(file.evidence[0]?.proof ?? '')).toBeDefined()
  })

  it('refuses entries that the log does not have, cases that there are not, and steps that cannot be', async () => {
    const id = await open()
    const status = async (...args: Parameters<typeof ask>) => (await ask(...args)).statusCode
    const body = { discoveredOn: '2026-03-01', summary: 's', entries: [9999] }
    expect(await status('POST', '/api/breaches', body)).toBe(400)
    expect(await status('POST', '/api/breaches', { ...body, discoveredOn: '2026-03-20', entries: [] })).toBe(409)
    expect(await status('POST', `/api/breaches/${id}/steps`, { kind: 'evidence', entries: [9999] })).toBe(400)
    expect(await status('POST', `/api/breaches/${id}/steps`, { kind: 'forgotten' })).toBe(400)
    expect(await status('POST', '/api/breaches/99/steps', { kind: 'closed', reason: 'r' })).toBe(404)
    expect(await status('GET', '/api/breaches/x')).toBe(404)
    expect(await status('GET', '/api/breaches', undefined, {})).toBe(401)
  })

  it('keeps its steps: nothing changes or removes one', async () => {
    await open()
    const { database } = fixture.context.records
    expect(() => database.exec("UPDATE breach_step SET by = 'x'")).toThrow(/never changed/)
    expect(() => database.exec('DELETE FROM breach_step')).toThrow(/never removed/)
  })
})
