import { type SeededNumbers, seededNumbers } from '../seeded-numbers.ts'
import { type TrainingTable, trainingTable } from '../table.ts'

/** What a made table is like. */
export interface MadeTable {
  readonly rows: number
  readonly columns: number
  readonly classes?: number
  /** Share of values that are missing. */
  readonly missing?: number
  readonly seed?: number
}

/**
 * A table whose class depends on the first two columns and a little on chance. Columns are in turn smooth, of few values,
 * and far from 0.
 */
export function madeTable({ rows, columns, classes = 2, missing = 0.1, seed = 1 }: MadeTable): TrainingTable {
  const numbers = seededNumbers(seed)
  const values = new Float64Array(rows * columns)
  const labels = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const first = numbers.normal()
    const second = numbers.normal()
    const level = 0.5 + 0.25 * (first + second * second - 1) + 0.1 * numbers.normal()
    labels[row] = Math.max(0, Math.min(classes - 1, Math.floor(level * classes)))
    for (let c = 0; c < columns; c++) {
      const value = c === 0 ? first : c === 1 ? second : otherColumn(c, numbers)
      values[row * columns + c] = numbers.uniform() < missing ? Number.NaN : value
    }
  }
  // Every class has rows, however the dice fell.
  for (let k = 0; k < 2 * classes; k++) labels[k] = k % classes
  return trainingTable({ columns, values, labels, classes })
}

function otherColumn(column: number, numbers: SeededNumbers): number {
  if (column % 3 === 0) return numbers.below(4)
  return column % 3 === 1 ? 1000 + 3 * numbers.normal() : numbers.uniform() * 1e-3
}
