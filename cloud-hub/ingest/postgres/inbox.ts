import type { KeyObject } from 'node:crypto'
import { readCheckpoint } from '@leadglass/sync-agent/audit-log'
import type { DeviceId, Envelope, Watermark } from '@leadglass/sync-agent/contract'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { HubAudit } from '../../audit/hub-audit.ts'
import { siteLogOrigin } from '../../audit/log-names.ts'
import type { TimeDoubt } from '../../audit/site-mirror.ts'
import type { HubWitnessMemory } from '../../audit/witness-memory.ts'
import type { ReportedBook } from '../../fleet/index.ts'
import { inTransaction, type PostgresClient, type PostgresPool } from '../../storage/index.ts'
import type { AlarmBook } from '../alarms.ts'
import type { BatchResult, InboxStore } from '../inbox-store.ts'
import type { ParsedBatch } from '../payload.ts'
import { answered, type TakenBatch, takeBatch } from '../take-batch.ts'
import type { DeviceDirectory } from './device-directory.ts'
import { compareEpoch } from './epochs.ts'
import { type Cosigned, StagedSiteMirror } from './site-mirror.ts'
import { StagedRows } from './staged-rows.ts'
import { type LogQuestions, readSiteLogs } from './staged-site-logs.ts'
import { type Foreseen, placeKey, StagedTransaction } from './staged-transaction.ts'

/** "LEADGLAS" + 1: one ingest transaction at a time, whichever hub it is of. */
const INGEST_LOCK = '5495311742286908756'
const LOCK = 'SELECT pg_advisory_xact_lock($1)'
const READ_WATERMARKS = `SELECT device, epoch, stream, sequence FROM stream_watermark WHERE device = ANY ($1)
  ORDER BY device, epoch, stream`
const WRITE_WATERMARKS = `INSERT INTO stream_watermark AS w (device, epoch, stream, sequence, duplicates, refused)
  SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
  ON CONFLICT (device, epoch, stream) DO UPDATE SET sequence = excluded.sequence,
  duplicates = w.duplicates + excluded.duplicates, refused = w.refused + excluded.refused`
export const READ_COMMITTED_DIGESTS = `SELECT i.device, i.epoch, i.stream, i.sequence, i.digest
  FROM unnest($1::text[], $2::integer[], $3::text[], $4::bigint[]) AS w (device, epoch, stream, sequence)
  JOIN envelope_inbox i USING (device, epoch, stream, sequence)`
const READ_CLOSINGS =
  'SELECT device, epoch, stream, last_sequence AS sequence FROM epoch_closing WHERE device = ANY ($1)'
const READ_COSIGNED = `SELECT DISTINCT ON (device) device, size, cosigned AS note FROM site_checkpoint
  WHERE device = ANY ($1) AND cosigned IS NOT NULL ORDER BY device, size DESC, envelope DESC`
const NEXT_BLOCK = `SELECT nextval('envelope_block') AS block`
/** Ids that one block gives; what a failed transaction or an end leaves of it is not used again. */
const BLOCK = 65_536

type DeviceMark = Watermark & { readonly device: string }

/** What the inbox stands on. */
export interface PostgresInboxParts {
  readonly pool: PostgresPool
  readonly devices: DeviceDirectory
  readonly alarms: Pick<AlarmBook, 'raise' | 'compared' | 'committed'>
  readonly audit: Pick<HubAudit, 'record'>
  readonly reported: Pick<ReportedBook, 'apply'>
  readonly witnessKey: KeyObject
  /** What the hub has cosigned over any way. */
  readonly memory: HubWitnessMemory
  /** Runs something as one transaction of the hub's own database: one flush of the disk for all that it writes. */
  readonly together: (act: () => void) => void
  readonly clock: Clock
}

/**
 * The inbox in PostgreSQL. A group of batches is one transaction of a fixed number of statements: what the decisions need
 * is read first, the decisions are the same code as on SQLite, and the rows follow with one statement a table.
 */
export class PostgresInbox implements InboxStore {
  readonly #parts: PostgresInboxParts
  #ids = { next: 0, end: 0 }

  constructor(parts: PostgresInboxParts) {
    this.#parts = parts
  }

  async commit(batches: readonly ParsedBatch[]): Promise<readonly BatchResult[]> {
    const { pool, devices, reported, alarms } = this.#parts
    const at = toIsoInstant(this.#parts.clock.now())
    const later: (() => void)[] = []
    const results = await inTransaction(pool, async (client) => {
      // Alarms stand in the hub's own database: they follow the commit, and a failed transaction raises none.
      const deferred: Pick<AlarmBook, 'raise'> = {
        raise: (device, code, count) => void later.push(() => alarms.raise(device, code, count)),
      }
      const transaction = await this.#open(client, batches, deferred)
      const taken = batches.map((batch) => takeBatch(batch, transaction, deferred, at))
      await transaction.rows.write(client)
      await writeWatermarks(client, transaction)
      const answers: BatchResult[] = []
      for (const [i, one] of taken.entries()) answers.push(await this.#answer(client, batches[i]?.device, one, later))
      // Before the commit: the log may name a cosignature that was lost with its transaction, never miss one that went out.
      this.#parts.together(() => {
        for (const origin of transaction.mirror.remember()) this.#recordCosigned(origin)
      })
      alarms.committed(answers)
      later.push(() => devices.seen(transaction.heard))
      for (const { device, body } of transaction.reports) {
        later.push(() => reported.apply({ device, at, key: devices.read(device)?.auditLogKey ?? null }, body))
      }
      return answers
    })
    this.#parts.together(() => {
      for (const act of later) act()
    })
    return results
  }

  async #answer(
    client: PostgresClient,
    device: DeviceId | undefined,
    { result, statements }: TakenBatch,
    later: (() => void)[],
  ): Promise<BatchResult> {
    if (device === undefined) return result
    const answers = []
    for (const statement of statements) {
      const { answer, differences } = await compareEpoch(client, device, statement)
      later.push(() => this.#parts.alarms.compared(device, statement.epoch, differences))
      answers.push(answer)
    }
    return answered(result, answers)
  }

  /** Reads everything that taking these batches can ask for. */
  async #open(
    client: PostgresClient,
    batches: readonly ParsedBatch[],
    deferred: Pick<AlarmBook, 'raise'>,
  ): Promise<StagedTransaction> {
    await client.query({ name: 'ingest-lock', text: LOCK, values: [INGEST_LOCK] })
    const names = [...new Set(batches.map(({ device }) => device))]
    const envelopes = batches.flatMap((batch) => batch.envelopes)
    const marks = await this.#marks(client, 'ingest-marks', READ_WATERMARKS, names)
    const closings = await this.#marks(client, 'ingest-closings', READ_CLOSINGS, names)
    const known = new Map(marks.map((mark) => [placeKey(mark), mark.sequence]))
    const again = envelopes.filter((one) => one.sequence <= (known.get(placeKey(one)) ?? 0))
    const foreseen: Foreseen = {
      marks,
      closings: new Map(closings.map((mark) => [placeKey(mark), mark.sequence])),
      digests: await readDigests(client, again),
    }
    const rows = new StagedRows()
    const { devices, witnessKey, memory, clock } = this.#parts
    const questions = this.#questionsOf(envelopes)
    const logs = await readSiteLogs(client, questions, rows, clock)
    const checkpointed = [...questions].flatMap(([device, { sizes }]) => (sizes.length > 0 ? [device] : []))
    const cosigned = await readCosigned(client, checkpointed)
    const doubt = (device: DeviceId, code: TimeDoubt): void => deferred.raise(device, code, 1)
    const mirror = new StagedSiteMirror({ logs, cosigned, rows, devices, witnessKey, memory, clock, doubt })
    const nextId = await this.#reserve(client, envelopes.length)
    return new StagedTransaction({ devices, foreseen, mirror, rows, nextId })
  }

  async #marks(
    client: PostgresClient,
    name: string,
    text: string,
    devices: readonly string[],
  ): Promise<readonly DeviceMark[]> {
    return (await client.query<DeviceMark>({ name, text, values: [devices] })).rows
  }

  /** @returns what gives the next id: rising, and never given before. */
  async #reserve(client: PostgresClient, count: number): Promise<() => number> {
    if (this.#ids.end - this.#ids.next < count) {
      const { rows } = await client.query<{ block: number }>(NEXT_BLOCK)
      const block = rows[0]?.block ?? 0
      this.#ids = { next: block * BLOCK, end: (block + 1) * BLOCK }
    }
    return () => this.#ids.next++
  }

  #recordCosigned(origin: string): void {
    this.#parts.audit.record({
      event: 'checkpoint.cosigned',
      actor: { kind: 'system', id: 'hub.witness' },
      subject: { kind: 'log', id: origin },
      outcome: 'success',
    })
  }

  /** What the audit envelopes among these will ask of the sites' logs. */
  #questionsOf(envelopes: readonly Envelope[]): ReadonlyMap<DeviceId, LogQuestions> {
    const questions = new Map<DeviceId, { leaves: number[]; sizes: number[] }>()
    for (const { device, body } of envelopes) {
      if (body.kind !== 'audit-leaf' && body.kind !== 'audit-checkpoint') continue
      const asked = questions.get(device) ?? { leaves: [], sizes: [] }
      questions.set(device, asked)
      if (body.kind === 'audit-leaf') asked.leaves.push(body.index)
      else {
        const witnessed = this.#parts.memory.known(siteLogOrigin(device))?.size ?? 0
        asked.sizes.push(readCheckpoint(body.note)?.size ?? 0, witnessed)
      }
    }
    return questions
  }
}

async function readDigests(client: PostgresClient, envelopes: readonly Envelope[]): Promise<Map<string, string>> {
  if (envelopes.length === 0) return new Map()
  const { rows } = await client.query<DeviceMark & { readonly digest: string }>({
    name: 'ingest-digests',
    text: READ_COMMITTED_DIGESTS,
    values: [
      envelopes.map(({ device }) => device),
      envelopes.map(({ epoch }) => epoch),
      envelopes.map(({ stream }) => stream),
      envelopes.map(({ sequence }) => sequence),
    ],
  })
  return new Map(rows.map((row) => [`${placeKey(row)}/${row.sequence}`, row.digest]))
}

async function readCosigned(client: PostgresClient, devices: readonly string[]): Promise<Map<string, Cosigned>> {
  if (devices.length === 0) return new Map()
  const { rows } = await client.query<Cosigned & { readonly device: string }>({
    name: 'ingest-cosigned',
    text: READ_COSIGNED,
    values: [devices],
  })
  return new Map(rows.map(({ device, size, note }) => [device, { size, note }]))
}

async function writeWatermarks(client: PostgresClient, { written }: StagedTransaction): Promise<void> {
  const marks = [...written.values()]
  if (marks.length === 0) return
  await client.query({
    name: 'ingest-write-marks',
    text: WRITE_WATERMARKS,
    values: [
      marks.map(({ device }) => device),
      marks.map(({ mark }) => mark.epoch),
      marks.map(({ mark }) => mark.stream),
      marks.map(({ mark }) => mark.sequence),
      marks.map(({ duplicates }) => duplicates),
      marks.map(({ refused }) => refused),
    ],
  })
}
