import { deliveryItem, deliveryList, deviceStatus } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { queueReport } from '../results/testing/example-reports.ts'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN } from '../testing/local-api-fixture.ts'

describe('deliveries over the interface', () => {
  let fixture: LocalApiFixture

  beforeEach(async () => {
    fixture = await localApiFixture()
    const { records } = fixture.context
    for (const index of [1, 2, 3]) queueReport(records, index, ['pacs'], fixture.clock.now())
  })
  afterEach(() => fixture.dispose())

  const ask = async (method: 'GET' | 'POST', url: string, payload?: object, cookie?: string) =>
    fixture.server.inject({
      method,
      url,
      headers: cookie === undefined ? { authorization: `Bearer ${OPERATOR_TOKEN}` } : { cookie },
      ...(payload === undefined ? {} : { payload }),
    })
  const die = (id: number, reason: string): void =>
    fixture.context.records.results.kill(id, reason, fixture.clock.now())

  it('lists them newest first, page by page, with what to do', async () => {
    die(2, 'status-0122')
    const { deliveries } = deliveryList.parse((await ask('GET', '/api/deliveries?limit=2')).json())
    expect(deliveries.map((one) => one.delivery)).toEqual([3, 2])
    expect(deliveries[1]).toMatchObject({ standing: 'dead', reason: 'status-0122', failureClass: 'permanent' })
    const rest = deliveryList.parse((await ask('GET', '/api/deliveries?limit=2&before=2')).json())
    expect(rest.deliveries.map((one) => one.delivery)).toEqual([1])
    const dead = deliveryList.parse((await ask('GET', '/api/deliveries?state=dead&destination=pacs')).json())
    expect(dead.deliveries.map((one) => one.delivery)).toEqual([2])
    expect((await ask('GET', '/api/deliveries/99')).statusCode).toBe(404)
    expect((await ask('GET', '/api/deliveries/x')).statusCode).toBe(404)
  })

  it('replays one, those since a time, or all', async () => {
    for (const id of [1, 2, 3]) {
      die(id, 'http-401')
      fixture.clock.advance(60_000)
    }
    const since = new Date(fixture.clock.now() - 130_000).toISOString()
    expect((await ask('POST', '/api/deliveries/replay', { destination: 'pacs', since })).json()).toEqual({
      replayed: 2,
    })
    expect((await ask('POST', '/api/deliveries/replay', { delivery: 1 })).json()).toEqual({ replayed: 1 })
    expect((await ask('POST', '/api/deliveries/replay', { destination: 'pacs', all: true })).json()).toEqual({
      replayed: 0,
    })
    expect((await ask('POST', '/api/deliveries/replay', { destination: 'pacs' })).statusCode).toBe(400)
    const outcomes = fixture.events().filter((event) => event.event === 'result.retried')
    expect(outcomes.map((event) => event.outcome)).toEqual(['success', 'success', 'failure'])
  })

  it('drops one for good, with who and why, and nothing of that in the audit log', async () => {
    const body = { reason: 'sent by hand to Dr Example' }
    expect((await ask('POST', '/api/deliveries/2/drop', body)).statusCode).toBe(200)
    expect((await ask('POST', '/api/deliveries/2/drop', body)).statusCode).toBe(409)
    expect((await ask('POST', '/api/deliveries/3/drop', {})).statusCode).toBe(400)
    const shown = deliveryItem.parse((await ask('GET', '/api/deliveries/2')).json())
    expect(shown).toMatchObject({ standing: 'dropped', dropReason: body.reason, droppedBy: 'operator' })
    const [event] = fixture.events().filter((one) => one.event === 'result.dropped')
    expect(event).toMatchObject({ codes: ['delivery-2', 'sr'], outcome: 'success' })
    expect((await ask('POST', '/api/deliveries/replay', { delivery: 2 })).json()).toEqual({ replayed: 0 })
  })

  it('lets only administrators change anything', async () => {
    const cookie = await fixture.signIn('tech')
    expect((await ask('GET', '/api/deliveries', undefined, cookie)).statusCode).toBe(200)
    expect((await ask('POST', '/api/deliveries/replay', { delivery: 1 }, cookie)).statusCode).toBe(403)
    expect((await ask('POST', '/api/deliveries/1/drop', { reason: 'because' }, cookie)).statusCode).toBe(403)
  })

  it('raises an alarm when the oldest waits longer than the setting, and counts what was blocked', async () => {
    const state = async () => deviceStatus.parse((await ask('GET', '/api/device')).json())
    expect((await state()).deliveries).toMatchObject([{ destination: 'pacs', circuit: 'closed', late: false }])
    fixture.clock.advance(3_601_000)
    expect((await state()).deliveries).toMatchObject([{ late: true, oldestWaitingSeconds: 3601 }])
    expect((await state()).blockedResults).toBe(0)
    fixture.context.records.deliveries.block(1, 'sr', 'patient-id', fixture.clock.now())
    expect((await state()).blockedResults).toBe(1)
  })
})
