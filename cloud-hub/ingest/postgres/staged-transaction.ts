import type { DeviceId, Envelope, ReportedState, StreamName, Watermark } from '@leadglass/sync-agent/contract'
import type { InboxTransaction } from '../inbox-store.ts'
import type { DeviceDirectory } from './device-directory.ts'
import { isStatementSigned } from './epochs.ts'
import type { StagedSiteMirror } from './site-mirror.ts'
import { stageEffect } from './staged-effects.ts'
import type { StagedRows } from './staged-rows.ts'

/** What was read before the first decision. Keys are `placeKey`s, with the sequence behind them for digests. */
export interface Foreseen {
  readonly marks: readonly (Watermark & { readonly device: string })[]
  readonly closings: ReadonlyMap<string, number>
  readonly digests: Map<string, string>
}

/** What a staged transaction stands on. */
export interface StagedTransactionParts {
  readonly devices: DeviceDirectory
  readonly foreseen: Foreseen
  readonly mirror: StagedSiteMirror
  readonly rows: StagedRows
  readonly nextId: () => number
}

/** A watermark to be written, with what is to be added to its counts. */
interface WrittenMark {
  readonly device: DeviceId
  readonly mark: Watermark
  readonly duplicates: number
  readonly refused: number
}

/** One transaction in memory: reads from what was foreseen and what it wrote itself, keeps what is to be written. */
export class StagedTransaction implements InboxTransaction {
  readonly rows: StagedRows
  readonly mirror: StagedSiteMirror
  /** By place; several batches of one transaction can move the same watermark. */
  readonly written = new Map<string, WrittenMark>()
  /** When each device was heard. */
  readonly heard = new Map<string, string>()
  /** What devices said of themselves, for the hub's own database. */
  readonly reports: { readonly device: DeviceId; readonly body: ReportedState }[] = []
  readonly #devices: DeviceDirectory
  readonly #foreseen: Foreseen
  readonly #marks: Map<string, Map<string, Watermark>>
  readonly #nextId: () => number

  constructor({ devices, foreseen, mirror, rows, nextId }: StagedTransactionParts) {
    this.rows = rows
    this.mirror = mirror
    this.#devices = devices
    this.#foreseen = foreseen
    this.#nextId = nextId
    this.#marks = new Map()
    for (const { device, ...mark } of foreseen.marks) this.#ofDevice(device).set(placeKey({ device, ...mark }), mark)
  }

  standing(device: DeviceId): 'admitted' | 'unknown' | 'revoked' | 'held' {
    const known = this.#devices.read(device)
    if (known === undefined) return 'unknown'
    if (known.revokedAt !== null) return 'revoked'
    return known.heldAt === null ? 'admitted' : 'held'
  }

  touch(device: DeviceId, at: string): void {
    this.heard.set(device, at)
  }

  watermarks(device: DeviceId): readonly Watermark[] {
    return [...this.#ofDevice(device).values()]
  }

  writeWatermark(device: DeviceId, mark: Watermark, duplicates: number, refused: number): void {
    const key = placeKey({ device, ...mark })
    const before = this.written.get(key) ?? { duplicates: 0, refused: 0 }
    this.#ofDevice(device).set(key, mark)
    this.written.set(key, {
      device,
      mark,
      duplicates: before.duplicates + duplicates,
      refused: before.refused + refused,
    })
  }

  committedDigest(envelope: Envelope): string | undefined {
    return this.#foreseen.digests.get(digestKey(envelope))
  }

  isBeyondClosing(envelope: Envelope): boolean {
    const last = this.#foreseen.closings.get(placeKey(envelope))
    return last !== undefined && envelope.sequence > last
  }

  store(envelope: Envelope, at: string): boolean {
    const { device, epoch, stream, sequence, digest, body } = envelope
    const id = this.#nextId()
    if (!this.#stageEffect(device, id, body)) return false
    this.rows.add('envelope_inbox', id, device, epoch, stream, sequence, body.kind, digest, at)
    this.#foreseen.digests.set(digestKey(envelope), digest)
    return true
  }

  lastCosigned(device: DeviceId): string | null {
    return this.mirror.lastCosigned(device)
  }

  #stageEffect(device: DeviceId, id: number, body: Envelope['body']): boolean {
    if (body.kind === 'audit-leaf') {
      return this.mirror.acceptLeaf(device, id, body.index, Buffer.from(body.leaf, 'base64'))
    }
    if (body.kind === 'audit-checkpoint') return this.mirror.acceptCheckpoint(device, id, body.note)
    if (body.kind === 'epoch-root' && !isStatementSigned(this.#devices.read(device)?.auditLogKey, body)) return false
    stageEffect(this.rows, id, body)
    if (body.kind === 'reported-state') this.reports.push({ device, body })
    return true
  }

  #ofDevice(device: string): Map<string, Watermark> {
    const marks = this.#marks.get(device) ?? new Map<string, Watermark>()
    this.#marks.set(device, marks)
    return marks
  }
}

/** Identifies a counter: device, epoch and stream. */
export function placeKey(place: {
  readonly device: string
  readonly epoch: number
  readonly stream: StreamName
}): string {
  return `${place.device}/${place.epoch}/${place.stream}`
}

function digestKey(envelope: Envelope): string {
  return `${placeKey(envelope)}/${envelope.sequence}`
}
