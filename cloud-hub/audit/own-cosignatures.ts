import {
  type AuditLog,
  cosignatureTime,
  createCosignatureVerifier,
  type NoteVerifier,
  openNote,
  parseVerifierKey,
  readCheckpoint,
  SIGNATURE_TYPE,
} from '@leadglass/sync-agent/audit-log'
import type Database from 'better-sqlite3'
import { deviceWitnessName } from './log-names.ts'

const PIN = 'INSERT INTO device_witness (device, verifier_key) VALUES (?, ?) ON CONFLICT (device) DO NOTHING'
const READ_PIN = 'SELECT verifier_key AS key FROM device_witness WHERE device = ?'
const PINNED = `SELECT w.verifier_key AS key FROM device_witness w JOIN device d ON d.device = w.device
  WHERE d.revoked_at IS NULL`
const KEEP = `INSERT INTO hub_log_cosignature (witness, size, lines, cosigned_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (witness, size) DO UPDATE SET lines = excluded.lines, cosigned_at = excluded.cosigned_at
  WHERE excluded.cosigned_at > cosigned_at`
const LINES_AT = 'SELECT lines FROM hub_log_cosignature WHERE size = ? ORDER BY witness LIMIT 16'
const LARGEST = 'SELECT max(size) AS size FROM hub_log_cosignature WHERE witness = ?'
const BY_WITNESS = `SELECT witness, max(size) AS size, max(cosigned_at) AS at FROM hub_log_cosignature
  GROUP BY witness ORDER BY witness`
const NEWEST = 'SELECT max(size) AS size FROM hub_log_cosignature'

/** A witness of the hub's log, and how far it has seen it. `at` in POSIX seconds. */
export interface OwnWitness {
  readonly witness: string
  readonly size: number
  readonly at: number
}

/** What became of a cosigned note. `diverged`: a device has cosigned a log that is not this one. */
export type CosignatureTaken =
  | { readonly kind: 'kept'; readonly size: number; readonly witnesses: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'unknown-witness' }
  | { readonly kind: 'refused'; readonly reason: 'diverged'; readonly device: string }

/** Who has cosigned the hub's own log. Devices speak for themselves by the key that was pinned at their enrolment. */
export class OwnCosignatures {
  readonly #database: Database.Database
  readonly #log: AuditLog

  constructor(database: Database.Database, log: AuditLog) {
    this.#database = database
    this.#log = log
  }

  /** Pins a device's key as a witness; the first one stays. @returns false for another key than the pinned one. */
  pin(device: string, verifierKey: string): boolean {
    const key = parseVerifierKey(verifierKey)
    if (key?.type !== SIGNATURE_TYPE.cosignature || key.name !== deviceWitnessName(device)) return false
    this.#database.prepare(PIN).run(device, verifierKey)
    return (this.#database.prepare(READ_PIN).get(device) as { readonly key: string }).key === verifierKey
  }

  /** Takes a checkpoint of this log with cosignatures of devices, as one that observed it sends it back. */
  take(note: string): CosignatureTaken {
    const checkpoint = readCheckpoint(note)
    if (checkpoint?.origin !== this.#log.origin) return { kind: 'refused', reason: 'malformed' }
    const opened = openNote(note, this.#verifiers())
    if (opened.kind === 'refused') return { kind: 'refused', reason: 'unknown-witness' }
    const isOurs =
      checkpoint.size <= this.#log.size && Buffer.compare(this.#log.root(checkpoint.size), checkpoint.root) === 0
    const device = /^leadglass\/(.+)\/witness$/.exec(opened.by[0]?.name ?? '')?.[1] ?? ''
    if (!isOurs) return { kind: 'refused', reason: 'diverged', device }
    const lines = note.slice(opened.text.length + 1).split(/(?<=\n)/)
    for (const one of opened.by) {
      const line = lines.find((text) => text.startsWith(`— ${one.name} `))
      if (line !== undefined) this.keep(one.name, checkpoint.size, line, cosignatureTime(one) ?? 0)
    }
    return { kind: 'kept', size: checkpoint.size, witnesses: opened.by.map((one) => one.name) }
  }

  /** Keeps a verified cosignature; a later one of the same checkpoint says that it was seen again. */
  keep(witness: string, size: number, lines: string, at: number): void {
    this.#database.prepare(KEEP).run(witness, size, lines, at)
  }

  /** Signature lines of witnesses for the checkpoint of this size. */
  linesAt(size: number): string {
    const rows = this.#database.prepare(LINES_AT).all(size) as { readonly lines: string }[]
    return rows.map((row) => row.lines).join('')
  }

  /** Largest size that a witness has cosigned; 0 for none. */
  cosignedSize(witness: string): number {
    return (this.#database.prepare(LARGEST).get(witness) as { readonly size: number | null }).size ?? 0
  }

  /** Largest size that anybody has cosigned; 0 for none. */
  newestSize(): number {
    return (this.#database.prepare(NEWEST).get() as { readonly size: number | null }).size ?? 0
  }

  witnesses(): readonly OwnWitness[] {
    return this.#database.prepare(BY_WITNESS).all() as OwnWitness[]
  }

  #verifiers(): NoteVerifier[] {
    const rows = this.#database.prepare(PINNED).all() as { readonly key: string }[]
    return rows.flatMap(({ key }) => {
      const parsed = parseVerifierKey(key)
      return parsed === undefined ? [] : [createCosignatureVerifier(parsed)]
    })
  }
}
