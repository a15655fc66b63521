import type { DeviceId, Envelope, EnvelopeBody, Watermark } from '@leadglass/sync-agent/contract'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { AlarmBook } from './alarms.ts'
import { EffectWriter } from './effects.ts'
import { EpochComparison } from './epoch-comparison.ts'
import type { BatchResult, InboxStore, InboxTransaction } from './inbox-store.ts'
import type { ParsedBatch } from './payload.ts'
import type { SiteAuditPort } from './site-audit-port.ts'
import { answered, takeBatch } from './take-batch.ts'

const READ_DEVICE = 'SELECT revoked_at, held_at FROM device WHERE device = ?'
const TOUCH_DEVICE = 'UPDATE device SET last_seen_at = ? WHERE device = ?'
const READ_WATERMARKS = 'SELECT epoch, stream, sequence FROM stream_watermark WHERE device = ? ORDER BY epoch, stream'
const WRITE_WATERMARK = `INSERT INTO stream_watermark (device, epoch, stream, sequence, duplicates, refused)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (device, epoch, stream) DO UPDATE SET sequence = excluded.sequence,
  duplicates = duplicates + excluded.duplicates, refused = refused + excluded.refused`
export const READ_COMMITTED_DIGEST =
  'SELECT digest FROM envelope_inbox WHERE device = ? AND epoch = ? AND stream = ? AND sequence = ?'
const INSERT_ENVELOPE = `INSERT INTO envelope_inbox (device, epoch, stream, sequence, kind, digest, received_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`

const DELETE_ENVELOPE = 'DELETE FROM envelope_inbox WHERE id = ?'

/** The inbox in SQLite, in the hub's own database. */
export class Inbox implements InboxStore {
  readonly #database: Database.Database
  readonly #audit: SiteAuditPort
  readonly #alarms: AlarmBook
  readonly #clock: Clock
  readonly #effects: EffectWriter
  readonly #epochs: EpochComparison
  readonly #readDevice: Database.Statement
  readonly #touchDevice: Database.Statement
  readonly #readWatermarks: Database.Statement
  readonly #writeWatermark: Database.Statement
  readonly #readDigest: Database.Statement
  readonly #insertEnvelope: Database.Statement
  readonly #deleteEnvelope: Database.Statement

  constructor(database: Database.Database, audit: SiteAuditPort, alarms: AlarmBook, clock: Clock) {
    this.#database = database
    this.#audit = audit
    this.#alarms = alarms
    this.#clock = clock
    this.#effects = new EffectWriter(database)
    this.#epochs = new EpochComparison(database, alarms, clock)
    this.#readDevice = database.prepare(READ_DEVICE)
    this.#touchDevice = database.prepare(TOUCH_DEVICE)
    this.#readWatermarks = database.prepare(READ_WATERMARKS)
    this.#writeWatermark = database.prepare(WRITE_WATERMARK)
    this.#readDigest = database.prepare(READ_COMMITTED_DIGEST)
    this.#insertEnvelope = database.prepare(INSERT_ENVELOPE)
    this.#deleteEnvelope = database.prepare(DELETE_ENVELOPE)
  }

  /** Commits batches in the order given. When this returns, everything that the results acknowledge is on disk. */
  commit(batches: readonly ParsedBatch[]): BatchResult[] {
    for (const { device } of batches) if (this.#readDevice.get(device) !== undefined) this.#audit.open(device)
    const transaction = this.#transaction()
    const at = toIsoInstant(this.#clock.now())
    const take = (batch: ParsedBatch): BatchResult => {
      const { result, statements } = takeBatch(batch, transaction, this.#alarms, at)
      return answered(
        result,
        statements.map((statement) => this.#epochs.compare(batch.device, statement)),
      )
    }
    return this.#database
      .transaction(() => {
        const results = batches.map(take)
        this.#alarms.committed(results)
        return results
      })
      .immediate()
  }

  #transaction(): InboxTransaction {
    return {
      standing: (device) => {
        const row = this.#readDevice.get(device) as
          | { readonly revoked_at: string | null; readonly held_at: string | null }
          | undefined
        if (row === undefined) return 'unknown'
        if (row.revoked_at !== null) return 'revoked'
        return row.held_at === null ? 'admitted' : 'held'
      },
      touch: (device, at) => void this.#touchDevice.run(at, device),
      watermarks: (device) => this.#readWatermarks.all(device) as Watermark[],
      writeWatermark: (device, { epoch, stream, sequence }, duplicates, refused) =>
        void this.#writeWatermark.run(device, epoch, stream, sequence, duplicates, refused),
      committedDigest: ({ device, epoch, stream, sequence }) => {
        const row = this.#readDigest.get(device, epoch, stream, sequence)
        return (row as { readonly digest: string } | undefined)?.digest
      },
      isBeyondClosing: ({ device, epoch, stream, sequence }) =>
        this.#epochs.isBeyondClosing(device, epoch, stream, sequence),
      store: (envelope, at) => this.#store(envelope, at),
      lastCosigned: (device) => this.#audit.lastCosigned(device),
    }
  }

  /** Writes the envelope and its effect. A leaf or checkpoint that contradicts the mirror leaves no trace of either. */
  #store(envelope: Envelope, at: string): boolean {
    const { device, epoch, stream, sequence, digest, body } = envelope
    const inserted = this.#insertEnvelope.run(device, epoch, stream, sequence, body.kind, digest, at)
    const id = Number(inserted.lastInsertRowid)
    const consistent = this.#writeEffect(device, id, body)
    if (!consistent) this.#deleteEnvelope.run(id)
    return consistent
  }

  #writeEffect(device: DeviceId, id: number, body: EnvelopeBody): boolean {
    if (body.kind === 'audit-leaf') {
      return this.#audit.acceptLeaf(device, id, body.index, Buffer.from(body.leaf, 'base64'))
    }
    if (body.kind === 'audit-checkpoint') return this.#audit.acceptCheckpoint(device, id, body.note)
    if (body.kind === 'epoch-root' && !this.#epochs.isSigned(device, body)) return false
    this.#effects.write(id, body)
    return true
  }
}
