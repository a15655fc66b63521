import { type GraphWriter, INPUT } from '../onnx/graph-writer.ts'
import type { TrainingTable } from '../table.ts'

/** Columns to mean 0 and deviation 1; a missing value becomes the mean, which is 0. All figures are float32. */
export interface Standardisation {
  readonly columns: number
  readonly mean: Float32Array
  readonly scale: Float32Array
  /** Standardised values are held within this distance of 0: a rare value must not rule a row. */
  readonly limit: number
}

/** Weighted mean and deviation of the values that are there; a column without spread gets scale 1. */
export function standardisationOf(table: TrainingTable, weights: Float64Array, limit: number): Standardisation {
  const { rows, columns, values } = table
  const [count, sum, squares] = [new Float64Array(columns), new Float64Array(columns), new Float64Array(columns)]
  eachValue((c, value, weight) => {
    count[c] = (count[c] as number) + weight
    sum[c] = (sum[c] as number) + weight * value
  })
  const mean = Float32Array.from(sum, (total, c) => (count[c] === 0 ? 0 : total / (count[c] as number)))
  eachValue((c, value, weight) => {
    squares[c] = (squares[c] as number) + weight * (value - (mean[c] as number)) ** 2
  })
  const scale = Float32Array.from(squares, (total, c) => Math.sqrt(total / (count[c] as number)))
  return { columns, mean, limit, scale: scale.map((value) => (value > 1e-12 ? value : 1)) }

  function eachValue(take: (column: number, value: number, weight: number) => void): void {
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < columns; c++) {
        const value = values[row * columns + c] as number
        if (!Number.isNaN(value)) take(c, value, weights[row] as number)
      }
    }
  }
}

/** Standardised rows in double precision. */
export function standardise(by: Standardisation, rows: Float32Array): Float64Array {
  const { columns, mean, scale, limit } = by
  const result = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i += columns) {
    for (let c = 0; c < columns; c++) {
      const value = rows[i + c] as number
      if (Number.isNaN(value)) continue
      const standard = (value - (mean[c] as number)) / (scale[c] as number)
      result[i + c] = Math.min(limit, Math.max(-limit, standard))
    }
  }
  return result
}

/** The same as nodes of a graph. @returns the name of the standardised tensor. */
export function writeStandardise(graph: GraphWriter, by: Standardisation): string {
  const mean = graph.constant([by.columns], by.mean)
  const present = graph.node('Where', [graph.node('IsNaN', [INPUT]), mean, INPUT])
  const standard = graph.node('Div', [graph.node('Sub', [present, mean]), graph.constant([by.columns], by.scale)])
  if (by.limit === Infinity) return standard
  return graph.node('Clip', [standard, graph.constant([], [-by.limit]), graph.constant([], [by.limit])])
}
