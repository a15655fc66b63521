import { type AuditEventCode, type AuditLog, decodeEvent } from '@leadglass/sync-agent/audit-log'
import type { Logger } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from './hub-audit.ts'
import { HUB_LOG_ORIGIN } from './log-names.ts'

/** How often to look, in milliseconds. */
export const OWN_RECORDING_EVERY_MS = 30_000

/**
 * Rows that only acts add, never a reader, and the words that such an act leaves. A table that loses no rows counts
 * them; one with rising ids tells the last.
 */
export const HUB_ACTS = {
  ingest: { rows: 'SELECT max(id) AS row FROM envelope_inbox', words: ['ingest.committed'] },
  signatures: { rows: 'SELECT count(*) AS row FROM approval_signature', words: ['approval.signed'] },
  proposals: { rows: 'SELECT count(*) AS row FROM proposal', words: ['approval.submitted'] },
  training: { rows: 'SELECT count(*) AS row FROM training_run', words: ['training.started', 'training.triggered'] },
  models: { rows: 'SELECT count(*) AS row FROM model_version', words: ['model.registered'] },
  devices: { rows: 'SELECT count(*) AS row FROM device', words: ['device.enrolled'] },
  'desired-state': { rows: 'SELECT max(id) AS row FROM desired_edit', words: ['setting.changed'] },
  holds: { rows: 'SELECT max(hold) AS row FROM audit_hold', words: ['hold.placed'] },
} as const satisfies Readonly<Record<string, { readonly rows: string; readonly words: readonly AuditEventCode[] }>>

type HubAct = keyof typeof HUB_ACTS
const ACTS = Object.keys(HUB_ACTS) as HubAct[]

const READ = 'SELECT row, size FROM own_recording_check WHERE act = ?'
const WRITE = `INSERT INTO own_recording_check (act, row, size) VALUES (?, ?, ?)
  ON CONFLICT (act) DO UPDATE SET row = excluded.row, size = excluded.size`

/** Finds out that the hub's own tables change while its log does not speak of it: recording is off at the hub. */
export class OwnRecordingWatch {
  readonly #database: Database.Database
  readonly #log: Pick<AuditLog, 'size' | 'leaves'>
  readonly #audit: Pick<HubAudit, 'record'>
  readonly #logger: Logger
  /** Acts without a word at the last look: an act and its word may lie on two sides of one look. */
  readonly #doubted = new Set<HubAct>()

  constructor(parts: {
    readonly database: Database.Database
    readonly log: Pick<AuditLog, 'size' | 'leaves'>
    readonly audit: Pick<HubAudit, 'record'>
    readonly logger: Logger
  }) {
    this.#database = parts.database
    this.#log = parts.log
    this.#audit = parts.audit
    this.#logger = parts.logger
  }

  /** Holds every kind of act against the log, from where it was last in order. @returns the kinds that nothing speaks of. */
  look(): readonly string[] {
    // How far was looked and what was found are one commit: a finding that cannot be written is found again.
    return this.#database.transaction(() => {
      const silent = ACTS.filter((act) => this.#isSilent(act))
      for (const act of silent) {
        this.#logger.error('audit.recording-off', { act })
        this.#audit.record({
          event: 'log.inconsistent',
          actor: { kind: 'system', id: 'hub.witness' },
          subject: { kind: 'log', id: HUB_LOG_ORIGIN },
          outcome: 'failure',
          codes: ['audit-recording-off', `act.${act}`],
        })
      }
      return silent
    })()
  }

  #isSilent(act: HubAct): boolean {
    const { rows, words } = HUB_ACTS[act]
    const row = (this.#database.prepare(rows).get() as { readonly row: number | null }).row ?? 0
    const size = this.#log.size
    const last = this.#database.prepare(READ).get(act) as { readonly row: number; readonly size: number } | undefined
    const isInOrder = last === undefined || row === last.row || this.#speaksOf(words, last.size)
    if (!isInOrder && !this.#doubted.has(act)) {
      this.#doubted.add(act)
      return false
    }
    this.#doubted.delete(act)
    this.#database.prepare(WRITE).run(act, row, size)
    return !isInOrder
  }

  #speaksOf(words: readonly AuditEventCode[], from: number): boolean {
    for (const leaf of this.#log.leaves(from)) {
      const word = decodeEvent(leaf)?.event
      if (words.some((one) => one === word)) return true
    }
    return false
  }
}
