import { type AuditLog, readCheckpoint } from '@leadglass/sync-agent/audit-log'
import { deviceId } from '@leadglass/sync-agent/contract'
import type Database from 'better-sqlite3'
import type { HubAudit } from './hub-audit.ts'
import { HUB_LOG_ORIGIN, siteLogOrigin } from './log-names.ts'
import type { SiteAuditMirror } from './site-mirror.ts'

const KNOWN_DEVICE = 'SELECT audit_log_key AS key FROM device WHERE device = ?'
export const COSIGNED_NOTES = `SELECT min(cosigned) AS note FROM site_checkpoint
  WHERE device = ? AND size < ? AND cosigned IS NOT NULL GROUP BY size ORDER BY size`
const OWN_COSIGNED = 'SELECT DISTINCT size FROM hub_log_cosignature WHERE size < ? ORDER BY size'
const WITNESS_KEYS = 'SELECT verifier_key AS key FROM device_witness ORDER BY device'
const LEAF_HASH = 'SELECT hash FROM audit_leaf JOIN audit_log ON id = log WHERE origin = ? AND leaf_index = ?'

/** A log, the newest checkpoint that is signed of it, and under which keys. */
export interface SignedLog {
  readonly log: AuditLog
  readonly note: string
  /** Entries that the checkpoint covers. */
  readonly size: number
  /** Earlier signed checkpoints, smallest first. */
  readonly earlier: () => readonly string[]
  /** C2SP verifier keys: the log's, then those of its witnesses. */
  readonly keys: readonly string[]
  readonly hashOf: (index: number) => Uint8Array
}

/** The logs of the hub as somebody outside can believe them: each with what was signed of it. */
export class SignedLogs {
  readonly #database: Database.Database
  readonly #audit: HubAudit
  readonly #mirror: SiteAuditMirror

  constructor(database: Database.Database, audit: HubAudit, mirror: SiteAuditMirror) {
    this.#database = database
    this.#audit = audit
    this.#mirror = mirror
  }

  /** The log of an origin; `undefined` when there is none, or nothing of it was cosigned yet. */
  of(origin: string): SignedLog | undefined {
    if (origin === HUB_LOG_ORIGIN) return this.#own()
    const device = deviceId.safeParse(/^leadglass\/([^/]+)\/audit$/.exec(origin)?.[1])
    if (!device.success || siteLogOrigin(device.data) !== origin) return undefined
    const known = this.#database.prepare(KNOWN_DEVICE).get(device.data) as { readonly key: string | null } | undefined
    const note = known === undefined ? null : this.#mirror.lastCosigned(device.data)
    if (known?.key == null || note === null) return undefined
    const size = readCheckpoint(note)?.size ?? 0
    return {
      log: this.#mirror.mirror(device.data),
      note,
      size,
      keys: [known.key, this.#mirror.witnessVerifierKey()],
      earlier: () => {
        const rows = this.#database.prepare(COSIGNED_NOTES).all(device.data, size) as { readonly note: string }[]
        return rows.map((row) => row.note)
      },
      hashOf: this.#hashesOf(origin),
    }
  }

  #own(): SignedLog {
    const { log } = this.#audit
    const size = log.size
    const witnesses = this.#database.prepare(WITNESS_KEYS).all() as { readonly key: string }[]
    return {
      log,
      note: this.#audit.checkpointAt(size),
      size,
      keys: [this.#audit.verifierKey(), ...witnesses.map((row) => row.key)],
      earlier: () => {
        const rows = this.#database.prepare(OWN_COSIGNED).all(size) as { readonly size: number }[]
        return rows.map((row) => this.#audit.checkpointAt(row.size))
      },
      hashOf: this.#hashesOf(log.origin),
    }
  }

  #hashesOf(origin: string): (index: number) => Uint8Array {
    const read = this.#database.prepare(LEAF_HASH)
    return (index) => (read.get(origin, index) as { readonly hash: Buffer }).hash
  }
}
