import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuditLog,
  createNoteSigner,
  decodeEvent,
  type RecordedAuditEvent,
  SqliteLogStore,
} from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { ManualClock, silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import type { FastifyInstance } from 'fastify'
import { ModelLibrary, StopDesk } from '../activation/index.ts'
import { BreachDesk } from '../breach/index.ts'
import { conformanceStatement, DEFAULT_CONFORMANCE } from '../conformance/index.ts'
import { Corrections } from '../corrections/index.ts'
import { deriveSiteKeys } from '../deidentify/index.ts'
import { deploymentFixture } from '../deployment/testing/room.ts'
import { AuditTrail, Checkpoints, EgressDoor, EgressHold, EpochRoller, HoldDesk, ResealDesk } from '../egress/index.ts'
import { SpoolError } from '../intake/index.ts'
import { buildLocalApi, hashPassword, type LocalApiContext, Sessions, StudyEvents } from '../local-api/index.ts'
import { ReviewDesk } from '../pixel-review/index.ts'
import { PIXEL_READER_LIMITS, ReaderPool } from '../pixel-text/index.ts'
import { NO_PRESSURE } from '../pressure/rules.ts'
import { CLOSED } from '../results/index.ts'
import { cronSchedule, Holds, Purger, Retention } from '../retention/index.ts'
import { RuleBook } from '../rules/index.ts'
import { settingsSchema } from '../settings.ts'
import { temporaryRecords } from './memory-records.ts'
import { deskFixture } from './settings-fixture.ts'

export const OPERATOR_TOKEN = 'operator-token-of-the-test-000000'
export const PASSWORD = 'a long enough password'

/** The local interface over a real database, without a socket. */
export interface LocalApiFixture {
  readonly server: FastifyInstance
  readonly context: LocalApiContext
  readonly clock: ManualClock
  /** Every event of the audit log so far. */
  events(): RecordedAuditEvent[]
  /** Signs in and gives the cookie. */
  signIn(account: string, password?: string): Promise<string>
  dispose(): Promise<void>
}

/** Makes the fixture with accounts `tech`, `reader` and `admin`. */
export async function localApiFixture(pagesFolder?: string): Promise<LocalApiFixture> {
  const held = temporaryRecords()
  const models = mkdtempSync(join(tmpdir(), 'leadglass-models-'))
  const { records } = held
  const clock = new ManualClock(Date.UTC(2026, 0, 5, 8))
  const origin = 'leadglass/test-box/audit'
  const hold = new EgressHold({ records, clock })
  hold.follow(() => settings.egress)
  const door = new EgressDoor({ records, device: 'test-box' as DeviceId, clock, hold })
  const log = new AuditLog({ origin, store: new SqliteLogStore(records.database, origin), clock })
  const audit = new AuditTrail(log, door, records)
  const signer = createNoteSigner(origin, generateKeyPairSync('ed25519').privateKey)
  const settings = settingsSchema.parse({
    destinations: [{ name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: 104 }],
  })
  const passwordHash = await hashPassword(PASSWORD, 1024)
  const accounts = [
    ['tech', 'technologist'],
    ['reader', 'radiologist'],
    ['admin', 'site-admin'],
  ] as const
  accounts.forEach(([userName, role], index) => {
    records.people.insertAccount({ personId: String(index).repeat(32), userName, role, passwordHash }, clock.now())
  })
  const site = deskFixture(join(models, 'settings.json'), { records, audit, clock })
  const corrections = new Corrections({
    records,
    readObject: async () => undefined,
    keys: deriveSiteKeys(new Uint8Array(32).fill(5)),
    defaultIssuer: '',
    ownAuthorities: () => [],
    audit,
    clock,
    onCorrected: () => undefined,
  })
  const library = new ModelLibrary({
    records,
    modelsFolder: models,
    audit,
    clock,
    logger: silentLogger,
    onChange: () => undefined,
  })
  const context: LocalApiContext = {
    records,
    stops: new StopDesk({ records, audit, clock, onChange: () => undefined }),
    corrections,
    exporter: { export: async () => ({ kind: 'quarantined', reason: 'object-gone' }) },
    reviews: new ReviewDesk({
      records,
      spool: {
        read: async () => {
          throw new SpoolError('spool-missing')
        },
      },
      gate: { pass: async () => ({ kind: 'quarantined', stage: 'verify', reason: 'none' }), mayLeave: () => false },
      reader: new ReaderPool(
        { programRoot: models, workFolder: models, limits: PIXEL_READER_LIMITS, logger: silentLogger },
        1,
      ),
      rules: () => settings.pixels,
      workFolder: models,
      audit,
      clock,
    }),
    sessions: new Sessions({
      records,
      operatorToken: OPERATOR_TOKEN,
      settings: () => settings,
      audit,
      clock,
      randomness: systemRandomness,
    }),
    settings: () => settings,
    keyPlacement: async () => 'elsewhere',
    holds: new Holds({ records, audit, clock }),
    retention: new Retention({
      records,
      purger: new Purger({ records, pathOf: () => models, audit, clock }),
      settings: () => settings.retention,
      schedule: cronSchedule,
      drain: async () => undefined,
      clock,
      logger: silentLogger,
      onChanged: () => undefined,
    }),
    rules: new RuleBook({ records, settings: () => settings, audit, clock, onChanged: () => undefined }),
    library,
    deployments: deploymentFixture({ records, library, audit, door, clock }),
    resealDesk: new ResealDesk({
      records,
      door,
      roller: new EpochRoller({ records, audit, epochHours: () => null, clock, logger: silentLogger }),
    }),
    deliveries: { wake: () => undefined, retryNow: () => undefined, circuit: () => CLOSED },
    door,
    audit,
    log,
    checkpoints: new Checkpoints({ records, log, signer, door, clock }),
    breaches: new BreachDesk({
      records,
      log,
      checkpoints: new Checkpoints({ records, log, signer, door, clock }),
      audit,
      clock,
    }),
    holdDesk: new HoldDesk({ records, door, audit, clock }),
    freeSpace: {
      isLow: () => false,
      figures: () => ({ freeBytes: 1000, totalBytes: 2000 }),
      state: () => ({
        ...NO_PRESSURE,
        since: clock.now(),
        measured: { freeBytes: 1000, freeInodesPercent: 50, waitingSeconds: 0 },
      }),
    },
    desk: site.desk,
    statement: () => conformanceStatement(DEFAULT_CONFORMANCE),
    agentStatus: { read: async () => ({ kind: 'absent' }) },
    events: new StudyEvents(records),
    clock,
    randomness: systemRandomness,
    logger: silentLogger,
    facts: {
      device: 'test-box',
      softwareVersion: '0.1.0',
      aeTitle: 'LEADGLASS',
      dimsePort: () => 11112,
      dimseTlsPort: () => 0,
      startedAt: clock.now(),
      operatorPerson: 'f'.repeat(32),
    },
  }
  const server = await buildLocalApi(context, pagesFolder)
  return {
    server,
    context,
    clock,
    events: () =>
      [...log.leaves()].flatMap((leaf) => {
        const event = decodeEvent(leaf)
        return event === undefined ? [] : [event]
      }),
    signIn: async (account, password = PASSWORD) => {
      const response = await server.inject({ method: 'POST', url: '/api/session', payload: { account, password } })
      if (response.statusCode !== 200) throw new Error(`sign-in answered ${response.statusCode}`)
      return String(response.headers['set-cookie']).split(';')[0] ?? ''
    },
    dispose: async () => {
      await server.close()
      held.dispose()
      rmSync(models, { recursive: true, force: true })
    },
  }
}
