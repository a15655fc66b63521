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
  const { offsets } = binned
  for (const column of chosen) {
    histogram.fill(0, 2 * (offsets[column] as number), 2 * (offsets[column + 1] as number))
  }
  let c = 0
  for (; c + 1 < chosen.length; c += 2) {
    addTwo(histogram, binned, chosen[c] as number, chosen[c + 1] as number, node, begin, end)
  }
  if (c < chosen.length) addOne(histogram, binned, chosen[c] as number, node, begin, end)
}

function addOne(
  histogram: Histogram,
  { codes, offsets, rows: length }: BinnedColumns,
  column: number,
  { rows, gradient, hessian }: NodeRows,
  begin: number,
  end: number,
): void {
  const base = offsets[column] as number
  const start = column * length
  for (let i = begin; i < end; i++) {
    const bin = 2 * (base + (codes[start + (rows[i] as number)] as number))
    histogram[bin] = (histogram[bin] as number) + (gradient[i] as number)
    histogram[bin + 1] = (histogram[bin + 1] as number) + (hessian[i] as number)
  }
}

/** Two columns in one pass: the rows and their gradients are read once, and neither addition waits for the other. */
function addTwo(
  histogram: Histogram,
  { codes, offsets, rows: length }: BinnedColumns,
  first: number,
  second: number,
  { rows, gradient, hessian }: NodeRows,
  begin: number,
  end: number,
): void {
  const firstBase = offsets[first] as number
  const secondBase = offsets[second] as number
  const firstStart = first * length
  const secondStart = second * length
  for (let i = begin; i < end; i++) {
    const row = rows[i] as number
    const g = gradient[i] as number
    const h = hessian[i] as number
    const one = 2 * (firstBase + (codes[firstStart + row] as number))
    const two = 2 * (secondBase + (codes[secondStart + row] as number))
    histogram[one] = (histogram[one] as number) + g
    histogram[one + 1] = (histogram[one + 1] as number) + h
    histogram[two] = (histogram[two] as number) + g
    histogram[two + 1] = (histogram[two + 1] as number) + h
  }
}

/** What is left of a parent when one child is taken away, in the parent's place. */
export function subtractHistogram(parent: Histogram, child: Histogram): void {
  for (let i = 0; i < parent.length; i++) parent[i] = (parent[i] as number) - (child[i] as number)
}
