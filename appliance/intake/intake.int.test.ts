import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeFileMeta, type InstanceFacts, type InstanceSink, type StoreOutcome } from '../dimse/index.ts'
import type { AuditSink } from '../egress/index.ts'
import {
  bytesElement,
  concat,
  dataSetOf,
  EXPLICIT_LITTLE,
  textElement,
  writeDataSet,
} from '../imaging/dataset/index.ts'
import type { Records } from '../records/index.ts'
import { settingsSchema } from '../settings.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import {
  Assembler,
  Journal,
  journalEffects,
  type RecoveryReport,
  recoverIntake,
  Spool,
  SpoolStorage,
  StudyKeys,
} from './index.ts'
import type { JournalHooks } from './journal.ts'
import type { SpoolOptions } from './spool.ts'

const KEY = new Uint8Array(32).fill(3)
const NO_EFFECTS: JournalHooks = { within: () => undefined, after: () => undefined }

function facts(sopInstanceUid: string): InstanceFacts {
  return {
    association: {
      associationId: '00000000-0000-4000-8000-000000000001',
      calledAeTitle: 'LEADGLASS',
      callingAeTitle: 'DX1',
      remoteAddress: '127.0.0.1',
      remotePort: 1,
      implementationClassUid: '1.2',
      implementationVersionName: '',
      tls: false,
      certificateSubject: null,
      certificateSha256: null,
    },
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    sopInstanceUid,
    transferSyntaxUid: EXPLICIT_LITTLE,
    moveOriginator: null,
  }
}

/** A data set of a study; `padding` puts so many bytes before the Study Instance UID. */
function dataSet(sopInstanceUid: string, study: string | null, padding = 0): Buffer {
  return concat(
    writeDataSet(
      dataSetOf([
        textElement(0x00080018, 'UI', sopInstanceUid),
        textElement(0x00080060, 'CS', 'DX'),
        ...(padding === 0 ? [] : [bytesElement(0x00091001, 'OB', Buffer.alloc(padding, 7))]),
        textElement(0x00100020, 'LO', 'P1'),
        ...(study === null ? [] : [textElement(0x0020000d, 'UI', study)]),
      ]),
      EXPLICIT_LITTLE,
    ),
  )
}

describe('the intake', () => {
  let folder: string
  let held: ReturnType<typeof temporaryRecords>
  let spool: Spool
  let storage: SpoolStorage
  let journal: Journal
  let transactions: number
  const clock = new ManualClock(1_800_000_000_000)
  const audited: string[] = []
  const audit: AuditSink = {
    record: (event) => audited.push(event.event),
    recordNow: (event) => audited.push(event.event),
  }

  const keysOf = (): StudyKeys => new StudyKeys(held.records.keys, KEY, systemRandomness)
  const spoolOptions = (): SpoolOptions => ({
    folder,
    key: KEY,
    keys: keysOf(),
    randomness: systemRandomness,
    logger: silentLogger,
  })
  const openSpool = (): Spool => new Spool(spoolOptions())
  const journalOn = (records: Pick<Records, 'intake' | 'transaction'>, over: Spool, hooks: JournalHooks): Journal =>
    new Journal({
      records,
      spool: over,
      keys: keysOf(),
      naming: { studyPseudonym: (uid) => uid.padEnd(32, '0'), patientPseudonym: () => 'b'.repeat(32) },
      hooks,
      logger: silentLogger,
    })

  function build(over: {
    readonly spool?: Spool
    readonly low?: boolean
    readonly maximumInstanceBytes?: number
  }): void {
    const settings = settingsSchema.parse({ limits: { maximumInstanceBytes: over.maximumInstanceBytes ?? 10_000_000 } })
    const { records } = held
    const counted: Pick<Records, 'intake' | 'transaction'> = {
      intake: records.intake,
      transaction: (work) => {
        transactions += 1
        return records.transaction(work)
      },
    }
    const assembler = new Assembler({
      records,
      settings: () => settings,
      audit,
      clock,
      logger: silentLogger,
      onComplete: () => undefined,
      onGrown: () => undefined,
    })
    journal = journalOn(counted, over.spool ?? spool, journalEffects(audit, assembler))
    storage = new SpoolStorage({
      spool: over.spool ?? spool,
      journal,
      assembler,
      freeSpace: { isLow: () => over.low === true },
      settings: () => settings,
      audit,
      together: (work) => records.transaction(work),
      clock,
      logger: silentLogger,
      encodeFileMeta: (about) => encodeFileMeta(about),
    })
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-intake-'))
    held = temporaryRecords()
    spool = openSpool()
    await spool.prepare()
    await spool.recover()
    transactions = 0
    audited.length = 0
    build({})
  })
  afterEach(async () => {
    journal.stop()
    await spool.close()
    held.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  async function store(uid: string, bytes: Uint8Array, pieces = 1): Promise<StoreOutcome> {
    const sink = storage.begin(facts(uid))
    if ('status' in sink) return sink
    const length = Math.ceil(bytes.length / pieces)
    for (let at = 0; at < bytes.length; at += length) await sink.write(bytes.subarray(at, at + length))
    const outcome = await sink.commit()
    journal.flush()
    return outcome
  }

  const kept = async (): Promise<string[]> => {
    await spool.drain()
    const digests: string[] = []
    for await (const digest of spool.digests()) digests.push(digest)
    return digests
  }
  /** What a start does, with a spool opened anew over the same folder. */
  async function recover(): Promise<RecoveryReport> {
    await spool.close()
    spool = openSpool()
    return recoverIntake(held.records, spool, journalOn(held.records, spool, NO_EFFECTS), clock, silentLogger)
  }
  const quarantined = (): string[] => held.records.studies.quarantine(100).map((row) => row.reason)

  it('keeps an instance exactly as it came, however it was cut into pieces', async () => {
    const bytes = dataSet('1.1', '1.2', 300_001)
    expect(await store('1.1', bytes, 17)).toEqual({ kind: 'stored' })
    expect(await store('1.1', bytes, 3)).toEqual({ kind: 'stored' })
    const [digest, ...others] = await kept()
    expect(others).toEqual([])
    const file = await spool.read(digest ?? '')
    expect(file.subarray(file.length - bytes.length).equals(bytes)).toBe(true)
    expect(held.records.studies.totals()).toMatchObject({ instances: 1, quarantined: 0 })
  })

  it('finds the study also behind a long beginning', async () => {
    await store('1.1', dataSet('1.1', '1.2', 500_000))
    expect(held.records.studies.find('1.2'.padEnd(32, '0'))?.instances).toBe(1)
  })

  it('commits many instances at once', async () => {
    const uids = Array.from({ length: 40 }, (_, index) => `1.1.${index}`)
    const sinks: InstanceSink[] = []
    for (const uid of uids) {
      const sink = storage.begin(facts(uid))
      if ('status' in sink) throw new Error('refused')
      await sink.write(dataSet(uid, '1.2'))
      sinks.push(sink)
    }
    const outcomes = await Promise.all(sinks.map((sink) => sink.commit()))
    journal.flush()
    expect(outcomes.every((outcome) => outcome.kind === 'stored')).toBe(true)
    expect(held.records.studies.totals().instances).toBe(40)
    expect(transactions).toBeLessThan(40)
  })

  it('says how many came again, once, at the end of the association', async () => {
    const one = facts('1.1')
    for (const _ of [1, 2, 3]) await store('1.1', dataSet('1.1', '1.2'))
    storage.associationEnded(one.association, 'released', { stored: 3, refused: 1 })
    storage.associationEnded(one.association, 'released', { stored: 0, refused: 0 })
    const words = audited.filter((word) => word.startsWith('instance.'))
    expect(words).toEqual(['instance.stored', 'instance.duplicate', 'instance.refused'])
  })

  it.each([
    ['no Study Instance UID', dataSet('1.1', null), 'no-study-instance-uid'],
    ['a Study Instance UID that is none', dataSet('1.1', 'not a uid'), 'study-instance-uid-malformed'],
    ['another instance than announced', dataSet('1.9', '1.2'), 'sop-instance-uid-mismatch'],
    ['bytes that are no data set', Buffer.alloc(100, 0xff), 'unreadable'],
    ['nothing at all', Buffer.alloc(0), 'no-study-instance-uid'],
  ])('answers stored and quarantines: %s', async (_name, bytes, reason) => {
    expect(await store('1.1', bytes)).toEqual({ kind: 'stored' })
    expect(quarantined()[0]).toContain(reason)
    expect(await kept()).toHaveLength(1)
    expect(audited).toContain('study.quarantined')
  })

  it('refuses while the disk is low, and what is larger than allowed', async () => {
    build({ low: true })
    expect(await store('1.1', dataSet('1.1', '1.2'))).toMatchObject({ kind: 'refused', status: 0xa700 })
    build({ maximumInstanceBytes: 2000 })
    expect(await store('1.1', dataSet('1.1', '1.2', 5000))).toMatchObject({ kind: 'refused', status: 0xa700 })
    expect(await kept()).toEqual([])
    expect(await readdir(join(folder, 'incoming'))).toEqual([])
    expect(held.records.studies.totals().instances).toBe(0)
  })

  it('registers nothing when the file cannot be written, and goes on afterwards', async () => {
    class FullSpool extends Spool {
      override async land(): Promise<never> {
        throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      }
    }
    build({ spool: new FullSpool(spoolOptions()) })
    expect(await store('1.1', dataSet('1.1', '1.2'))).toMatchObject({ kind: 'refused', status: 0xa700 })
    expect(held.records.studies.totals().instances).toBe(0)
    expect(await readdir(join(folder, 'incoming'))).toEqual([])
    build({})
    expect(await store('1.1', dataSet('1.1', '1.2'))).toEqual({ kind: 'stored' })
  })

  it('keeps what it said is stored when the record cannot be written, says so no more, and registers it later', async () => {
    held.records.database.exec('ALTER TABLE instance RENAME TO instance_away')
    expect(await store('1.1', dataSet('1.1', '1.2'))).toEqual({ kind: 'stored' })
    expect(await store('1.2', dataSet('1.2', '1.2'))).toMatchObject({ kind: 'refused', status: 0xa700 })
    held.records.database.exec('ALTER TABLE instance_away RENAME TO instance')
    journal.flush()
    expect(held.records.studies.totals().instances).toBe(1)
    expect(await store('1.2', dataSet('1.2', '1.2'))).toEqual({ kind: 'stored' })
  })

  it('forgets an instance whose sender broke off', async () => {
    const sink = storage.begin(facts('1.1'))
    if ('status' in sink) throw new Error('refused')
    await sink.write(dataSet('1.1', '1.2'))
    await sink.discard()
    expect(await readdir(join(folder, 'incoming'))).toEqual([])
  })

  it('agrees with the record after a crash: removes what nobody was told about, keeps the rest, begins work again', async () => {
    await store('1.1', dataSet('1.1', '1.2'))
    await writeFile(join(folder, 'incoming', 'half.part'), 'half')
    const orphan = 'ab'.padEnd(64, '0')
    await writeFile(spool.pathOf(orphan), 'written, never registered')
    const [revision] = held.records.revisions.receiving()
    held.records.revisions.complete(revision?.revisionId ?? 0, 'cap', clock.now())
    held.records.transaction(() => held.records.revisions.claim(revision?.revisionId ?? 0, clock.now()))
    const report = await recover()
    expect(report).toEqual({ landed: 0, unfinished: 1, unregistered: 1, missing: 0, requeued: 1 })
    expect(await kept()).toHaveLength(1)
    await spool.remove((await kept())[0] ?? '')
    expect((await recover()).missing).toBe(1)
  })
})
