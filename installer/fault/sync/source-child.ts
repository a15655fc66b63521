import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { AuditLog, createNoteSigner, readSigningKeyFile, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import { deviceId, type EnvelopeBody, type EnvelopePosition, envelopeDigest } from '@leadglass/sync-agent/contract'
import { AcknowledgedFile, exchangePaths, OutboxWriter } from '@leadglass/sync-agent/exchange'
import { type Clock, createLogger } from '@leadglass/sync-agent/foundation'
import { AuditTrail, Checkpoints, EgressDoor, EgressService, Relay } from '../../../appliance/egress/index.ts'
import { openRecords } from '../../../appliance/records/index.ts'
import { LEAVES_A_STUDY, SiteBodies } from '../../bench/ingest/site-bodies.ts'
import { bodyOf } from './bodies.ts'
import { sourceOptions } from './source-options.ts'

const TICK_MS = 40
const STATUS_MS = 250
const MOST_IN_ONE_TRANSACTION = 8

/** What a transaction sealed, told to the harness after its commit only. */
const sealed: [number, string, number, string][] = []

/** The door, with a note of every position and digest that it gave. */
class NotedDoor extends EgressDoor {
  override sealReleased(body: EnvelopeBody, studyId: number | null): EnvelopePosition {
    const position = super.sealReleased(body, studyId)
    sealed.push([position.epoch, position.stream, position.sequence, envelopeDigest(position, body)])
    return position
  }
}

/** Signs nothing any more when everything is sealed: the run has to come to rest. */
class PausingCheckpoints extends Checkpoints {
  override pass(): boolean {
    return isDone() ? false : super.pass()
  }
}

/**
 * The egress side of an appliance as a process of its own: encrypted records, the door, audit trail, checkpoints and relay
 * as the appliance composes them, and a generator in place of studies. Killed at any point, it goes on from its records.
 */
const options = sourceOptions.parse(JSON.parse(process.argv[2] ?? ''))
const device = deviceId.parse(options.device)
const logger = createLogger('source')
const records = openRecords(join(options.folder, 'records.db'), Buffer.from(options.key, 'hex'))
const awayMs = options.awayHours * 3_600_000
/** Hours pass with what is sealed, when the box is to be away for long. */
const clock: Clock = {
  now: () => Date.now() - (awayMs === 0 ? 0 : Math.floor(awayMs * Math.max(0, 1 - count() / options.envelopes))),
}
const origin = `leadglass/${device}/audit`
const door = new NotedDoor({ records, device, clock })
const log = new AuditLog({ origin, store: new SqliteLogStore(records.database, origin), clock })
const audit = new AuditTrail(log, door, records)
const signer = createNoteSigner(origin, await readSigningKeyFile(options.logKeyFile))
const checkpoints = new PausingCheckpoints({ records, log, signer, door, clock })
const outbox = new OutboxWriter({ exchangeFolder: options.exchangeFolder, device })
const relay = new Relay({ records, outbox, logger })
const acknowledged = new AcknowledgedFile(exchangePaths(options.exchangeFolder).acknowledged)
const service = new EgressService({
  records,
  log,
  audit,
  clock,
  logger,
  relay,
  checkpoints,
  outbox,
  acknowledged,
  sealHealth: () => undefined,
})

const run = randomUUID()
const site = new SiteBodies(device, 1)
let made = 0
let failures = 0

function count(): number {
  return records.egress.counters().reduce((sum, counter) => sum + counter.lastSequence, 0)
}

function isDone(): boolean {
  return count() >= options.envelopes
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** One record of an appliance: what happened, and what leaves about it, in one transaction. */
function seal(many: number): void {
  const before = sealed.length
  const started = made
  try {
    records.transaction(() => {
      for (let i = 0; i < many; i += 1) door.seal(bodyOf(run, made++))
      audit.record({
        event: 'study.scored',
        actor: { kind: 'system', id: 'scoring' },
        subject: { kind: 'study', id: run.replaceAll('-', '') },
        outcome: 'success',
        codes: [`part-${made}`],
      })
    })
  } catch (error) {
    // The disk is full or broken: nothing was recorded, so nothing may leave; the next record is tried as a new one.
    sealed.length = before
    made = started
    failures += 1
    if (failures === 1) logger.error('source.not-sealed', { reason: String(error) })
  }
}

/** One study of a site, as its appliance records it. @returns envelopes. */
function sealStudy(): number {
  const { study, bodies } = site.study()
  records.transaction(() => {
    for (const body of bodies) door.seal(body)
    for (let i = 0; i < LEAVES_A_STUDY; i += 1) {
      audit.record({
        event: 'study.scored',
        actor: { kind: 'system', id: 'scoring' },
        subject: { kind: 'study', id: study },
        outcome: 'success',
      })
    }
  })
  return bodies.length + LEAVES_A_STUDY
}

/** Tells what is committed. What a killed process could not tell any more is read from its records in the end. */
function tell(): void {
  if (sealed.length > 0) print({ sealed: sealed.splice(0) })
}

await service.start()
print({ ready: true })
const perTick = (options.perSecond * TICK_MS) / 1000
let owed = 0
const generator = setInterval(() => {
  if (!isDone()) {
    owed += perTick
    if (options.load === 'site') for (; owed >= 1 && !isDone(); ) owed -= sealStudy()
    else for (; owed >= 1 && !isDone(); owed -= MOST_IN_ONE_TRANSACTION) seal(MOST_IN_ONE_TRANSACTION - 1)
  }
  tell()
}, TICK_MS)
const status = setInterval(() => print({ counters: records.egress.counters(), done: isDone(), failures }), STATUS_MS)

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    clearInterval(generator)
    clearInterval(status)
    void service.stop().then(() => {
      tell()
      records.close()
      process.exit(0)
    })
  })
}
