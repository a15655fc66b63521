import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AUDIT_EVENT_CODES } from '@leadglass/sync-agent/audit-log'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { arrivalOf } from '../testing/arrivals.ts'
import { type LocalApiFixture, localApiFixture, OPERATOR_TOKEN } from '../testing/local-api-fixture.ts'
import { LOCAL_ROUTES } from '../testing/route-audit.ts'
import { LISTS_OF_STUDIES } from './list-reads.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')

/** Program text of folders of the repository, without tests and what only they use. */
function programs(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.ts$/.test(path) && !/\.test\.ts$|(^|\/)(testing|node_modules|fault|bench)\//.test(path))
      .filter((path) => !path.startsWith('audit-log/event'))
      .map((path) => readFileSync(join(REPOSITORY, folder, path), 'utf8')),
  )
}

describe('the local interface and its log', () => {
  const routes = new Set<string>()
  let fixture: LocalApiFixture
  const watch = (message: unknown): void => {
    const { fastify } = message as { readonly fastify: FastifyInstance }
    fastify.addHook('onRoute', ({ method, url }: RouteOptions) => {
      for (const one of [method].flat()) if (one !== 'HEAD') routes.add(`${one} ${url}`)
    })
  }

  beforeEach(async () => {
    subscribe('fastify.initialization', watch)
    fixture = await localApiFixture()
    unsubscribe('fastify.initialization', watch)
  })
  afterEach(() => fixture.dispose())

  const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object): Promise<[number, string[]]> => {
    const before = fixture.events().length
    const authorization = `Bearer ${OPERATOR_TOKEN}`
    const more = payload === undefined ? {} : { payload }
    const { statusCode } = await fixture.server.inject({ method, url, headers: { authorization }, ...more })
    const events = fixture.events().slice(before)
    return [statusCode, events.map((event) => event.event)]
  }

  it('has a row for every route, and no row without its route', () => {
    for (const text of programs('appliance/local-api')) {
      // Also those that a composition without their room leaves out.
      for (const [, method = '', url] of text.matchAll(/server\.(get|post|delete)(?:<[^(]*>)?\(\s*'([^']+)'/g)) {
        routes.add(`${method.toUpperCase()} ${url}`)
      }
    }
    expect([...routes].filter((route) => /^\w+ \/api\//.test(route)).sort()).toEqual(Object.keys(LOCAL_ROUTES).sort())
  })

  it('lets no route that changes something go without a leaf, but for those that only say what would be', () => {
    const silent = Object.entries(LOCAL_ROUTES).filter(
      ([route, audit]) => !/^GET/.test(route) && typeof audit === 'string',
    )
    expect(silent.map(([route]) => route)).toEqual([
      'POST /api/sync/epochs/:epoch/statement',
      'POST /api/rules/validate',
      'POST /api/rules/simulate',
      'POST /api/settings/plan',
    ])
    const lists = Object.keys(LISTS_OF_STUDIES).map((url) => `GET ${url}`)
    for (const route of lists) expect(LOCAL_ROUTES[route], route).toEqual(['study.listed'])
  })

  it.each(Object.keys(LISTS_OF_STUDIES).filter((url) => !url.includes(':')))(
    'writes down who reads %s, and not with every refresh',
    async (url) => {
      if (!routes.has(`GET ${url}`)) return
      expect(await ask('GET', url)).toEqual([200, ['study.listed']])
      expect(await ask('GET', url)).toEqual([200, []])
      fixture.clock.advance(5 * 60_000)
      expect(await ask('GET', url)).toEqual([200, ['study.listed']])
    },
  )

  it('writes down a study that is opened, a label, a hold, an export of the log, each time', async () => {
    const study = fixture.context.records.transaction(() => {
      const arrival = arrivalOf('1.2.3.4')
      fixture.context.records.intake.register(arrival)
      return arrival.header.kind === 'read' ? arrival.header.study.studyPseudonym : ''
    })
    for (const _ of [1, 2]) {
      expect(await ask('GET', `/api/studies/${study}`)).toEqual([200, ['study.read']])
      expect(await ask('GET', `/api/egress/studies/${study}`)).toEqual([200, ['study.read']])
      expect(await ask('GET', '/api/audit/export')).toEqual([200, ['log.read']])
    }
    const label = { finding: 'pneumonia', value: 'absent', blind: true }
    expect(await ask('POST', `/api/studies/${study}/label`, label)).toEqual([200, ['label.recorded']])
  })

  it('writes down sign-in, failure, sign-out and what a role may not do', async () => {
    const cookie = await fixture.signIn('tech')
    await fixture.signIn('tech', 'wrong').catch(() => undefined)
    await fixture.server.inject({ method: 'GET', url: '/api/audit/export', headers: { cookie } })
    await fixture.server.inject({ method: 'DELETE', url: '/api/session', headers: { cookie } })
    const words = fixture.events().map((event) => event.event)
    expect(words).toEqual(['session.opened', 'session.refused', 'access.refused', 'session.closed'])
  })
})

describe('the vocabulary of the log', () => {
  const texts = programs('appliance', 'cloud-hub', 'sync-agent', 'installer').join('\n')

  it('has no word that nothing records', () => {
    expect(AUDIT_EVENT_CODES.filter((word) => !texts.includes(`'${word}'`))).toEqual([])
  })

  it('is what the rows of the routes speak', () => {
    const words = Object.values(LOCAL_ROUTES).flatMap((audit) => (typeof audit === 'string' ? [] : audit))
    for (const word of words) expect(texts, word).toContain(`'${word}'`)
  })
})
