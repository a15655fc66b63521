import { createNoteVerifier, parseVerifierKey } from '@leadglass/sync-agent/audit-log'
import {
  type DeviceId,
  type EnvelopeBody,
  type EpochAnswer,
  type EpochRange,
  type EpochRoot,
  envelopeDigest,
  STREAMS,
  type StreamName,
} from '@leadglass/sync-agent/contract'
import { isEpochStatementSigned, rootOfDigests } from '@leadglass/sync-agent/exchange'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { AlarmBook } from './alarms.ts'
import { EffectReader } from './effect-reader.ts'

const READ_KEY = 'SELECT audit_log_key FROM device WHERE device = ?'
export const READ_RANGE = `SELECT id, sequence, kind, digest, erasure IS NOT NULL AS erased FROM envelope_inbox
  LEFT JOIN erased_envelope ON envelope = id WHERE device = ? AND epoch = ? AND stream = ? AND sequence BETWEEN ? AND ? ORDER BY sequence`
const READ_LAST = 'SELECT max(sequence) AS last FROM envelope_inbox WHERE device = ? AND epoch = ? AND stream = ?'
const CLOSE = `INSERT INTO epoch_closing (device, epoch, stream, last_sequence) VALUES (?, ?, ?, ?)
  ON CONFLICT DO NOTHING`
export const READ_CLOSING =
  'SELECT last_sequence AS last FROM epoch_closing WHERE device = ? AND epoch = ? AND stream = ?'
const WRITE_COMPARISON = `INSERT INTO epoch_comparison (device, epoch, run, closed, envelopes, root, hub_envelopes, hub_root,
  equal, differences, compared_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (device, epoch) DO UPDATE SET run = excluded.run, closed = excluded.closed, envelopes = excluded.envelopes,
  root = excluded.root, hub_envelopes = excluded.hub_envelopes, hub_root = excluded.hub_root, equal = excluded.equal,
  differences = excluded.differences, compared_at = excluded.compared_at`
const NARROW = 'UPDATE epoch_comparison SET differences = ?, compared_at = ? WHERE device = ? AND epoch = ? AND run = ?'

type Span = Pick<EpochRange, 'stream' | 'from' | 'to'>

/**
 * Compares what a device states of an epoch with what the hub's tables hold: digests are recomputed from the effects, so an
 * effect that was lost, doubled or changed shows. Everything runs inside the transaction that takes the statement.
 */
export class EpochComparison {
  readonly #database: Database.Database
  readonly #alarms: AlarmBook
  readonly #clock: Clock
  readonly #reader: EffectReader
  readonly #readClosing: Database.Statement

  constructor(database: Database.Database, alarms: AlarmBook, clock: Clock) {
    this.#database = database
    this.#alarms = alarms
    this.#clock = clock
    this.#reader = new EffectReader(database)
    this.#readClosing = database.prepare(READ_CLOSING)
  }

  /** True for a statement that the device's own key signed. Until a key is pinned for the device, any is taken. */
  isSigned(device: DeviceId, statement: EpochRoot): boolean {
    const row = this.#database.prepare(READ_KEY).get(device) as { readonly audit_log_key: string | null } | undefined
    const key = row?.audit_log_key == null ? undefined : parseVerifierKey(row.audit_log_key)
    return key === undefined || isEpochStatementSigned(createNoteVerifier(key), statement)
  }

  /** True when the device has said that its epoch ends before this place. */
  isBeyondClosing(device: DeviceId, epoch: number, stream: StreamName, sequence: number): boolean {
    const row = this.#readClosing.get(device, epoch, stream) as { readonly last: number } | undefined
    return row !== undefined && sequence > row.last
  }

  /** Compares, writes the outcome down, and raises the alarm when the two sides differ. */
  compare(device: DeviceId, statement: EpochRoot): EpochAnswer {
    const { epoch, serial, ranges } = statement
    const own = ranges.map((range) => this.#digests(device, epoch, range))
    const answer: EpochAnswer = {
      epoch,
      serial,
      envelopes: own.reduce((sum, digests) => sum + digests.length, 0),
      root: rootOfDigests(own.flat()),
      ranges: own.map((digests) => ({ envelopes: digests.length, root: rootOfDigests(digests) })),
      beyond: statement.closed ? this.#beyond(device, epoch, ranges) : [],
    }
    const differing = ranges.filter((range, i) => range.root !== answer.ranges[i]?.root)
    const differences = [...differing.map(spanOf), ...answer.beyond]
    if (statement.closed) this.#close(device, statement)
    this.#write(device, statement, answer, differences)
    return answer
  }

  #write(device: DeviceId, statement: EpochRoot, answer: EpochAnswer, differences: readonly Span[]): void {
    const { epoch, run, serial, closed, envelopes, root } = statement
    const at = toIsoInstant(this.#clock.now())
    const list = JSON.stringify(differences)
    const equal = differences.length === 0
    if (run !== serial) {
      // What a later round finds is narrower. One that finds nothing leaves the last word as it was.
      if (!equal) this.#database.prepare(NARROW).run(list, at, device, epoch, run)
    } else {
      const facts = [envelopes, root, answer.envelopes, answer.root, equal ? 1 : 0, list, at]
      this.#database.prepare(WRITE_COMPARISON).run(device, epoch, run, closed ? 1 : 0, ...facts)
    }
    this.#alarms.compared(device, epoch, differences)
  }

  #close(device: DeviceId, { epoch, ranges }: EpochRoot): void {
    for (const stream of STREAMS) {
      const last = ranges.find((range) => range.stream === stream)?.to ?? 0
      this.#database.prepare(CLOSE).run(device, epoch, stream, last)
    }
  }

  #digests(device: DeviceId, epoch: number, { stream, from, to }: Span): (string | undefined)[] {
    const rows = this.#database.prepare(READ_RANGE).all(device, epoch, stream, from, to) as {
      readonly id: number
      readonly sequence: number
      readonly kind: EnvelopeBody['kind']
      readonly digest: string
      readonly erased: 0 | 1
    }[]
    return rows.map(({ id, sequence, kind, digest, erased }) => {
      // What was erased left its digest: the device need not know that its envelope is gone here.
      if (erased === 1 && this.#reader.isGone(id)) return digest
      try {
        return envelopeDigest({ device, epoch, stream, sequence }, this.#reader.read(kind, id))
      } catch {
        return undefined
      }
    })
  }

  #beyond(device: DeviceId, epoch: number, ranges: readonly Span[]): EpochAnswer['beyond'] {
    return STREAMS.flatMap((stream) => {
      const stated = ranges.find((range) => range.stream === stream)?.to ?? 0
      const { last } = this.#database.prepare(READ_LAST).get(device, epoch, stream) as { readonly last: number | null }
      return last === null || last <= stated ? [] : [{ stream, from: stated + 1, to: last }]
    })
  }
}

function spanOf({ stream, from, to }: Span): Span {
  return { stream, from, to }
}
