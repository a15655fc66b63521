import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { AuditLog, decodeEvent, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import {
  type DesiredDelivery,
  type DesiredSections,
  type DesiredSignature,
  type DeviceId,
  envelope,
  packDesired,
  type ReportedState,
  reportedChain,
  reportedStatement,
} from '@leadglass/sync-agent/contract'
import { DesiredStateFile } from '@leadglass/sync-agent/exchange'
import { digestOf, ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Activator, ModelLibrary } from '../activation/index.ts'
import { BackfillDesk } from '../backfill/index.ts'
import { deploymentFixture } from '../deployment/testing/room.ts'
import { AuditTrail, EgressDoor } from '../egress/index.ts'
import type { ModelRow } from '../records/index.ts'
import { RuleBook } from '../rules/index.ts'
import { activationSettings } from '../settings-activation.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { deskFixture } from '../testing/settings-fixture.ts'
import {
  type CommandDependencies,
  DesiredApplier,
  DesiredStateService,
  DesiredTrust,
  HUB_KEY_FILE,
  HubCommands,
  StateReporter,
} from './index.ts'
import { signingHub } from './testing/signing-hub.ts'

const DEVICE = 'test-box' as DeviceId
const ORIGIN = 'leadglass/test-box/audit'
const PACKAGE = resolve(import.meta.dirname, '..', '..', 'models', 'packages', 'chest-radiograph', '1.0.0')

let folder: string
let held: ReturnType<typeof temporaryRecords>
let clock: ManualClock
let key: KeyObject
let log: AuditLog
let site: ReturnType<typeof deskFixture>
let service: DesiredStateService
let desired: DesiredStateFile
let rules: RuleBook
let backfills: BackfillDesk
let library: ModelLibrary
/** What the acts of the hub met at the workers, which are not these tests' subject. */
let restarts: number
let isBusy: boolean
let isGolden: boolean

let activator: Activator

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-desired-'))
  held = temporaryRecords()
  restarts = 0
  isBusy = false
  isGolden = true
  clock = new ManualClock(Date.UTC(2026, 0, 5))
  key = generateKeyPairSync('ed25519').privateKey
  await writeSettings({ retention: { windowMinutes: 60 } })
  await compose()
})
afterEach(async () => {
  await site.file.stop()
  held.dispose()
  await rm(folder, { recursive: true, force: true })
})

async function writeSettings(settings: unknown): Promise<void> {
  await writeFile(join(folder, 'settings.json'), JSON.stringify(settings))
}

/** A pool as the acts see it. */
const workers: NonNullable<CommandDependencies['pool']> = {
  restart: async () => {
    if (!isBusy) restarts++
    return !isBusy
  },
  runGoldenCases: async () =>
    isGolden ? { kind: 'passed', cases: 1, maximumDeviation: 0 } : { kind: 'failed', reason: 'deviates', detail: '' },
}

/** The room over real records, settings, rules and models; calling it again is a restart. */
async function compose(): Promise<void> {
  const { records } = held
  const door = new EgressDoor({ records, device: DEVICE, clock })
  log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(records.database, ORIGIN), clock })
  const audit = new AuditTrail(log, door, records)
  site = deskFixture(join(folder, 'settings.json'), { records, audit, clock })
  await site.file.start()
  const settings = site.file.current
  rules = new RuleBook({ records, settings, audit, clock, onChanged: () => undefined })
  library = new ModelLibrary({
    records,
    modelsFolder: join(folder, 'models'),
    audit,
    clock,
    logger: silentLogger,
    onChange: () => undefined,
  })
  activator = new Activator({
    records,
    library,
    modelsFolder: join(folder, 'models'),
    pool: { runGoldenCases: async () => ({ kind: 'passed', cases: 1, maximumDeviation: 0 }) },
    shadow: { begin: async () => undefined, verdict: () => ({ kind: 'none' }), end: () => undefined },
    settings: () => activationSettings.parse({ shadowStudies: 0 }),
    audit,
    clock,
    logger: silentLogger,
  })
  const deployments = deploymentFixture({ records, library, audit, door, clock }).desk
  backfills = new BackfillDesk({
    records,
    library,
    siteZone: () => undefined,
    audit,
    clock,
    onChanged: () => undefined,
  })
  desired = new DesiredStateFile(join(folder, 'desired.json'))
  service = new DesiredStateService({
    file: desired,
    trust: new DesiredTrust(DEVICE, { trust: folder, trustState: join(folder, 'trust-state') }, async () => false),
    applier: new DesiredApplier({
      desk: site.desk,
      rules,
      deployments,
      activator,
      records,
      commands: new HubCommands({ backfills, pool: workers, packages: () => ['one-package'] }),
    }),
    reporter: new StateReporter({ device: DEVICE, key, records, door }),
    records,
    settings,
    softwareVersion: '1.0.0',
    audit,
    clock,
    logger: silentLogger,
  })
}

async function wish(
  version: number,
  sections: DesiredSections,
  options: { expiresAt?: string; resync?: number; signed?: (delivery: DesiredDelivery) => DesiredSignature } = {},
) {
  const { expiresAt = null, resync, signed } = options
  const document = packDesired({ schema: 'leadglass.desired-document/1', version, expiresAt, sections })
  await desired.write({
    schema: 'leadglass.desired-state/1',
    version: 1,
    timestampVersion: 0,
    repositoryPath: '/delivery',
    document: signed === undefined ? document : { ...document, signed: signed(document) },
    ...(resync === undefined ? {} : { resync }),
  })
}

/** Everything that was reported, verified as the hub verifies it. */
function reports(): ReportedState[] {
  const rows = held.records.database
    .prepare(`SELECT content FROM envelope WHERE stream = 'health' ORDER BY sequence`)
    .all() as { content: string }[]
  let state: Record<string, unknown> = {}
  return rows.map(({ content }) => {
    const { body } = envelope.parse(JSON.parse(content))
    if (body.kind !== 'reported-state') throw new Error('another body')
    state = { ...(body.full ? {} : state), ...body.changes }
    expect(body.chain).toBe(reportedChain(DEVICE, body.version, body.previous, state as never))
    const signature = Buffer.from(body.signature, 'base64')
    const statement = reportedStatement(DEVICE, body.version, body.chain)
    expect(verify(null, statement, createPublicKey(key), signature)).toBe(true)
    return body
  })
}

const lastDesired = () => reports().findLast(({ changes }) => changes.desired !== undefined)?.changes.desired

async function place(state: ModelRow['state'], isAdmitted: boolean): Promise<ModelRow> {
  const digest = digestOf(await readFile(join(PACKAGE, 'manifest.json')))
  await cp(PACKAGE, join(folder, 'models', digest), { recursive: true })
  const named = { name: 'chest-radiograph', version: '1.0.0', digest, releaseCounter: 1 }
  const row = { ...named, state, message: null, approvals: '[]', statement: '{}', changedAt: 0 }
  held.records.transaction(() => {
    held.records.models.put(row)
    if (isAdmitted) held.records.deployments.admit(digest, 0)
  })
  return row
}

describe('a desired state at the edge', () => {
  it('changes a schedule through the settings of the site, as a version of the hub, and reports each step signed', async () => {
    await service.look()
    await wish(1, { schedules: { 'retention.windowMinutes': 30 } })
    await service.look()
    expect(site.file.current().retention.windowMinutes).toBe(30)
    expect(site.file.version()).toMatchObject({ version: 2, author: 'hub' })
    expect(JSON.parse(await readFile(join(folder, 'settings.json'), 'utf8'))).toEqual({
      retention: { windowMinutes: 30 },
    })
    const told = reports()
    expect(told.map(({ version, full, changes }) => [version, full, changes.desired?.state])).toEqual([
      [1, true, undefined],
      [2, false, 'delivered'],
      [3, false, 'applied'],
    ])
    expect(told[2]?.changes).toMatchObject({ settings: { version: 2 }, desired: { version: 1 } })
    await service.look()
    expect(reports()).toHaveLength(3)
    const events = Array.from({ length: log.size }, (_, at) => decodeEvent(log.leaf(at) ?? Buffer.alloc(0)))
    expect(events.filter((one) => one?.actor.id === 'hub').map((one) => [one?.event, one?.outcome])).toEqual([
      ['setting.changed', 'success'],
      ['setting.changed', 'success'],
    ])
  })

  it('touches nothing that the site keeps to itself, and says so', async () => {
    await wish(1, { schedules: { 'retention.windowMinutes': 30 }, deidentification: { profile: 'basic' } })
    await service.look()
    expect(lastDesired()).toMatchObject({
      state: 'rejected',
      parts: [
        { section: 'schedules', state: 'applied', reason: null },
        { section: 'deidentification', state: 'local', reason: 'decided-at-site' },
      ],
    })
    expect(site.file.current().deidentification.profile).toBe('research')
  })

  it('is rejected where the settings do not allow it, with the reason', async () => {
    await wish(1, { schedules: { 'retention.schedule': 'every full moon' } })
    await service.look()
    expect(lastDesired()).toMatchObject({ state: 'rejected', parts: [{ reason: 'settings-invalid' }] })
    expect(site.file.current().retention.windowMinutes).toBe(60)
  })

  it('gives rules, thresholds and a profile where the site lets the hub decide them', async () => {
    const hubMayDecide = ['rules', 'thresholds', 'deidentification']
    await writeSettings({ hubMayDecide })
    await site.file.look()
    await wish(1, { rules: { not: 'rules' }, thresholds: { 'pressure.softWaitingSeconds': 60 } })
    await service.look()
    expect(lastDesired()?.parts).toEqual([
      { section: 'rules', state: 'rejected', reason: 'rules-invalid' },
      { section: 'thresholds', state: 'applied', reason: null },
    ])
    expect(site.file.current().pressure.softWaitingSeconds).toBe(60)
    expect(rules.active()).toBeNull()
  })

  it('chooses among releases that were verified here, waits for one that is on its way, and holds the choice', async () => {
    const digest = digestOf(await readFile(join(PACKAGE, 'manifest.json')))
    const assignments = [{ name: 'chest-radiograph', version: '1.0.0', digest }]
    await wish(1, { assignments })
    await service.look()
    expect(lastDesired()).toMatchObject({
      state: 'delivered',
      parts: [{ state: 'waiting', reason: 'release-not-here' }],
    })
    await place('staged', false)
    await service.look()
    expect(lastDesired()?.parts[0]?.reason).toBe('release-not-verified')
    await place('staged', true)
    await service.look()
    expect(lastDesired()?.parts[0]?.reason).toBe('release-on-its-way')
    await activator.tick()
    await service.look()
    expect(lastDesired()).toMatchObject({ state: 'applied' })
    expect(held.records.models.active().map((row) => row.digest)).toEqual([digest])
    expect(held.records.deployments.newVersions('chest-radiograph')).toBe('stage')
    const told = reports().findLast(({ changes }) => changes.models !== undefined)
    expect(told?.changes.models).toEqual([{ model: assignments[0] }])
  })

  it('cannot bring back a release that was refused here', async () => {
    const { name, version, digest } = await place('refused', true)
    await wish(1, { assignments: [{ name, version, digest }] })
    await service.look()
    expect(lastDesired()).toMatchObject({ state: 'rejected', parts: [{ reason: 'release-refused' }] })
    expect(held.records.models.active()).toEqual([])
  })

  it('is not applied after its end, nor after a newer one, nor when it was changed on the way', async () => {
    await wish(5, { schedules: { 'retention.windowMinutes': 10 } }, { expiresAt: '2026-01-04T00:00:00.000Z' })
    await service.look()
    expect(lastDesired()).toMatchObject({ version: 5, state: 'expired' })
    await wish(4, { schedules: { 'retention.windowMinutes': 11 } })
    await service.look()
    expect(lastDesired()?.version).toBe(5)
    const document = packDesired({
      schema: 'leadglass.desired-document/1',
      version: 6,
      expiresAt: null,
      sections: { schedules: { 'retention.windowMinutes': 12 } },
    })
    const text = document.text.map((piece) => piece.replace('12', '13'))
    const around = {
      schema: 'leadglass.desired-state/1',
      version: 1,
      timestampVersion: 0,
      repositoryPath: '/',
    } as const
    await desired.write({ ...around, document: { ...document, text } })
    await service.look()
    expect(lastDesired()?.version).toBe(5)
    expect(site.file.current().retention.windowMinutes).toBe(60)
  })

  it('goes on where it was after a restart, and reports the whole state when it is asked', async () => {
    const digest = 'cd'.repeat(32)
    await wish(1, { assignments: [{ name: 'chest-radiograph', version: '9.0.0', digest }] })
    await service.look()
    await site.file.stop()
    await compose()
    await service.look()
    expect(held.records.desired.desired()).toMatchObject({ state: 'delivered' })
    const before = reports().length
    await wish(1, {}, { resync: 40 })
    await service.look()
    await service.look()
    const told = reports()
    expect(told).toHaveLength(before + 1)
    expect(told.at(-1)).toMatchObject({ version: 40, full: true, changes: { desired: { state: 'delivered' } } })
  })
})

describe('a box that has pinned the key of its hub', () => {
  const events = () =>
    Array.from({ length: log.size }, (_, at) => decodeEvent(log.leaf(at) ?? Buffer.alloc(0))).map(
      (one) => `${one?.event} ${one?.codes.join(' ')}`,
    )
  const minutes = () => site.file.current().retention.windowMinutes
  const at = (value: number): DesiredSections => ({ schedules: { 'retention.windowMinutes': value } })

  it('takes what the hub signed, and nothing else: each refusal has its code, its leaf, and changes nothing', async () => {
    const hub = signingHub(DEVICE)
    await writeFile(join(folder, HUB_KEY_FILE), JSON.stringify(hub.first))
    await mkdir(join(folder, 'trust-state'))
    await wish(1, at(31))
    await service.look()
    expect(service.refused).toMatchObject({ version: 1, code: 'desired-unsigned' })
    await wish(2, at(32), { signed: signingHub(DEVICE).signer() })
    await service.look()
    expect(service.refused?.code).toBe('desired-signature')
    expect(held.records.desired.desired()).toBeUndefined()
    await wish(3, at(33), { signed: hub.signer() })
    await service.look()
    expect([minutes(), service.refused]).toEqual([33, null])
    await wish(2, at(32), { signed: hub.signer() })
    await service.look()
    await service.look()
    expect([minutes(), service.refused?.code]).toEqual([33, 'desired-older'])
    await wish(3, at(34), { signed: hub.signer() })
    await service.look()
    expect([minutes(), service.refused?.code]).toEqual([33, 'desired-conflict'])
    expect(events().filter((one) => one.startsWith('desired.refused'))).toEqual([
      'desired.refused desired-1 desired-unsigned',
      'desired.refused desired-2 desired-signature',
      'desired.refused desired-2 desired-older',
      'desired.refused desired-3 desired-conflict',
    ])
  })

  it('follows a rotation that the key before vouches for, over a restart, and never goes back', async () => {
    const hub = signingHub(DEVICE)
    await writeFile(join(folder, HUB_KEY_FILE), JSON.stringify(hub.first))
    await mkdir(join(folder, 'trust-state'))
    const old = hub.signer()
    hub.rotate()
    hub.rotate()
    await wish(1, at(31), { signed: hub.signer() })
    await service.look()
    expect(minutes()).toBe(31)
    expect(events()).toContain('trust.pinned rotated desired-key-3')
    await site.file.stop()
    await compose()
    await wish(2, at(32), { signed: old })
    await service.look()
    expect([minutes(), service.refused?.code]).toEqual([31, 'desired-key-unknown'])
    await wish(2, at(32), { signed: hub.signer() })
    await service.look()
    expect(minutes()).toBe(32)
  })
})

describe('a box that has pinned no key', () => {
  const minutes = () => site.file.current().retention.windowMinutes

  it('refuses what is signed until a person has confirmed the key; then the same document counts', async () => {
    const hub = signingHub(DEVICE)
    await wish(1, { schedules: { 'retention.windowMinutes': 31 } }, { signed: hub.signer() })
    await service.look()
    expect([minutes(), service.refused?.code]).toEqual([60, 'desired-not-pinned'])
    await writeFile(join(folder, HUB_KEY_FILE), JSON.stringify(hub.first))
    await service.look()
    expect([minutes(), service.refused, service.isUnsigned]).toEqual([31, null, false])
  })
})

describe('acts that a hub asks for', () => {
  const ID = '8f3f3d0e-4d1c-4c57-9a55-0d3a3a0f6a11'
  const OTHER_ID = '8f3f3d0e-4d1c-4c57-9a55-0d3a3a0f6a12'

  it('are done once, when they can be, and only where the site lets the hub ask', async () => {
    await wish(1, { command: { id: OTHER_ID, act: 'restart-workers' } })
    await service.look()
    expect(lastDesired()?.parts).toEqual([{ section: 'command', state: 'local', reason: 'decided-at-site' }])
    await writeSettings({ hubMayDecide: ['command', 'schedules'] })
    await site.file.look()
    isBusy = true
    await wish(2, { command: { id: ID, act: 'restart-workers' } })
    await service.look()
    expect(lastDesired()).toMatchObject({ state: 'delivered', parts: [{ state: 'waiting', reason: 'workers-busy' }] })
    isBusy = false
    await service.look()
    expect(lastDesired()).toMatchObject({ version: 2, state: 'applied' })
    // The next document carries the act along: it has its end already.
    await wish(3, { command: { id: ID, act: 'restart-workers' }, schedules: { 'retention.windowMinutes': 30 } })
    await service.look()
    expect([lastDesired()?.state, restarts]).toEqual(['applied', 1])
    isGolden = false
    await wish(4, { command: { id: OTHER_ID, act: 'test-models' } })
    await service.look()
    expect(lastDesired()?.parts[0]).toMatchObject({ state: 'rejected', reason: 'golden-case-failed' })
  })

  it('an act that nobody could do in time expires', async () => {
    await writeSettings({ hubMayDecide: ['command'] })
    await site.file.look()
    isBusy = true
    await wish(1, { command: { id: ID, act: 'restart-workers' } }, { expiresAt: '2026-01-05T00:01:00.000Z' })
    await service.look()
    clock.advance(120_000)
    await service.look()
    expect([lastDesired()?.state, restarts]).toEqual(['expired', 0])
  })

  it('a backfill starts in its window, once, even when the box is killed between the start and the report', async () => {
    await writeSettings({ hubMayDecide: ['backfill', 'assignments'] })
    await site.file.look()
    const backfill = { id: ID, model: 'chest-radiograph', window: '22:00-06:00', deliver: false }
    await wish(1, { backfill })
    await service.look()
    expect(lastDesired()?.parts[0]).toMatchObject({ state: 'rejected', reason: 'backfill-model' })
    await place('active', true)
    await site.file.stop()
    await compose()
    await library.start()
    await wish(2, { backfill: { ...backfill, id: OTHER_ID } })
    await service.look()
    expect(lastDesired()).toMatchObject({ version: 2, state: 'applied' })
    const jobs = () => backfills.list(10).map(({ job }) => [job.createdBy, job.windowFrom, job.windowTo])
    expect(jobs()).toEqual([['hub', '22:00', '06:00']])
    const row = held.records.desired.desired()
    if (row === undefined) throw new Error('no document')
    held.records.transaction(() => {
      held.records.desired.setDesired({
        ...row,
        state: 'delivered',
        parts: [{ section: 'backfill', state: 'waiting', reason: 'not-yet-applied' }],
      })
    })
    await service.look()
    expect([lastDesired()?.state, jobs().length]).toEqual(['applied', 1])
    await wish(3, { backfill: { ...backfill, id: ID, window: '22:61-06:00' } })
    await service.look()
    expect(lastDesired()?.parts[0]).toMatchObject({ state: 'rejected', reason: 'backfill-window' })
  })
})
