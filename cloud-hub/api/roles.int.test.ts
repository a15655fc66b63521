import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditEntries, type HubRole } from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialiseHub } from '../commands.ts'
import { holdTestCeremony } from '../testing/ceremony.ts'
import { HubProcess } from '../testing/hub-process.ts'
import { allRoutes } from './routes/index.ts'
import type { HubServices } from './services.ts'

/** The table of routes alone is read here; no handler runs on this. */
const ROUTES = allRoutes({} as unknown as HubServices).map(({ method, url, roles, own }) => ({
  method,
  url,
  roles,
  own: own === true,
}))
const PEOPLE: readonly HubRole[] = ['mlops', 'clinical-approver', 'technical-approver', 'auditor']

/** An address of the route that names nothing that exists. */
function addressOf(url: string): string {
  return url
    .replace(':approval', '00000000-0000-4000-8000-000000000000')
    .replace(':run', '00000000-0000-4000-8000-000000000000')
    .replace(':device', 'box-99')
    .replace(':name', 'no-such-model')
    .replace(':version', '9.9.9')
    .replace(':index', '0')
    .replace(':view', 'no-such-view')
    .replace(':hold', '99')
}

describe('every route, by role', () => {
  let folder: string
  let hub: HubProcess
  const cookies = new Map<HubRole, string>()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-roles-'))
    const { policy } = await holdTestCeremony(folder)
    const { accounts } = await initialiseHub({ folder, names: [], policy })
    hub = await HubProcess.start(folder)
    for (const { account, role, password } of accounts) {
      const answer = await hub.request('POST', '/api/session', { account, password }, { 'x-leadglass-page': '1' })
      cookies.set(role, (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '')
    }
  })
  afterAll(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const ask = (method: string, url: string, headers: Record<string, string>): Promise<Response> =>
    hub.request(method, addressOf(url), method === 'GET' ? undefined : {}, headers)

  it('has routes that change something, and lets an auditor only speak, confirm other people’s keys, and stop', () => {
    // What is a person's own, such as a saved view, changes nothing that another person sees.
    expect(ROUTES.filter((route) => route.own).every(({ url }) => url.startsWith('/api/audit/views'))).toBe(true)
    const changing = ROUTES.filter((route) => route.method !== 'GET' && !route.own)
    expect(changing.length).toBeGreaterThan(5)
    // 21 CFR 11.300(c) asks for people other than the owner; a recall carries its own signature and may wait for no role.
    expect(changing.filter((route) => route.roles.includes('auditor')).map(({ url }) => url)).toEqual([
      // Reads every file of the lake; a word of the log says who did.
      '/api/lake/verification',
      '/api/approvals/:approval/comments',
      '/api/recalls',
      '/api/signing-keys/:keyid/confirmation',
      '/api/signing-keys/:keyid/revocation',
    ])
  })

  it.each(ROUTES)('$method $url is closed to those who have not signed in', async ({ method, url }) => {
    expect((await ask(method, url, {})).status).toBe(401)
    expect((await ask(method, url, { cookie: 'leadglass-hub=AAAAAAAAAAAAAAAAAAAAAAAAAAAA' })).status).toBe(401)
  })

  it.each(ROUTES)('$method $url knows its roles', async ({ method, url, roles }) => {
    for (const role of PEOPLE) {
      const headers = { cookie: cookies.get(role) ?? '', 'x-leadglass-page': '1' }
      const { status } = await ask(method, url, headers)
      if (roles.includes(role)) expect([role, [200, 400, 404, 409].includes(status)]).toEqual([role, true])
      else expect([role, status]).toEqual([role, 403])
    }
  })

  it.each(ROUTES.filter((route) => route.method !== 'GET' && route.roles.some((role) => role !== 'operator')))(
    '$method $url takes no cookie from a page that is not the hub’s',
    async ({ method, url, roles }) => {
      const role = PEOPLE.find((one) => roles.includes(one)) ?? 'mlops'
      const answer = await ask(method, url, { cookie: cookies.get(role) ?? '' })
      expect(answer.status).toBe(403)
      expect(await answer.json()).toMatchObject({ error: { code: 'foreign-page' } })
    },
  )

  it('writes refusals of known people into the log', async () => {
    await ask('POST', '/api/models/import', { cookie: cookies.get('auditor') ?? '', 'x-leadglass-page': '1' })
    const { entries } = auditEntries.parse(await hub.get('/api/audit/entries?limit=1'))
    expect(entries[0]?.event).toMatchObject({ event: 'access.refused', actor: { kind: 'person', id: 'auditor' } })
  })

  it('answers under no foreign name', async () => {
    const { request } = await import('node:http')
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(
        { host: '127.0.0.1', port: hub.http, path: '/api/health', headers: { host: 'evil.example' } },
        (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        },
      )
        .once('error', reject)
        .end()
    })
    expect(status).toBe(421)
  })
})
