import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@leadglass/sync-agent/foundation'
import {
  auditFeedList,
  auditMatches,
  auditRetention,
  driftAlertList,
  savedViewList,
} from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolDevice, initialiseHub } from '../commands.ts'
import { hubLayout } from '../hub-folder.ts'
import { CertificateAuthority, Enrolment } from '../ingest/index.ts'
import { openHubDatabase } from '../storage/index.ts'
import { HubProcess } from '../testing/hub-process.ts'
import { HUB_ROUTES } from '../testing/route-audit.ts'
import { allRoutes } from './routes/index.ts'
import type { HubServices } from './services.ts'

describe('the hub and its log', () => {
  let folder: string
  let hub: HubProcess
  let auditor: Record<string, string>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-walk-'))
    const accounts = [{ account: 'auditor', role: 'auditor', password: 'a password of the test' }] as const
    await initialiseHub({ folder, names: [], accounts })
    hub = await HubProcess.start(folder)
    const { account, password } = accounts[0]
    const page = { 'x-leadglass-page': '1' }
    const answer = await hub.request('POST', '/api/session', { account, password }, page)
    auditor = { ...page, cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '' }
  })
  afterAll(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** Words in the log since `from`, but for the reads of this test itself. */
  const wordsAfter = async (from: number): Promise<string[]> => {
    const { entries } = (await hub.get(`/api/audit/entries?from=${from}`)) as {
      entries: { event: { event: string } }[]
    }
    return entries.map((entry) => entry.event.event)
  }
  const size = async (): Promise<number> => ((await hub.get('/api/audit/checkpoint')) as { size: number }).size
  /** As the gate does when a device shows in two places. */
  const hold = (device: string): void => {
    const database = openHubDatabase(folder)
    const authority = new CertificateAuthority(hubLayout(folder).authority, systemClock)
    expect(new Enrolment(database, authority, systemClock).hold(device, 'boot.twice')).toBe(true)
    database.close()
  }
  const act = async (method: string, url: string, body?: unknown, headers?: Record<string, string>) => {
    const from = await size()
    const answer = await hub.request(method, url, body, headers)
    await answer.clone().arrayBuffer()
    return { answer, status: answer.status, words: await wordsAfter(from) }
  }

  it('has a row for every route, and a leaf for every route that changes something', () => {
    const routes = allRoutes({} as unknown as HubServices).map(({ method, url }) => `${method} ${url}`)
    const own = ['GET /api/health', 'POST /api/session', 'GET /api/session', 'DELETE /api/session']
    const missing = [...routes, ...own].filter((route) => !(route in HUB_ROUTES))
    expect(missing).toEqual([])
    const silent = Object.entries(HUB_ROUTES).filter(
      ([route, audit]) => !route.startsWith('GET') && typeof audit === 'string',
    )
    expect(silent).toEqual([])
  })

  it.each([
    ['/api/audit/entries'],
    ['/api/audit/search?event=session&actor=auditor'],
    ['/api/audit/proof/0'],
    ['/api/audit/export'],
    ['/api/audit/archive?log=hub'],
    ['/api/audit/archive?log=hub&event=session'],
  ])('writes down that somebody read %s', async (url) => {
    const { status, words } = await act('GET', url, undefined, auditor)
    expect([status, words]).toEqual([200, ['log.read']])
  })

  it('searches, and saves the search for the auditor alone', async () => {
    const found = auditMatches.parse(await hub.get('/api/audit/search?event=session.opened'))
    expect(found.entries).toMatchObject([{ log: 'hub', event: { actor: { kind: 'person', id: 'auditor' } } }])
    const view = { name: 'sign-ins / all', query: { event: 'session' } }
    expect((await act('POST', '/api/audit/views', view, auditor)).words).toEqual(['setting.changed'])
    const mine = await hub.request('GET', '/api/audit/views', undefined, auditor)
    expect(savedViewList.parse(await mine.json()).views).toMatchObject([view])
    expect(savedViewList.parse(await hub.get('/api/audit/views')).views).toEqual([])
    const path = `/api/audit/views/${encodeURIComponent(view.name)}`
    expect((await act('DELETE', path, undefined, auditor)).words).toEqual(['setting.changed'])
    expect((await act('POST', '/api/audit/views', { name: 'x', query: { free: 'text' } }, auditor)).status).toBe(400)
    for (const bad of ['event=A%20B', 'after=x', 'limit=0', 'from=yesterday', 'log=../etc']) {
      expect((await act('GET', `/api/audit/search?${bad}`, undefined, auditor)).status, bad).toBe(400)
    }
  })

  it('writes down who may join, whose identity ends, and what is settled', async () => {
    expect((await act('POST', '/api/devices/box-07/invitation', { minutes: 10 })).words).toEqual(['device.invited'])
    await enrolDevice({ folder, device: 'box-07' })
    const renewed = await size()
    await enrolDevice({ folder, device: 'box-07' })
    expect(await wordsAfter(renewed)).toContain('device.renewed')
    expect((await act('POST', '/api/devices/box-07/release')).words).toEqual([])
    hold('box-07')
    expect((await act('POST', '/api/devices/box-07/release')).words).toEqual(['device.released'])
    expect((await act('POST', '/api/devices/box-07/revocation', { reason: 'stolen' })).words).toContain(
      'device.revoked',
    )
    const none = `/api/drift/alerts/${crypto.randomUUID()}/settle`
    expect(await act('POST', none, { reason: 'seen' })).toMatchObject({ status: 404, words: [] })
    expect((await act('POST', none, { reason: 'seen' }, auditor)).words).toEqual(['access.refused'])
    expect(auditFeedList.parse(await hub.get('/api/audit/feeds')).feeds).toEqual([])
    expect(driftAlertList.parse(await hub.get('/api/drift/alerts')).alerts).toEqual([])
  })

  it('writes down that somebody changed a password, also when it was not taken', async () => {
    const change = (password: string) =>
      act('POST', '/api/session/password', { password, newPassword: 'another password of the test' }, auditor)
    expect(await change('not the password')).toMatchObject({ status: 401, words: ['password.changed'] })
    expect(await change('a password of the test')).toMatchObject({ status: 200, words: ['password.changed'] })
  })

  it('places and lifts holds, and prunes nothing that is young', async () => {
    const placed = await act('POST', '/api/audit/holds', { log: 'hub', year: null, reason: 'a claim' })
    expect(placed.words).toEqual(['hold.placed'])
    const shown = auditRetention.parse(await hub.get('/api/audit/retention'))
    expect(shown).toMatchObject({
      years: 7,
      epochs: [{ state: 'kept' }],
      holds: [{ reason: 'a claim', liftedAt: null }],
    })
    expect((await act('POST', '/api/audit/holds/1/lift')).words).toEqual(['hold.lifted'])
    expect((await act('POST', '/api/audit/holds/1/lift')).status).toBe(404)
    const pruned = await act('POST', '/api/audit/prune')
    expect([pruned.status, await pruned.answer.json()]).toEqual([200, { pruned: [] }])
    expect((await act('POST', '/api/audit/prune', {}, auditor)).words).toEqual(['access.refused'])
  })
})
