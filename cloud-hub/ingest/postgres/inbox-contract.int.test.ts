import { generateKeyPairSync } from 'node:crypto'
import {
  AuditLog,
  createNoteSigner,
  encodeVerifierKey,
  MemoryLogStore,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import type { Envelope, EnvelopeBody } from '@leadglass/sync-agent/contract'
import { rootOfDigests, signEpochStatement } from '@leadglass/sync-agent/exchange'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { siteLogOrigin } from '../../audit/log-names.ts'
import { HubWitnessMemory } from '../../audit/witness-memory.ts'
import { ReportedBook } from '../../fleet/index.ts'
import { openPostgres, type PostgresPool } from '../../storage/index.ts'
import { device, featuresBody, payloadOf, pseudonym, sealAll } from '../../testing/device.ts'
import { createHubCore, type HubCore } from '../../testing/hub-core.ts'
import { postgresPrograms, startTestPostgres, type TestPostgres } from '../../testing/postgres.ts'
import { epochRoots } from '../epoch-roots.ts'
import type { InboxStore } from '../inbox-store.ts'
import { type ParsedBatch, parsePayload } from '../payload.ts'
import {
  DeviceDirectory,
  POSTGRES_MIGRATIONS,
  PostgresInbox,
  postgresEpochRoots,
  READ_COMMITTED_DIGESTS,
} from './index.ts'

const BOX = device('box-01')
const OTHER = device('box-02')
const programs = await postgresPrograms()

/** What the contract asks of a store beside the port itself. */
interface Subject {
  readonly store: InboxStore
  /** Rows of one of the tables. */
  count(table: string): Promise<number>
  /** Runs a statement that is the same on both. */
  change(sql: string): Promise<unknown>
  roots(): Promise<ReturnType<typeof epochRoots>>
  /** Makes the second effect of a batch fail until it is called again. */
  breakSecondScore(): Promise<() => Promise<void>>
}

let server: TestPostgres | undefined
let pool: PostgresPool | undefined

beforeAll(async () => {
  if (programs !== undefined) server = await startTestPostgres(programs)
}, 60_000)
afterAll(() => server?.stop())

function onSqlite(core: HubCore): Subject {
  const { database } = core
  return {
    store: core.inbox,
    count: async (table) => (database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n,
    change: async (sql) => database.exec(sql),
    roots: async () => epochRoots(database),
    async breakSecondScore() {
      database.exec(`CREATE TRIGGER broken BEFORE INSERT ON instance_scores
        WHEN (SELECT count(*) FROM envelope_inbox) > 1 BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`)
      return async () => void database.exec('DROP TRIGGER broken')
    },
  }
}

async function onPostgres(core: HubCore): Promise<Subject> {
  const own = await freshDatabase()
  pool = own
  const devices = new DeviceDirectory(core.database)
  const { alarms, audit, witnessKey, clock } = core
  const memory = new HubWitnessMemory(core.database)
  const reported = new ReportedBook(core.database)
  const together = (act: () => void): void => core.database.transaction(act).immediate()
  return {
    store: new PostgresInbox({ pool: own, devices, alarms, audit, reported, witnessKey, memory, together, clock }),
    count: async (table) => (await own.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)).rows[0]?.n ?? -1,
    change: (sql) => own.query(sql),
    roots: () => postgresEpochRoots(own),
    async breakSecondScore() {
      await own.query('ALTER TABLE instance_scores ADD CONSTRAINT broken CHECK (position < 0) NOT VALID')
      return async () => void (await own.query('ALTER TABLE instance_scores DROP CONSTRAINT broken'))
    },
  }
}

async function freshDatabase(): Promise<PostgresPool> {
  const url = server?.url ?? ''
  const name = `t${crypto.randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client(url)
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  return openPostgres(url.replace('/postgres?', `/${name}?`), POSTGRES_MIGRATIONS, () => undefined)
}

const STORES = [
  ['SQLite', async (core: HubCore) => onSqlite(core), false],
  ['PostgreSQL', onPostgres, programs === undefined],
] as const

for (const [name, open, isAbsent] of STORES) {
  describe.skipIf(isAbsent)(`the inbox on ${name}`, () => {
    let core: HubCore
    let subject: Subject

    beforeEach(async () => {
      core = await createHubCore()
      await core.enrolment.enrol(BOX)
      subject = await open(core)
    })
    afterEach(async () => {
      await pool?.end()
      pool = undefined
      await core.close()
    })

    const parsed = (envelopes: readonly Envelope[], name = BOX): Promise<ParsedBatch> =>
      parsePayload(name, payloadOf(envelopes))
    const take = async (...envelopes: readonly Envelope[]) => (await subject.store.commit([await parsed(envelopes)]))[0]

    it('ends with every envelope once, whatever is doubled, reordered or lost on the way', async () => {
      const bodies = Array.from({ length: 8 }, (_, i) => featuresBody(i))
      let epoch = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.nat(7), { minLength: 1, maxLength: 6 }), { maxLength: 6 }),
          async (deliveries) => {
            epoch += 1
            const mine = sealAll(BOX, bodies, 1, epoch)
            // All deliveries in one group, as a busy hub takes them.
            const batches = await Promise.all(
              deliveries.map((delivery) => parsed(delivery.flatMap((i) => mine[i] ?? []))),
            )
            await subject.store.commit([...batches, await parsed(mine)])
            expect(await subject.count('instance_features')).toBe(8 * epoch)
            expect(await subject.count(`stream_watermark WHERE epoch = ${epoch} AND sequence = 8`)).toBe(1)
          },
        ),
        { numRuns: 20 },
      )
    })

    it('knows a gap, a duplicate and a conflict, within one transaction and across', async () => {
      const [first, second, third] = sealAll(BOX, [featuresBody(0), featuresBody(1), featuresBody(2)])
      const [forged] = sealAll(BOX, [featuresBody(9)])
      if (first === undefined || second === undefined || third === undefined || forged === undefined) throw new Error()
      const results = await subject.store.commit([
        await parsed([first, third]),
        await parsed([first, second]),
        await parsed([forged]),
      ])
      expect(results).toMatchObject([
        { accepted: 1, duplicates: 0, acknowledgement: { refused: [{ sequence: 3, code: 'gap' }] } },
        { accepted: 1, duplicates: 1, acknowledgement: { watermarks: [{ sequence: 2 }], refused: [] } },
        { accepted: 0, duplicates: 0, acknowledgement: { refused: [{ sequence: 1, code: 'conflict' }] } },
      ])
      expect(await take(forged)).toMatchObject({ acknowledgement: { refused: [{ sequence: 1, code: 'conflict' }] } })
      expect(await take(second)).toMatchObject({ duplicates: 1, acknowledgement: { refused: [] } })
      expect(await subject.count('envelope_inbox')).toBe(2)
      expect(await subject.count('stream_watermark WHERE duplicates = 2 AND refused = 3')).toBe(1)
      const alarm = core.database.prepare("SELECT occurrences AS n FROM ingest_alarm WHERE code = 'conflict'").get()
      expect(alarm).toEqual({ n: 2 })
    })

    it('leaves no trace of a transaction that fails', async () => {
      const batch = await parsed(sealAll(BOX, [featuresBody(0), featuresBody(1)]))
      const mend = await subject.breakSecondScore()
      await expect(Promise.resolve().then(() => subject.store.commit([batch]))).rejects.toThrow()
      expect(await subject.count('envelope_inbox')).toBe(0)
      expect(await subject.count('stream_watermark')).toBe(0)
      await mend()
      expect((await subject.store.commit([batch]))[0]).toMatchObject({ outcome: 'committed', accepted: 2 })
    })

    it('turns away devices that it does not know or no longer listens to', async () => {
      const stranger = await parsed(sealAll(OTHER, [featuresBody(0)]), OTHER)
      expect(await subject.store.commit([stranger])).toEqual([{ outcome: 'turned-away', code: 'device-unknown' }])
      core.database.prepare("UPDATE device SET held_at = '2026-01-05T00:00:00Z' WHERE device = ?").run(BOX)
      expect(await take(...sealAll(BOX, [featuresBody(0)]))).toEqual({ outcome: 'turned-away', code: 'device-held' })
      core.enrolment.revoke(BOX, 'stolen')
      expect(await take(...sealAll(BOX, [featuresBody(0)]))).toEqual({ outcome: 'turned-away', code: 'device-revoked' })
      expect(await subject.count('envelope_inbox')).toBe(0)
    })

    it('gives every kind of body back with its digest, and finds one that was changed', async () => {
      const envelopes = everyKind().map((body) => sealAll(BOX, [body])[0])
      for (const envelope of envelopes) if (envelope !== undefined) await take(envelope)
      const { roots, damaged } = await subject.roots()
      expect(damaged).toEqual([])
      const order = ['audit', 'labels', 'drift', 'features', 'health']
      const sorted = envelopes
        .flatMap((one) => one ?? [])
        .toSorted((a, b) => order.indexOf(a.stream) - order.indexOf(b.stream))
      expect(roots).toEqual([
        { device: BOX, epoch: 1, envelopes: 5, root: rootOfDigests(sorted.map(({ digest }) => digest)) },
      ])
      await subject.change('UPDATE instance_scores SET value = 0.9')
      expect((await subject.roots()).damaged).toEqual([{ device: BOX, epoch: 1, stream: 'features', sequence: 1 }])
    })

    it('keeps a copy of the site’s log: same leaves again, no other ones, and checkpoints cosigned', async () => {
      const { privateKey } = generateKeyPairSync('ed25519')
      const origin = siteLogOrigin(BOX)
      core.enrolment.pinAuditLogKey(BOX, encodeVerifierKey(verifierKeyOf(origin, privateKey)))
      const log = new AuditLog({ origin, store: new MemoryLogStore(), clock: core.clock })
      const signer = createNoteSigner(origin, privateKey)
      const notes: string[] = []
      for (let i = 0; i < 13; i++) {
        log.append({ event: 'log.read', actor: { kind: 'system', id: `s${i}` }, subject: null, outcome: 'success' })
        notes.push(log.checkpoint(signer))
      }
      const leafBody = (index: number): EnvelopeBody => ({
        kind: 'audit-leaf',
        index,
        leaf: Buffer.from(log.leaf(index) ?? []).toString('base64'),
      })
      const note = (size: number): EnvelopeBody => ({ kind: 'audit-checkpoint', note: notes[size - 1] ?? '' })
      const bodies = [...[0, 1, 2, 3, 4].map(leafBody), note(5), ...[5, 6, 7, 8, 9, 10, 11, 12].map(leafBody), note(11)]
      // Over three transactions: subtrees are completed from rows and from what is staged.
      const all = sealAll(BOX, [...bodies, leafBody(3)])
      for (const part of [all.slice(0, 4), all.slice(4, 9), all.slice(9)]) {
        expect(await take(...part)).toMatchObject({ acknowledgement: { refused: [] } })
      }
      const last = await take(...sealAll(BOX, [note(13)], 17))
      expect(last).toMatchObject({ accepted: 1 })
      expect(last?.outcome === 'committed' && last.acknowledgement.cosigned).toContain(`${origin}\n13\n`)
      const [wrongLeaf] = sealAll(BOX, [{ kind: 'audit-leaf', index: 2, leaf: 'QUJD' }], 18)
      const [older] = sealAll(BOX, [note(12)], 18)
      for (const bad of [wrongLeaf, older]) {
        if (bad === undefined) throw new Error()
        expect(await take(bad)).toMatchObject({ acknowledgement: { refused: [{ code: 'audit-inconsistent' }] } })
      }
      expect(await subject.count('site_leaf_envelope')).toBe(14)
      expect((await subject.roots()).damaged).toEqual([])
    })

    it('answers what a device states of an epoch, and closes it', async () => {
      const { privateKey } = generateKeyPairSync('ed25519')
      const origin = siteLogOrigin(BOX)
      core.enrolment.pinAuditLogKey(BOX, encodeVerifierKey(verifierKeyOf(origin, privateKey)))
      const features = sealAll(BOX, [featuresBody(0), featuresBody(1)])
      await take(...features)
      const root = rootOfDigests(features.map(({ digest }) => digest))
      const statement = signEpochStatement(createNoteSigner(origin, privateKey), {
        epoch: 1,
        serial: 1,
        run: 1,
        closed: true,
        envelopes: 2,
        root,
        ranges: [{ stream: 'features', from: 1, to: 2, root }],
      })
      const [sealed, forged] = [
        sealAll(BOX, [statement], 1, 2)[0],
        sealAll(BOX, [{ ...statement, serial: 2 }], 2, 2)[0],
      ]
      if (sealed === undefined || forged === undefined) throw new Error()
      const answer = { epoch: 1, serial: 1, envelopes: 2, root, ranges: [{ envelopes: 2, root }], beyond: [] }
      expect(await take(sealed)).toMatchObject({ acknowledgement: { epochs: [answer] } })
      expect(await take(forged)).toMatchObject({ acknowledgement: { refused: [{ code: 'audit-inconsistent' }] } })
      expect(await take(...sealAll(BOX, [featuresBody(2)], 3))).toMatchObject({
        acknowledgement: { refused: [{ code: 'closed-epoch' }] },
      })
    })
  })
}

describe.skipIf(programs === undefined)('the schema in PostgreSQL', () => {
  it('is brought up once when several hubs start together, and refused when it is newer', async () => {
    const own = await freshDatabase()
    const { rows } = await own.query<{ name: string }>('SELECT current_database() AS name')
    const url = (server?.url ?? '').replace('/postgres?', `/${rows[0]?.name ?? ''}?`)
    await own.query('DROP SCHEMA public CASCADE')
    await own.query('CREATE SCHEMA public')
    const pools = await Promise.all([1, 2, 3].map(() => openPostgres(url, POSTGRES_MIGRATIONS, () => undefined)))
    const steps = await own.query('SELECT number FROM leadglass_migration')
    expect(steps.rows).toEqual(POSTGRES_MIGRATIONS.map(({ number }) => ({ number })))
    expect((await own.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }])
    await own.query("INSERT INTO leadglass_migration (number, name) VALUES (99, 'later')")
    await expect(openPostgres(url, POSTGRES_MIGRATIONS, () => undefined)).rejects.toThrow('start the newer program')
    await Promise.all([own, ...pools].map((one) => one.end()))
  })

  it('looks committed digests up by index', async () => {
    const own = await freshDatabase()
    const client = await own.connect()
    await client.query('SET enable_seqscan = off')
    const { rows } = await client.query<Record<string, string>>(`EXPLAIN ${READ_COMMITTED_DIGESTS}`, [
      ['box-01'],
      [1],
      ['features'],
      [1],
    ])
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Scan using envelope_inbox_device_epoch')
    client.release()
    await own.end()
  })
})

function everyKind(): EnvelopeBody[] {
  const study = pseudonym<Extract<EnvelopeBody, { kind: 'study-label' }>['study']>('study')
  const model = { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) }
  return [
    featuresBody(0, [0.1, -0.0, 1e-30]),
    {
      kind: 'study-label',
      label: '0f8fad5b-d9cb-469f-a165-70867728950e',
      study,
      patient: pseudonym('patient'),
      revision: 1,
      finding: 'pneumonia',
      value: 'present',
      reader: pseudonym('reader'),
      blind: true,
    },
    {
      kind: 'deployment-statistics',
      model,
      champion: { model },
      role: 'shadow',
      month: '2026-01',
      cells: [{ measure: 'run-candidate', code: null, bin: 0, count: 11 }],
    },
    { kind: 'device-health', softwareVersion: '1.2.3', models: [], figures: { 'disk.free': 0.1 } },
    { kind: 'audit-leaf', index: 0, leaf: Buffer.from('{"a":1}').toString('base64') },
  ] as EnvelopeBody[]
}
