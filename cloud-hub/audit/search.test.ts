import type { AuditEventInput, AuditLog } from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { device } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { SavedViews } from './saved-views.ts'
import { type AuditCursor, type AuditQuery, searchStatement } from './search.ts'
import { AuditIndex, modelsOf } from './search-index.ts'

const STUDY = 'a'.repeat(32)
const BOX: DeviceId = device('box-01')
const DAY = 86_400_000

describe('search over all logs', () => {
  let core: HubCore
  let index: AuditIndex
  let site: AuditLog

  beforeEach(async () => {
    core = await createHubCore()
    site = core.mirror.mirror(BOX)
    index = new AuditIndex(core.database)
  })
  afterEach(() => core.close())

  const event = (change: Partial<AuditEventInput>): AuditEventInput => ({
    event: 'session.opened',
    actor: { kind: 'person', id: 'auditor' },
    subject: null,
    outcome: 'success',
    ...change,
  })

  const everything = (query: AuditQuery, limit = 7): string[] => {
    const seen: string[] = []
    let cursor: AuditCursor | null = null
    for (;;) {
      const page: ReturnType<AuditIndex['search']> = index.search(query, cursor, limit)
      seen.push(...page.entries.map((one) => `${one.origin} ${one.index}`))
      if (page.next === null) return seen
      cursor = page.next
    }
  }

  it('pages from the newest to the oldest without loss or double, through entries of the same second', () => {
    for (let place = 0; place < 120; place++) {
      if (place % 10 === 0) core.clock.advance(1000)
      ;(place % 2 === 0 ? core.audit.log : site).append(event({}))
    }
    const seen = everything({})
    expect(seen).toHaveLength(120)
    expect(new Set(seen).size).toBe(120)
    expect(everything({ origin: site.origin })).toEqual(
      Array.from({ length: 60 }, (_, at) => `${site.origin} ${59 - at}`),
    )
  })

  it('finds by who, what, when, site, study and model, each and together', () => {
    core.audit.record(event({ event: 'session.refused', outcome: 'refused' }))
    core.clock.advance(DAY)
    const noon = Math.floor(core.clock.now() / 1000)
    site.append(
      event({
        event: 'study.scored',
        actor: { kind: 'system', id: 'scoring' },
        subject: { kind: 'study', id: STUDY },
        codes: ['revision-1', 'model.chest-radiograph.v1-0-0'],
      }),
    )
    core.clock.advance(DAY)
    core.audit.record(event({ event: 'model.registered', subject: { kind: 'model', id: 'chest-radiograph@1.0.0' } }))
    expect(everything({ actor: 'auditor' })).toHaveLength(2)
    expect(everything({ event: 'session' })).toEqual(['leadglass/hub/audit 0'])
    expect(everything({ event: 'session.opened' })).toEqual([])
    expect(everything({ from: noon - 10, until: noon + 10 })).toEqual([`${site.origin} 0`])
    expect(everything({ origin: site.origin })).toEqual([`${site.origin} 0`])
    expect(everything({ subject: STUDY })).toEqual([`${site.origin} 0`])
    expect(everything({ model: 'chest-radiograph' })).toEqual(['leadglass/hub/audit 1', `${site.origin} 0`])
    expect(everything({ model: 'chest-radiograph', event: 'study.scored', subject: STUDY })).toHaveLength(1)
    expect(everything({ outcome: 'refused', actor: 'auditor' })).toEqual(['leadglass/hub/audit 0'])
    expect(everything({ actor: 'somebody' })).toEqual([])
  })

  it('says how much it has not taken yet, and goes on over what it cannot read', () => {
    site.appendLeaf(Buffer.from('not an event'))
    for (let place = 0; place < 30; place++) site.append(event({}))
    expect(index.follow(11)).toBe(20)
    expect(index.follow(5)).toBe(15)
    expect(everything({ origin: site.origin })).toHaveLength(30)
    expect(index.follow(100)).toBe(0)
  })

  it('reads models from subjects and codes', () => {
    const base = {
      schema: 'leadglass.audit-event/1',
      at: '',
      actor: { kind: 'system', id: 'x' },
      outcome: 'success',
    } as const
    expect(
      modelsOf({ ...base, event: 'a', subject: { kind: 'release', id: 'liver@1.0.0' }, codes: ['model.spleen.v1'] }),
    ).toEqual(['spleen', 'liver'])
    expect(modelsOf({ ...base, event: 'a', subject: null, codes: ['remodel.x'] })).toEqual([])
  })

  it('walks an index for every question, and sorts nothing', () => {
    const members: AuditQuery = {
      subject: STUDY,
      model: 'liver',
      actor: 'auditor',
      event: 'session.opened',
      origin: site.origin,
      outcome: 'refused',
    }
    const names = Object.keys(members) as (keyof AuditQuery)[]
    for (let choice = 0; choice < 2 ** names.length; choice++) {
      const query = Object.fromEntries(
        names.filter((_, bit) => choice & (1 << bit)).map((name) => [name, members[name]]),
      )
      for (const one of [query, { ...query, ...('event' in query ? { event: 'session' } : {}) }]) {
        const { sql, values } = searchStatement(one, { at: 5, entry: 5 }, 10)
        const plan = core.database
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all(...values)
          .map((row) => (row as { readonly detail: string }).detail)
          .join('\n')
        expect(plan, JSON.stringify(one)).not.toMatch(/TEMP B-TREE|SCAN (e|m|l)\b/)
        expect(plan, JSON.stringify(one)).toMatch(/SEARCH (e|m) USING (COVERING )?(INDEX|PRIMARY KEY)/)
      }
    }
  })

  it('keeps views by person, replaces by name, and says so in the log', () => {
    const views = new SavedViews(core.database, core.audit, core.clock)
    expect(views.save('auditor', 'refusals', '{"outcome":"refused"}')).toBe(true)
    expect(views.save('auditor', 'refusals', '{"outcome":"failure"}')).toBe(true)
    expect(views.list('auditor')).toMatchObject([{ name: 'refusals', query: '{"outcome":"failure"}' }])
    expect(views.list('mlops')).toEqual([])
    expect(views.remove('mlops', 'refusals')).toBe(false)
    expect(views.remove('auditor', 'refusals')).toBe(true)
    for (let place = 0; place < 100; place++) expect(views.save('auditor', `view ${place}`, '{}')).toBe(true)
    expect(views.save('auditor', 'one more', '{}')).toBe(false)
    expect(everything({ event: 'setting.changed' }, 500)).toHaveLength(103)
  })
})
