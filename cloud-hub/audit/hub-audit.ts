import type { KeyObject } from 'node:crypto'
import {
  type AuditEventInput,
  AuditLog,
  createNoteSigner,
  encodeVerifierKey,
  type NoteSigner,
  SqliteLogStore,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { HUB_LOG_ORIGIN } from './log-names.ts'

/** The hub's own log: every act at the hub is a leaf, written in the transaction of the act. */
export class HubAudit {
  readonly log: AuditLog
  readonly #signer: NoteSigner
  readonly #verifierKey: string

  /** @param key Ed25519 private key of the hub's log. Not to be constructed inside a transaction. */
  constructor(database: Database.Database, key: KeyObject, clock: Clock) {
    this.log = new AuditLog({ origin: HUB_LOG_ORIGIN, store: new SqliteLogStore(database, HUB_LOG_ORIGIN), clock })
    this.#signer = createNoteSigner(HUB_LOG_ORIGIN, key)
    this.#verifierKey = encodeVerifierKey(verifierKeyOf(HUB_LOG_ORIGIN, key))
  }

  /** Adds an event. */
  record(event: AuditEventInput): void {
    this.log.append(event)
  }

  /** A signed checkpoint of everything recorded so far. */
  checkpoint(): string {
    return this.log.checkpoint(this.#signer)
  }

  /** The key under which checkpoints verify, as a C2SP vkey. */
  verifierKey(): string {
    return this.#verifierKey
  }
}
