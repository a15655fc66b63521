import type { StoredRow } from '../lake/index.ts'
import type { LinearHead } from './head-graph.ts'
import { type Design, fitLogistic, type LinearWeights } from './math/logistic.ts'

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

/** How firmly the parent's own scale is held when it is recalibrated: as much as one observation. */
export const SCALE_STRENGTH = 1

/**
 * The parent's head with its scale and bias fitted to these cases (Platt scaling): the same order of scores, on the level
 * of this site. Weights are then changed for a better order only, never to mend the level.
 */
export function recalibrated(design: Design, parent: LinearHead): LinearWeights {
  const { rows, columns, values, labels } = design
  const scores = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    let sum = 0
    for (let i = 0; i < columns; i++) sum += (values[row * columns + i] ?? 0) * (parent.weight[i] ?? 0)
    scores[row] = sum
  }
  const asIs = { weight: Float64Array.of(1), bias: parent.bias }
  const fitted = fitLogistic({ rows, columns: 1, values: scores, labels }, asIs, SCALE_STRENGTH)
  // A negative scale would turn the parent's order round; that is no recalibration but another model.
  const scale = Math.max(0, fitted.weight[0] ?? 1)
  return { weight: Float64Array.from(parent.weight, (value) => value * scale), bias: fitted.bias }
}
