import type { BinnedColumns } from './bins.ts'

/** Gradient and hessian sums a bin, in turn: two numbers a bin, columns by `offsets`. */
export type Histogram = Float64Array

/** Rows of a node with their gradients and hessians beside them, so that the sums read memory in order. */
export interface NodeRows {
  readonly rows: Uint32Array
  readonly gradient: Float64Array
  readonly hessian: Float64Array
}

/** Sums the gradients of `rows[begin..end)` into the bins of the chosen columns. The histogram is cleared first. */
export function fillHistogram(
  histogram: Histogram,
  binned: BinnedColumns,
  chosen: Int32Array,
  node: NodeRows,
  begin: number,
  end: number,
): void {
  const { codes, offsets } = binned
  const { rows, gradient, hessian } = node
  for (let c = 0; c < chosen.length; c++) {
    const column = chosen[c] as number
    const base = offsets[column] as number
    histogram.fill(0, 2 * base, 2 * (offsets[column + 1] as number))
    const start = column * binned.rows
    for (let i = begin; i < end; i++) {
      const bin = 2 * (base + (codes[start + (rows[i] as number)] as number))
      histogram[bin] = (histogram[bin] as number) + (gradient[i] as number)
      histogram[bin + 1] = (histogram[bin + 1] as number) + (hessian[i] as number)
    }
  }
}

/** What is left of a parent when one child is taken away, in the parent's place. */
export function subtractHistogram(parent: Histogram, child: Histogram): void {
  for (let i = 0; i < parent.length; i++) parent[i] = (parent[i] as number) - (child[i] as number)
}
