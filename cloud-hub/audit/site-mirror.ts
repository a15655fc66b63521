import type { KeyObject } from 'node:crypto'
import {
  AuditLog,
  type Checkpoint,
  checkpointText,
  createCosigner,
  createNoteVerifier,
  decodeEvent,
  encodeVerifierKey,
  isAhead,
  MAX_LEAF_BYTES,
  openCheckpoint,
  parseVerifierKey,
  readCheckpoint,
  SIGNATURE_TYPE,
  SqliteLogStore,
  signatureLine,
  verifierKeyOf,
  wentBack,
} from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { SiteAuditPort } from '../ingest/site-audit-port.ts'
import type { HubAudit } from './hub-audit.ts'
import { siteLogOrigin, WITNESS_NAME } from './log-names.ts'
import { HubWitnessMemory } from './witness-memory.ts'

const READ_KEY = 'SELECT audit_log_key FROM device WHERE device = ?'
const READ_LOG_ID = 'SELECT id FROM audit_log WHERE origin = ?'
const INSERT_LEAF = 'INSERT INTO site_leaf_envelope (envelope, log, leaf_index) VALUES (?, ?, ?)'
const INSERT_CHECKPOINT = `INSERT INTO site_checkpoint (envelope, device, size, note, cosigned) VALUES (?, ?, ?, ?, ?)`
export const READ_LAST_COSIGNED = `SELECT size, cosigned FROM site_checkpoint
  WHERE device = ? AND cosigned IS NOT NULL ORDER BY size DESC, envelope DESC LIMIT 1`

const NOTE_STUDY = 'INSERT INTO audited_study (device, study) VALUES (?, ?) ON CONFLICT DO NOTHING'

/** What a leaf says that cannot be true; it is kept as it is, and raised. */
export type TimeDoubt = 'audit-time-back' | 'audit-time-ahead'

/**
 * The hub's copy of each site's log. A leaf must be the next one, or the same bytes as the copy has at its index; a
 * checkpoint must state the root that the copy has at its size, be signed by the key pinned for the device, and not go
 * behind the last one cosigned. Then the hub cosigns it: neither side alone can rewrite what both have signed.
 */
export class SiteAuditMirror implements SiteAuditPort {
  readonly #database: Database.Database
  readonly #witnessKey: KeyObject
  readonly #hubAudit: HubAudit
  readonly #clock: Clock
  readonly #memory: HubWitnessMemory
  readonly #insertLeaf: Database.Statement
  readonly #noteStudy: Database.Statement
  readonly #logs = new Map<string, { readonly id: number; readonly log: AuditLog }>()
  #raise: (device: DeviceId, doubt: TimeDoubt) => void = () => undefined

  constructor(database: Database.Database, witnessKey: KeyObject, hubAudit: HubAudit, clock: Clock) {
    this.#database = database
    this.#witnessKey = witnessKey
    this.#hubAudit = hubAudit
    this.#clock = clock
    this.#memory = new HubWitnessMemory(database)
    this.#insertLeaf = database.prepare(INSERT_LEAF)
    this.#noteStudy = database.prepare(NOTE_STUDY)
  }

  /** Says where doubt about the times in a log goes. */
  reportDoubts(raise: (device: DeviceId, doubt: TimeDoubt) => void): void {
    this.#raise = raise
  }

  /** Enters the log of a device. Must run before the transaction that accepts its leaves. */
  open(device: DeviceId): void {
    this.#log(device)
  }

  acceptLeaf(device: DeviceId, envelope: number, index: number, leaf: Uint8Array): boolean {
    const { id, log } = this.#log(device)
    if (index > log.size || leaf.length > MAX_LEAF_BYTES) return false
    if (index < log.size) {
      const known = log.leaf(index)
      if (known === undefined || Buffer.compare(known, leaf) !== 0) return false
    } else {
      log.appendLeaf(leaf)
      this.#examine(device, log, index, leaf)
    }
    this.#insertLeaf.run(envelope, id, index)
    return true
  }

  acceptCheckpoint(device: DeviceId, envelope: number, note: string): boolean {
    const { log } = this.#log(device)
    const opened = this.#open(device, note)
    if (opened === undefined) return false
    const { checkpoint, signed } = opened
    if (checkpoint.origin !== siteLogOrigin(device) || checkpoint.size > log.size) return false
    if (checkpoint.size < (this.#last(device)?.size ?? 0)) return false
    if (Buffer.compare(log.root(checkpoint.size), checkpoint.root) !== 0) return false
    const witnessed = this.#memory.known(checkpoint.origin)
    if (witnessed !== undefined && witnessed.size > 0 && witnessed.size <= checkpoint.size) {
      // What was cosigned over the other way (add-checkpoint) binds here as well.
      if (Buffer.compare(log.root(witnessed.size), witnessed.root) !== 0) return false
    }
    const isNewest = checkpoint.size >= (witnessed?.size ?? 0)
    const cosigned = signed && isNewest ? this.#cosign(note, checkpoint) : null
    if (cosigned !== null) this.#memory.remember(checkpoint.origin, checkpoint.size, checkpoint.root)
    this.#database.prepare(INSERT_CHECKPOINT).run(envelope, device, checkpoint.size, note, cosigned)
    return true
  }

  lastCosigned(device: DeviceId): string | null {
    return this.#last(device)?.cosigned ?? null
  }

  /** The copy of a device's log, for search and proofs. */
  mirror(device: DeviceId): AuditLog {
    return this.#log(device).log
  }

  /** The key under which the hub's cosignatures verify, as a C2SP vkey. */
  witnessVerifierKey(): string {
    return encodeVerifierKey(verifierKeyOf(WITNESS_NAME, this.#witnessKey, SIGNATURE_TYPE.cosignature))
  }

  /** A checkpoint that may be believed. Until a key is pinned for the device nothing is cosigned. */
  #open(device: DeviceId, note: string): { readonly checkpoint: Checkpoint; readonly signed: boolean } | undefined {
    const row = this.#database.prepare(READ_KEY).get(device) as { readonly audit_log_key: string | null } | undefined
    const key = row?.audit_log_key == null ? undefined : parseVerifierKey(row.audit_log_key)
    if (key === undefined) {
      const checkpoint = readCheckpoint(note)
      return checkpoint === undefined ? undefined : { checkpoint, signed: false }
    }
    const opened = openCheckpoint(note, [createNoteVerifier(key)])
    return opened.kind === 'refused' ? undefined : { checkpoint: opened.checkpoint, signed: true }
  }

  /** A signed leaf can still be false about its time. It is part of the log, so it is kept; the doubt is raised. */
  #examine(device: DeviceId, log: AuditLog, index: number, leaf: Uint8Array): void {
    const event = decodeEvent(leaf)
    if (event === undefined) return
    if (event.subject?.kind === 'study') this.#noteStudy.run(device, event.subject.id)
    const earlier = index === 0 ? undefined : log.leaf(index - 1)
    const before = earlier === undefined ? undefined : decodeEvent(earlier)
    if (before !== undefined && wentBack(before, event)) this.#raise(device, 'audit-time-back')
    if (isAhead(event, this.#clock.now())) this.#raise(device, 'audit-time-ahead')
  }

  #cosign(note: string, checkpoint: Checkpoint): string {
    const cosigner = createCosigner(WITNESS_NAME, this.#witnessKey, this.#clock.now() / 1000)
    this.#hubAudit.record({
      event: 'checkpoint.cosigned',
      actor: { kind: 'system', id: 'hub.witness' },
      subject: { kind: 'log', id: checkpoint.origin },
      outcome: 'success',
    })
    return `${note}${signatureLine(cosigner, checkpointText(checkpoint))}`
  }

  #last(device: DeviceId): { readonly size: number; readonly cosigned: string } | undefined {
    return this.#database.prepare(READ_LAST_COSIGNED).get(device) as
      | { readonly size: number; readonly cosigned: string }
      | undefined
  }

  #log(device: DeviceId): { readonly id: number; readonly log: AuditLog } {
    const known = this.#logs.get(device)
    if (known !== undefined) return known
    const origin = siteLogOrigin(device)
    const log = new AuditLog({ origin, store: new SqliteLogStore(this.#database, origin), clock: this.#clock })
    const { id } = this.#database.prepare(READ_LOG_ID).get(origin) as { readonly id: number }
    const opened = { id, log }
    this.#logs.set(device, opened)
    return opened
  }
}
