import {
  createNoteVerifier,
  newWitnessedLog,
  parseVerifierKey,
  type WitnessDecision,
  type WitnessedLog,
  type WitnessMemory,
} from '@leadglass/sync-agent/audit-log'
import type Database from 'better-sqlite3'

const KEY_OF_LOG = `SELECT audit_log_key AS key FROM device
  WHERE revoked_at IS NULL AND 'leadglass/' || device || '/audit' = ? AND audit_log_key IS NOT NULL`
const READ_WITNESSED = 'SELECT size, root FROM witnessed_log WHERE origin = ?'
const WRITE = `INSERT INTO witnessed_log (origin, size, root) VALUES (?, ?, ?)
  ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root`

/**
 * What the hub remembers as a witness, for the checkpoints that come with the envelopes and for those that come by
 * `add-checkpoint`: one memory, so that the two ways cannot be told two stories.
 */
export class HubWitnessMemory implements WitnessMemory {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  /** Judged and written in one transaction (BEGIN IMMEDIATE): durable before the promise resolves. */
  async judge(origin: string, decide: (known: WitnessedLog | undefined) => WitnessDecision): Promise<WitnessDecision> {
    const judge = this.#database.transaction((): WitnessDecision => {
      const decision = decide(this.known(origin))
      if (decision.status === 200) this.remember(origin, decision.checkpoint.size, decision.checkpoint.root)
      return decision
    })
    return judge.immediate()
  }

  /** The log with its pinned key and the last checkpoint cosigned; `undefined` for one that no device here has. */
  known(origin: string): WitnessedLog | undefined {
    const row = this.#database.prepare(KEY_OF_LOG).get(origin) as { readonly key: string } | undefined
    const key = row === undefined ? undefined : parseVerifierKey(row.key)
    if (key === undefined) return undefined
    const fresh = newWitnessedLog(origin, [createNoteVerifier(key)])
    return { ...fresh, ...this.#last(origin) }
  }

  /** Notes a checkpoint that was cosigned. To be called in the transaction that judged it. */
  remember(origin: string, size: number, root: Uint8Array): void {
    this.#database.prepare(WRITE).run(origin, size, root)
  }

  #last(origin: string): { readonly size: number; readonly root: Uint8Array } | undefined {
    return this.#database.prepare(READ_WITNESSED).get(origin) as
      | { readonly size: number; readonly root: Buffer }
      | undefined
  }
}
