import type { Acknowledgement, DeviceId, Envelope, EnvelopeBody, Watermark } from '@leadglass/sync-agent/contract'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { admit } from './admission.ts'
import type { AlarmBook } from './alarms.ts'
import { EffectWriter } from './effects.ts'
import type { ParsedBatch, Refusal } from './payload.ts'
import type { SiteAuditPort } from './site-audit-port.ts'

const READ_DEVICE = 'SELECT revoked_at FROM device WHERE device = ?'
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

/** What a commit did with a batch. An unknown or revoked device gets no acknowledgement. */
export type BatchResult =
  | {
      readonly outcome: 'committed'
      readonly acknowledgement: Acknowledgement
      readonly accepted: number
      readonly duplicates: number
    }
  | { readonly outcome: 'turned-away'; readonly code: 'device-unknown' | 'device-revoked' }

/** The durable inbox: many batches a transaction, effects and watermarks together or not at all. */
export class Inbox {
  readonly #database: Database.Database
  readonly #audit: SiteAuditPort
  readonly #alarms: AlarmBook
  readonly #clock: Clock
  readonly #effects: EffectWriter
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
    return this.#database.transaction(() => batches.map((batch) => this.#commitOne(batch))).immediate()
  }

  #commitOne(batch: ParsedBatch): BatchResult {
    const at = toIsoInstant(this.#clock.now())
    const device = this.#readDevice.get(batch.device) as { readonly revoked_at: string | null } | undefined
    if (device === undefined || device.revoked_at !== null) {
      const code = device === undefined ? 'device-unknown' : 'device-revoked'
      this.#alarms.raise(batch.device, code, 1)
      return { outcome: 'turned-away', code }
    }
    this.#touchDevice.run(at, batch.device)
    const watermarks = new Map(
      (this.#readWatermarks.all(batch.device) as Watermark[]).map((mark) => [streamKey(mark), mark]),
    )
    const touched = new Map<string, Touched>()
    const refused: Refusal[] = [...batch.refused]
    let accepted = 0
    let checkpointSeen = false
    for (const envelope of batch.envelopes) {
      const { epoch, stream, sequence } = envelope
      const key = streamKey(envelope)
      const current = touched.get(key) ?? {
        mark: watermarks.get(key) ?? { epoch, stream, sequence: 0 },
        duplicates: 0,
        refused: 0,
      }
      touched.set(key, current)
      const admission = admit(envelope, current.mark.sequence, this.#committedDigest(envelope, current.mark.sequence))
      const refuse = (code: Refusal['code']): void => {
        refused.push({ epoch, stream, sequence, code })
        current.refused += 1
      }
      if (admission.outcome === 'refuse') refuse(admission.code)
      else if (admission.outcome === 'duplicate') current.duplicates += 1
      else if (this.#store(envelope, at)) {
        current.mark = { epoch, stream, sequence }
        accepted += 1
      } else refuse('audit-inconsistent')
      checkpointSeen ||= envelope.body.kind === 'audit-checkpoint'
    }
    for (const { mark, duplicates, refused: turnedAway } of touched.values()) {
      this.#writeWatermark.run(batch.device, mark.epoch, mark.stream, mark.sequence, duplicates, turnedAway)
    }
    this.#raiseAlarms(batch, refused)
    return {
      outcome: 'committed',
      accepted,
      duplicates: [...touched.values()].reduce((sum, one) => sum + one.duplicates, 0),
      acknowledgement: {
        schema: 'leadglass.acknowledgement/1',
        device: batch.device,
        batch: batch.batch,
        watermarks: [...touched.values()].map((one) => one.mark),
        refused,
        cosigned: checkpointSeen ? this.#audit.lastCosigned(batch.device) : null,
      },
    }
  }

  #committedDigest(envelope: Envelope, watermark: number): string | undefined {
    if (envelope.sequence > watermark) return undefined
    const row = this.#readDigest.get(envelope.device, envelope.epoch, envelope.stream, envelope.sequence)
    return (row as { readonly digest: string } | undefined)?.digest
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
    this.#effects.write(id, body)
    return true
  }

  #raiseAlarms(batch: ParsedBatch, refused: readonly Refusal[]): void {
    const counts = new Map<string, number>()
    for (const { code } of refused) counts.set(code, (counts.get(code) ?? 0) + 1)
    if (batch.unreadable > 0) counts.set('schema', (counts.get('schema') ?? 0) + batch.unreadable)
    for (const [code, count] of counts) this.#alarms.raise(batch.device, code, count)
  }
}

/** What a batch did to one stream. */
interface Touched {
  mark: Watermark
  duplicates: number
  refused: number
}

function streamKey(mark: Pick<Watermark, 'epoch' | 'stream'>): string {
  return `${mark.epoch}/${mark.stream}`
}
