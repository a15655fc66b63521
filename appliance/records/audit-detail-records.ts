import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** What a leaf commits to. `detail` is canonical JSON. */
export interface AuditDetailRow {
  readonly salt: Uint8Array
  readonly detail: string
}

/** A witness besides the hub. `at` in POSIX seconds. */
export interface WitnessRow {
  readonly witness: string
  readonly size: number
  readonly at: number
}

const INSERT = 'INSERT INTO audit_detail (leaf_index, study_id, salt, detail) VALUES (?, ?, ?, ?)'
const READ = 'SELECT salt, detail FROM audit_detail WHERE leaf_index = ?'
const KEEP = `
INSERT INTO witness_cosignature (witness, tree_size, lines, cosigned_at) VALUES (?, ?, ?, ?)
ON CONFLICT (witness, tree_size) DO NOTHING`
const LARGEST = 'SELECT max(tree_size) AS size FROM witness_cosignature WHERE witness = ?'
const WITNESSES = `
SELECT witness, max(tree_size) AS size, max(cosigned_at) AS at FROM witness_cosignature
GROUP BY witness ORDER BY witness`
const STUDY_UID = 'SELECT study_instance_uid AS uid FROM study WHERE study_id = ?'

/** Details behind the commitments of audit leaves, and cosignatures of witnesses that the site asks itself. */
export class AuditDetailRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Keeps the detail of a leaf, in the transaction that appends the leaf. @param studyId whose purge destroys it. */
  insert(index: number, studyId: number | null, row: AuditDetailRow): void {
    this.#sql.run(INSERT, index, studyId, row.salt, row.detail)
  }

  /** `undefined` where the leaf has none, or it went with its study. */
  read(index: number): AuditDetailRow | undefined {
    return this.#sql.get<AuditDetailRow>(READ, index)
  }

  keepCosignature(witness: string, size: number, lines: string, at: number): void {
    this.#sql.run(KEEP, witness, size, lines, at)
  }

  /** Largest size that a witness has cosigned; 0 for none. */
  cosignedSize(witness: string): number {
    return this.#sql.get<{ readonly size: number | null }>(LARGEST, witness)?.size ?? 0
  }

  witnesses(): readonly WitnessRow[] {
    return this.#sql.all<WitnessRow>(WITNESSES)
  }

  /** The Study Instance UID, for a detail; null when there is no such study. */
  studyInstanceUid(studyId: number): string | null {
    return this.#sql.get<{ readonly uid: string }>(STUDY_UID, studyId)?.uid ?? null
  }
}
