import type { StoredRow } from '../lake/index.ts'
import type { LinearHead } from './head-graph.ts'
import type { Design } from './math/logistic.ts'

/** A patient across sites: pseudonyms of two sites have nothing to do with each other. */
export function patientKey(row: StoredRow): string {
  return `${row.site}/${row.patient}`
}

/** Rows as standardised features, by the mean and scale of the parent's head. */
export function designOf(rows: readonly StoredRow[], parent: LinearHead): Design {
  const columns = parent.mean.length
  const values = new Float64Array(rows.length * columns)
  for (const [r, row] of rows.entries()) {
    for (let i = 0; i < columns; i++) {
      values[r * columns + i] = ((row.embedding[i] ?? 0) - (parent.mean[i] ?? 0)) / (parent.scale[i] ?? 1)
    }
  }
  return { rows: rows.length, columns, values, labels: Uint8Array.from(rows, (row) => row.label) }
}
