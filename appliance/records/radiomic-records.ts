import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** Radiomic features of one region of one result. */
export interface RadiomicRegion {
  readonly settings: string
  readonly voxels: number
  readonly reason: string | null
  readonly rows: readonly RadiomicValue[]
}

/** One value. */
export interface RadiomicValue {
  readonly code: string
  readonly ibsi: string | null
  readonly unit: string | null
  readonly value: number | null
  readonly verified: boolean
}

/** One value with the region that it is of. */
export interface RadiomicRow {
  readonly resultId: number
  readonly settings: string
  readonly voxels: number
  readonly reason: string | null
  /** Null where the region has no values. */
  readonly code: string | null
  readonly ibsi: string | null
  readonly unit: string | null
  readonly value: number | null
  readonly verified: 0 | 1 | null
}

export const INSERT_REGION = 'INSERT INTO radiomic_region (result_id, settings, voxels, reason) VALUES (?, ?, ?, ?)'
export const INSERT_VALUE = `
INSERT INTO radiomic_value (result_id, code, ibsi, unit, value, verified) VALUES (?, ?, ?, ?, ?, ?)`
export const SELECT_RADIOMICS = `
SELECT g.result_id AS resultId, g.settings, g.voxels, g.reason, v.code, v.ibsi, v.unit, v.value, v.verified
FROM result r JOIN radiomic_region g ON g.result_id = r.result_id
LEFT JOIN radiomic_value v ON v.result_id = g.result_id
WHERE r.revision_id = ?`

/** Radiomic features beside the results that they belong to. */
export class RadiomicRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Writes the features of one result. Inside the caller's transaction. */
  insert(resultId: number, { settings, voxels, reason, rows }: RadiomicRegion): void {
    this.#sql.run(INSERT_REGION, resultId, settings, voxels, reason)
    for (const { code, ibsi, unit, value, verified } of rows) {
      this.#sql.run(INSERT_VALUE, resultId, code, ibsi, unit, value, verified ? 1 : 0)
    }
  }

  /** All features of a revision. */
  ofRevision(revisionId: number): readonly RadiomicRow[] {
    return this.#sql.all(SELECT_RADIOMICS, revisionId)
  }
}
