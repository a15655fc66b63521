import { TrainerError } from '../errors.ts'

/** Numbers row after row. */
export interface Matrix {
  readonly rows: number
  readonly width: number
  readonly values: Float64Array
}

/** Element by element; one row or one column stands for as many as the other has (ONNX, multidirectional broadcasting). */
export function elementwise(a: Matrix, b: Matrix, operation: (a: number, b: number) => number): Matrix {
  const rows = sizeOf(a.rows, b.rows)
  const width = sizeOf(a.width, b.width)
  const values = new Float64Array(rows * width)
  for (let row = 0; row < rows; row++) {
    const [fromA, fromB] = [a.rows === 1 ? 0 : row * a.width, b.rows === 1 ? 0 : row * b.width]
    for (let c = 0; c < width; c++) {
      const left = a.values[fromA + (a.width === 1 ? 0 : c)] as number
      const right = b.values[fromB + (b.width === 1 ? 0 : c)] as number
      values[row * width + c] = operation(left, right)
    }
  }
  return { rows, width, values }
}

/** The matrix product. */
export function multiplied(a: Matrix, b: Matrix): Matrix {
  if (a.width !== b.rows) throw mismatch()
  const values = new Float64Array(a.rows * b.width)
  for (let row = 0; row < a.rows; row++) {
    for (let k = 0; k < a.width; k++) {
      const left = a.values[row * a.width + k] as number
      for (let c = 0; c < b.width; c++) {
        const at = row * b.width + c
        values[at] = (values[at] as number) + left * (b.values[k * b.width + c] as number)
      }
    }
  }
  return { rows: a.rows, width: b.width, values }
}

/** Each row by itself; all results are of one length. */
export function rowsMapped(of: Matrix, change: (row: Float64Array) => Float64Array): Matrix {
  const rows = Array.from({ length: of.rows }, (_, row) =>
    change(of.values.subarray(row * of.width, (row + 1) * of.width)),
  )
  const width = rows[0]?.length ?? 0
  const values = new Float64Array(of.rows * width)
  for (const [row, changed] of rows.entries()) values.set(changed, row * width)
  return { rows: of.rows, width, values }
}

function sizeOf(a: number, b: number): number {
  if (a === b || b === 1) return a
  if (a === 1) return b
  throw mismatch()
}

function mismatch(): TrainerError {
  return new TrainerError('graph-unknown', 'not a graph of the trainers: shapes do not agree')
}
