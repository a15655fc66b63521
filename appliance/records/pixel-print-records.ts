import { createHmac } from 'node:crypto'
import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** What is kept of the pixels of one instance. */
export interface PixelPrintRow {
  readonly instanceId: number
  readonly studyId: number
  /** SHA-256 of the pixels, hexadecimal; kept under a key of the box. */
  readonly digest: string
  /** Difference hash; null for what is not compared by its look. */
  readonly look: string | null
}

export const SELECT_PRINT_KEY = 'SELECT key FROM pixel_print_key'
export const UPSERT_PRINT = `
INSERT INTO pixel_print (instance_id, study_id, digest, look) VALUES (?, ?, ?, ?)
ON CONFLICT (instance_id) DO UPDATE SET digest = excluded.digest, look = excluded.look`
export const COUNT_SAME_PIXELS = 'SELECT count(*) AS count FROM pixel_print WHERE digest = ? AND study_id <> ?'
export const SELECT_LOOKS = `
SELECT instance_id AS instanceId, study_id AS studyId, look FROM pixel_print WHERE look IS NOT NULL
ORDER BY instance_id DESC LIMIT ?`

/** Prints of pixels, for finding what came twice. */
export class PixelPrintRecords {
  readonly #sql: Prepared
  #key: Uint8Array | undefined

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Keeps a print. Inside the caller's transaction. */
  keep({ instanceId, studyId, digest, look }: PixelPrintRow): void {
    this.#sql.run(UPSERT_PRINT, instanceId, studyId, this.#keyed(digest), look)
  }

  /** How many instances of other studies have exactly these pixels. */
  countSame(digest: string, studyId: number): number {
    return this.#sql.get<{ count: number }>(COUNT_SAME_PIXELS, this.#keyed(digest), studyId)?.count ?? 0
  }

  /** Looks of the newest instances that have one. */
  looks(limit: number): readonly { instanceId: number; studyId: number; look: string }[] {
    return this.#sql.all(SELECT_LOOKS, limit)
  }

  #keyed(digest: string): Buffer {
    this.#key ??= this.#sql.get<{ key: Uint8Array }>(SELECT_PRINT_KEY)?.key
    if (this.#key === undefined) throw new Error('the key of the pixel prints is missing')
    return createHmac('sha256', this.#key).update(digest, 'hex').digest()
  }
}
