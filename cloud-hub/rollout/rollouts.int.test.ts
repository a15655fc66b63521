import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModelReference, ReportedDocument } from '@leadglass/sync-agent/contract'
import { ManualClock, silentLogger, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DesiredBook, type ReportedRow } from '../fleet/index.ts'
import { openHubDatabase } from '../storage/index.ts'
import { placeTestHub } from '../testing/databases.ts'
import { defaultRings, type MayRollOut, RolloutBook, Rollouts, SiteFactReader, stopRules } from './index.ts'

const MODEL: ModelReference = { name: 'chest-radiograph', version: '1.1.0', digest: 'ab'.repeat(32) }
const OLD: ModelReference = { name: 'chest-radiograph', version: '1.0.0', digest: 'cd'.repeat(32) }
const HOUR = 3_600_000
const SITES = Array.from({ length: 100 }, (_, at) => `site-${String(at).padStart(3, '0')}`)
const RULES = stopRules.parse({ soakHours: 1 })

/** What each simulated device would report: it uses what its own desired document assigns, and nothing else. */
class Fleet {
  readonly #desired: DesiredBook
  readonly #clock: ManualClock
  readonly broken = new Set<string>()
  readonly silent = new Set<string>()

  constructor(database: Database.Database, desired: DesiredBook, clock: ManualClock) {
    this.#desired = desired
    this.#clock = clock
    const enrol = database.prepare(`INSERT INTO device (device, enrolled_at, certificate_serial, certificate_not_after)
      VALUES (?, ?, ?, ?)`)
    for (const device of SITES)
      enrol.run(device, toIsoInstant(clock.now()), device, toIsoInstant(clock.now() + 365 * 24 * HOUR))
  }

  assignedTo(device: string): ModelReference {
    return this.#desired.current(device)?.document.sections.assignments?.[0] ?? OLD
  }

  read(device: string): ReportedRow {
    const model = this.assignedTo(device)
    const isBroken = this.broken.has(device) && model.digest === MODEL.digest
    const document: ReportedDocument = {
      software: { version: '1.0.0' },
      desired: null,
      settings: { version: 0, digest: null },
      models: [{ model: isBroken ? OLD : model }],
      activations: isBroken ? [{ model: MODEL, state: 'quarantined', attempts: 3 }] : [],
      hubMayDecide: ['assignments'],
    }
    const at = this.silent.has(device) ? 0 : this.#clock.now()
    return { version: 1, chain: '', document, at: toIsoInstant(at), resync: 0, refusal: null }
  }

  users(): number {
    return SITES.filter((device) => this.read(device).document?.models[0]?.model.digest === MODEL.digest).length
  }
}

let folder: string
let database: Database.Database
let clock: ManualClock
let fleet: Fleet
let told: string[]
let codes: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-rollout-'))
  placeTestHub(folder)
  database = openHubDatabase(folder)
  clock = new ManualClock(Date.UTC(2026, 10, 22))
  fleet = new Fleet(database, new DesiredBook(database, clock), clock)
  told = []
  codes = []
})
afterEach(async () => {
  database.close()
  await rm(folder, { recursive: true, force: true })
})

/** The service as after a start of the hub. */
function rollouts(may: MayRollOut = 'yes'): Rollouts {
  return new Rollouts({
    book: new RolloutBook(database),
    facts: new SiteFactReader(database, fleet),
    desired: new DesiredBook(database, clock),
    enrolled: () => SITES,
    mayRollOut: async () => may,
    tell: (device) => told.push(device),
    audit: { record: (event) => void codes.push(...(event.codes ?? [])) },
    clock,
    logger: silentLogger,
  })
}

const PLAN = { rings: defaultRings(SITES, ['site-042']), rules: RULES }

/** Hours of looks, each with a hub that was started anew. */
function hours(count: number): void {
  for (let hour = 0; hour < count; hour += 1) {
    clock.advance(HOUR)
    rollouts().look()
  }
}

describe('a rollout to a hundred sites', () => {
  it('goes from the canary to a tenth to all, through restarts of the hub', async () => {
    expect(PLAN.rings.map((ring) => ring.length)).toEqual([1, 10, 89])
    const { row } = await rollouts().begin(MODEL, PLAN, 'mlops-1')
    expect(fleet.users()).toBe(1)
    hours(2)
    expect(fleet.users()).toBe(11)
    hours(2)
    expect(fleet.users()).toBe(100)
    hours(2)
    expect(rollouts().find(row.id).row.state).toBe('finished')
    expect(new Set(told).size).toBe(100)
  })

  it('stops at the ring in which a site takes the version back; the others keep what they have', async () => {
    const { row } = await rollouts().begin(MODEL, PLAN, 'mlops-1')
    const [second = ''] = PLAN.rings[1] ?? []
    fleet.broken.add(second)
    hours(10)
    const { row: after, history } = rollouts().find(row.id)
    expect(after).toMatchObject({ state: 'halted', ring: 1, reason: 'taken back or stopped at 1 site(s)' })
    expect(history.map(({ what }) => what)).toEqual(['halted', 'ring-2', 'begun'])
    expect(fleet.users()).toBe(10)
    expect(codes).toContain('halted')
  })

  it('holds the sites of later rings at what they use, from the first look on', async () => {
    await rollouts().begin(MODEL, PLAN, 'mlops-1')
    const wanted = new DesiredBook(database, clock)
    const of = (device: string) => wanted.current(device)?.document.sections.assignments
    expect(of('site-042')).toEqual([MODEL])
    expect(
      SITES.filter((device) => device !== 'site-042').every((device) => of(device)?.[0]?.digest === OLD.digest),
    ).toBe(true)
  })

  it('may begin while approvers look at the version, so that nobody takes it before their turn', async () => {
    await rollouts('on-its-way').begin(MODEL, PLAN, 'mlops-1')
    const wanted = new DesiredBook(database, clock)
    const digests = SITES.map((device) => wanted.current(device)?.document.sections.assignments?.[0]?.digest)
    expect(digests.filter((digest) => digest === MODEL.digest)).toHaveLength(1)
    expect(digests.filter((digest) => digest === OLD.digest)).toHaveLength(SITES.length - 1)
  })

  it('stops for a drift alert of its version at one of its sites, and for no other', async () => {
    const raise =
      database.prepare(`INSERT INTO drift_alert (alert, device, model, version, digest, feature, month, verdict,
      raised_at, settled_at) VALUES (?, ?, ?, ?, ?, 'score.pneumonia', '2026-11', 'major', ?, ?)`)
    const { row } = await rollouts().begin(MODEL, { ...PLAN, rules: { ...RULES, soakHours: 100 } }, 'mlops-1')
    clock.advance(HOUR)
    const now = toIsoInstant(clock.now())
    raise.run('of another version', 'site-042', OLD.name, OLD.version, OLD.digest, now, null)
    raise.run('of another site', 'site-001', MODEL.name, MODEL.version, MODEL.digest, now, null)
    rollouts().look()
    expect(rollouts().find(row.id).row.state).toBe('running')
    raise.run('of this one', 'site-042', MODEL.name, MODEL.version, MODEL.digest, now, null)
    rollouts().look()
    expect(rollouts().find(row.id).row).toMatchObject({ state: 'halted', reason: '1 drift alarm(s)' })
  })

  it('stops when a site of the ring falls silent', async () => {
    const { row } = await rollouts().begin(MODEL, { ...PLAN, rules: { ...RULES, soakHours: 100 } }, 'mlops-1')
    fleet.silent.add('site-042')
    hours(80)
    expect(rollouts().find(row.id).row.reason).toContain('no report within 72 h')
  })

  it('assigns nothing while it is paused, and goes on after', async () => {
    const { row } = await rollouts().begin(MODEL, PLAN, 'mlops-1')
    rollouts().command(row.id, { kind: 'pause', reason: 'a weekend' }, 'mlops-1')
    hours(10)
    expect(fleet.users()).toBe(1)
    rollouts().command(row.id, { kind: 'resume', reason: 'monday' }, 'mlops-1')
    hours(2)
    expect(fleet.users()).toBe(11)
    expect(() => rollouts().command(row.id, { kind: 'resume', reason: 'again' }, 'mlops-1')).toThrow(/cannot do that/)
  })

  it('refuses a second rollout of the model, an unknown site, and what devices would not take', async () => {
    await rollouts().begin(MODEL, PLAN, 'mlops-1')
    await expect(rollouts().begin(MODEL, PLAN, 'mlops-1')).rejects.toMatchObject({ code: 'rollout-open' })
    const stranger = { ...PLAN, rings: [['nowhere']] }
    await expect(rollouts().begin(MODEL, stranger, 'mlops-1')).rejects.toMatchObject({ code: 'rollout-no-sites' })
    const twice = { ...PLAN, rings: [['site-001'], ['site-001']] }
    await expect(rollouts().begin(MODEL, twice, 'mlops-1')).rejects.toMatchObject({ code: 'rollout-no-sites' })
    for (const may of ['recalled', 'not-published'] as const) {
      const code = may === 'recalled' ? 'version-recalled' : 'version-not-published'
      await expect(rollouts(may).begin(MODEL, PLAN, 'mlops-1')).rejects.toMatchObject({ code })
    }
  })
})
