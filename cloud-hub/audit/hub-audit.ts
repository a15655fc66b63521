import type { KeyObject } from 'node:crypto'
import {
  type AppendedLeaf,
  type AuditEventInput,
  AuditLog,
  createNoteSigner,
  encodeVerifierKey,
  type NoteSigner,
  SqliteLogStore,
  signCheckpoint,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { HUB_LOG_ORIGIN } from './log-names.ts'
import { OwnCosignatures } from './own-cosignatures.ts'

/** The hub's own log: every act at the hub is a leaf, written in the transaction of the act. */
export class HubAudit {
  readonly log: AuditLog
  /** Who has cosigned this log. */
  readonly cosignatures: OwnCosignatures
  readonly #database: Database.Database
  readonly #append: Database.Transaction<(event: AuditEventInput) => AppendedLeaf>
  readonly #signer: NoteSigner
  readonly #verifierKey: string

  /**
   * @param key Ed25519 private key of the hub's log.
   * @param monotonic a clock that nobody sets: with it, leaps of `clock` are recorded.
   * Not to be constructed inside a transaction.
   */
  constructor(database: Database.Database, key: KeyObject, clock: Clock, monotonic?: Clock) {
    const store = new SqliteLogStore(database, HUB_LOG_ORIGIN)
    const watched = monotonic === undefined ? {} : { monotonic }
    this.log = new AuditLog({ origin: HUB_LOG_ORIGIN, store, clock, ...watched })
    this.#database = database
    this.#append = database.transaction((event: AuditEventInput) => this.log.append(event))
    this.cosignatures = new OwnCosignatures(database, this.log)
    this.#signer = createNoteSigner(HUB_LOG_ORIGIN, key)
    this.#verifierKey = encodeVerifierKey(verifierKeyOf(HUB_LOG_ORIGIN, key))
  }

  /**
   * Adds an event: in the transaction that is open, or in one of its own. The leaf and the nodes that it completes are there
   * together or not at all, and another process beside this one, such as an enrolment, waits for its turn.
   */
  record(event: AuditEventInput): void {
    this.append(event)
  }

  /** As `record`. @returns where the entry stands. */
  append(event: AuditEventInput): AppendedLeaf {
    return this.#database.inTransaction ? this.log.append(event) : this.#append.immediate(event)
  }

  /** A signed checkpoint of everything recorded so far, with the cosignatures that there are of it. */
  checkpoint(): string {
    return this.checkpointAt(this.log.size)
  }

  /** The checkpoint of the first `size` entries, with its cosignatures. Ed25519: the same bytes every time. */
  checkpointAt(size: number): string {
    const checkpoint = { origin: this.log.origin, size, root: this.log.root(size) }
    return `${signCheckpoint(checkpoint, [this.#signer])}${this.cosignatures.linesAt(size)}`
  }

  /** The newest checkpoint that a witness has cosigned; `null` while there is none. */
  cosignedCheckpoint(): string | null {
    const size = this.cosignatures.newestSize()
    return size === 0 ? null : this.checkpointAt(size)
  }

  /** The key under which checkpoints verify, as a C2SP vkey. */
  verifierKey(): string {
    return this.#verifierKey
  }
}
