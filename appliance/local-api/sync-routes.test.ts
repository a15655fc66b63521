import type { DriftCounts } from '@leadglass/sync-agent/contract'
import { syncResealed, syncStatus } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN } from '../testing/local-api-fixture.ts'

const COUNTS: DriftCounts = {
  kind: 'drift-counts',
  model: { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) },
  feature: 'score.pneumonia',
  month: '2020-03',
  cells: [{ bin: 0, count: 11 }],
}

describe('what the hub refuses, over the interface', () => {
  let fixture: LocalApiFixture

  beforeEach(async () => {
    fixture = await localApiFixture()
  })
  afterEach(() => fixture.dispose())

  const ask = async (method: 'GET' | 'POST', url: string, payload?: object) =>
    fixture.server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
      ...(payload === undefined ? {} : { payload }),
    })
  /** Seals three counts, and has the hub refuse the second. */
  function refuse(code: string): void {
    const { records, door } = fixture.context
    records.transaction(() => {
      for (let i = 0; i < 3; i += 1) door.seal(COUNTS)
      records.egress.insertRefusal(1, 'drift', 2, code, fixture.clock.now())
    })
  }
  const status = async () => syncStatus.parse((await ask('GET', '/api/sync')).json())

  it('is named until the hub has committed it after all, and is not named any more then', async () => {
    refuse('schema')
    const found = await status()
    expect(found.refused).toMatchObject([{ epoch: 1, stream: 'drift', code: 'schema', count: 1, first: 2, last: 2 }])
    const { records } = fixture.context
    records.transaction(() => records.egress.markAcknowledged(1, 'drift', 3, fixture.clock.now()))
    expect((await status()).refused).toEqual([])
  })

  it('is sealed again on the word of a person, with a reason, and only where that helps', async () => {
    expect((await ask('POST', '/api/sync/reseal', { reason: 'nothing is wrong' })).statusCode).toBe(409)
    refuse('conflict')
    expect((await ask('POST', '/api/sync/reseal', { reason: 'why' })).statusCode).toBe(400)
    expect((await ask('POST', '/api/sync/reseal', {})).statusCode).toBe(400)
    const done = await ask('POST', '/api/sync/reseal', { reason: 'the disk was put back' })
    expect(syncResealed.parse(done.json())).toEqual({ epoch: 2, envelopes: 1 })
    const { refused, epochs } = await status()
    expect(refused).toEqual([])
    expect(epochs[0]).toMatchObject({ epoch: 2, reason: 'conflict' })
    expect((await ask('POST', '/api/sync/reseal', { reason: 'the disk was put back' })).statusCode).toBe(409)
  })

  it('is not sealed again where two logs have one name: no command makes one of them', async () => {
    const { records } = fixture.context
    records.transaction(() => records.egress.insertRefusal(1, 'audit', 9, 'audit-inconsistent', fixture.clock.now()))
    expect((await status()).refused).toMatchObject([{ stream: 'audit', code: 'audit-inconsistent' }])
    expect((await ask('POST', '/api/sync/reseal', { reason: 'the disk was put back' })).statusCode).toBe(409)
  })
})
