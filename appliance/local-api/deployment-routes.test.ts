import { deploymentList, deviceStatus, failure } from '@leadglass/ui/contract/local-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN } from '../testing/local-api-fixture.ts'

const DIGESTS = { '1.0.0': 'a'.repeat(64), '2.0.0': 'b'.repeat(64), '3.0.0': 'c'.repeat(64) } as const

describe('versions on trial over the interface', () => {
  let fixture: LocalApiFixture
  beforeEach(async () => {
    fixture = await localApiFixture()
    const { records } = fixture.context
    records.transaction(() => {
      for (const [version, digest] of Object.entries(DIGESTS)) {
        const state = version === '1.0.0' ? 'active' : 'staged'
        const row = {
          digest,
          name: 'chest',
          version,
          releaseCounter: 1,
          message: null,
          approvals: '[]',
          statement: '{}',
        }
        records.models.put({ ...row, state, changedAt: 0 })
        if (version !== '3.0.0') records.deployments.admit(digest, 0)
      }
    })
  })
  afterEach(() => fixture.dispose())

  const ask = async (method: 'GET' | 'POST', url: string, payload?: object, cookie?: string) =>
    fixture.server.inject({
      method,
      url,
      headers: cookie === undefined ? { authorization: `Bearer ${OPERATOR_TOKEN}` } : { cookie },
      ...(payload === undefined ? {} : { payload }),
    })

  /** The code of a refusal. */
  const codeOf = (answer: { json(): unknown }): string => failure.parse(answer.json()).error.code

  /** A candidate as the desk would have written it, had its package been on disk. */
  function trial(permille: number): number {
    const { records } = fixture.context
    const slots = JSON.stringify([{ from: 0, to: permille }])
    const rails = JSON.stringify({ minimumRuns: 1, maximumErrorPermille: 0 })
    const row = { name: 'chest', version: '2.0.0', digest: DIGESTS['2.0.0'], championDigest: DIGESTS['1.0.0'] }
    records.deployments.insertCandidate({ ...row, role: 'canary', slots, guardrails: rails }, 'operator', 0)
    return records.deployments.running('chest')[0]?.candidateId ?? 0
  }

  it('lists what is in use, what is ready, and only what was verified here', async () => {
    const list = deploymentList.parse((await ask('GET', '/api/deployments')).json())
    expect(list.models).toEqual([
      { name: 'chest', champion: '1.0.0', ready: ['2.0.0'], newVersions: 'activate', championPermille: 1000 },
    ])
    expect(list).toMatchObject({ candidates: [], alarms: 0, history: [] })
  })

  it('changes nothing for anybody but a site administrator', async () => {
    const body = { name: 'chest', newVersions: 'stage' }
    for (const account of ['tech', 'reader']) {
      const cookie = await fixture.signIn(account)
      expect((await ask('POST', '/api/deployments/new-versions', body, cookie)).statusCode).toBe(403)
      expect(
        (await ask('POST', '/api/deployments/promote', { name: 'chest', version: '2.0.0' }, cookie)).statusCode,
      ).toBe(403)
    }
    const cookie = await fixture.signIn('admin')
    const answer = await ask('POST', '/api/deployments/new-versions', body, cookie)
    expect(deploymentList.parse(answer.json()).models[0]?.newVersions).toBe('stage')
  })

  it('refuses what is unknown, not verified, damaged on disk or without sense', async () => {
    const start = (version: string, role: string, permille: number, guardrails = {}) =>
      ask('POST', '/api/deployments', { name: 'chest', version, role, permille, guardrails })
    expect((await start('9.0.0', 'canary', 10)).statusCode).toBe(404)
    expect(codeOf(await start('3.0.0', 'canary', 10))).toBe('version-not-approved')
    expect(codeOf(await start('2.0.0', 'canary', 10))).toBe('package-damaged')
    expect(codeOf(await start('2.0.0', 'shadow', 10))).toBe('share-not-apt')
    expect((await start('2.0.0', 'canary', 10, { minimumRuns: 0 })).statusCode).toBe(400)
    expect((await start('2.0.0', 'canary', 10, { unknown: 1 })).statusCode).toBe(400)
    const unknown = await ask('POST', '/api/deployments/end', { name: 'chest', version: '2.0.0' })
    expect(codeOf(unknown)).toBe('version-not-running')
  })

  it('shows shares and figures, and an alarm from the stop until a person ends it', async () => {
    const candidateId = trial(250)
    const shared = await ask('POST', '/api/deployments/share', { name: 'chest', version: '2.0.0', permille: 300 })
    const list = deploymentList.parse(shared.json())
    expect(list.models[0]?.championPermille).toBe(700)
    expect(list.candidates[0]).toMatchObject({ permille: 300, state: 'running', verdict: 'gathering' })
    expect(list.history[0]).toMatchObject({
      cause: 'share',
      beside: [{ version: '2.0.0', role: 'canary', permille: 300 }],
    })
    const { records, deployments } = fixture.context
    records.transaction(() => {
      const failed = { measure: 'run-candidate', code: '', bin: 1, count: 1 } as const
      ;(deployments.counter as unknown as { add(id: number, tallies: readonly object[], leaves: boolean): void }).add(
        candidateId,
        [failed],
        true,
      )
    })
    const stopped = deploymentList.parse((await ask('GET', '/api/deployments')).json())
    expect(stopped).toMatchObject({ alarms: 1, candidates: [{ state: 'stopped', permille: 0, verdict: 'broken' }] })
    expect(stopped.models[0]?.championPermille).toBe(1000)
    const device = deviceStatus.parse((await ask('GET', '/api/device')).json())
    expect(device.deploymentAlarms).toEqual([{ name: 'chest', version: '2.0.0', reason: 'error-rate 1 (limit 0)' }])
    await ask('POST', '/api/deployments/end', { name: 'chest', version: '2.0.0' })
    expect(deploymentList.parse((await ask('GET', '/api/deployments')).json()).alarms).toBe(0)
    const events = fixture.events().map(({ event, outcome }) => `${event} ${outcome}`)
    expect(events).toEqual(expect.arrayContaining(['deployment.changed success', 'deployment.stopped failure']))
  })
})
