import type { BinnedColumns } from './bins.ts'
import type { Pack } from './pack.ts'

/** Gradient and hessian sums a bin, in turn: two numbers a bin, columns by `offsets`. */
export type Histogram = Float64Array

/** Rows of a node with their gradients and hessians beside them, so that the sums read memory in order. */
export interface NodeRows {
  readonly rows: Uint32Array
  readonly gradient: Float64Array
  readonly hessian: Float64Array
}

/** What one pass over the rows sums: the code of each row, and where the sums of code 0 begin. */
interface Lane {
  readonly codes: Uint8Array
  readonly base: number
  readonly target: Float64Array
}

/** Which columns are summed by themselves, and which in packs. */
export interface FillPlan {
  readonly alone: Int32Array
  readonly packs: readonly Pack[]
}

/** With fewer rows a pass a column is quicker than taking packs apart. */
const LEAST_PACKED_ROWS = 400

/** The plan without packs. */
export function plainPlan(chosen: Int32Array): FillPlan {
  return { alone: chosen, packs: [] }
}

/** The packs of which at least two columns are chosen, and the chosen columns of no such pack. */
export function packedPlan(chosen: Int32Array, packs: readonly Pack[]): FillPlan {
  const wanted = new Set(chosen)
  const used = packs.filter((pack) => pack.columns.filter((column) => wanted.has(column)).length > 1)
  const inPacks = new Set(used.flatMap((pack) => [...pack.columns]))
  return { alone: chosen.filter((column) => !inPacks.has(column)), packs: used }
}

/** Sums the gradients of `rows[begin..end)` into the bins of the chosen columns. The histogram is cleared first. */
export function fillHistogram(
  histogram: Histogram,
  binned: BinnedColumns,
  chosen: Int32Array,
  plan: FillPlan,
  node: NodeRows,
  begin: number,
  end: number,
): void {
  const { offsets, codes, rows } = binned
  for (const column of chosen) {
    histogram.fill(0, 2 * (offsets[column] as number), 2 * (offsets[column + 1] as number))
  }
  const isPacked = end - begin >= LEAST_PACKED_ROWS && plan.packs.length > 0
  const lanes: Lane[] = []
  for (const column of isPacked ? plan.alone : chosen) {
    const own = codes.subarray(column * rows, (column + 1) * rows)
    lanes.push({ codes: own, base: 2 * (offsets[column] as number), target: histogram })
  }
  const sums = isPacked ? plan.packs.map((pack) => new Float64Array(2 * pack.size)) : []
  for (const [p, target] of sums.entries()) {
    const pack = plan.packs[p]
    if (pack !== undefined) lanes.push({ codes: pack.codes, base: 0, target })
  }
  let at = 0
  for (; at + 1 < lanes.length; at += 2) addTwo(lanes[at] as Lane, lanes[at + 1] as Lane, node, begin, end)
  if (at < lanes.length) addOne(lanes[at] as Lane, node, begin, end)
  for (const [p, of] of sums.entries()) unpack(histogram, binned, plan.packs[p] as Pack, of)
}

/** Adds the sums of a pack's codes to the bins of its columns, in the order of the codes. */
function unpack(histogram: Histogram, { offsets }: BinnedColumns, pack: Pack, sums: Float64Array): void {
  const { columns, factors, sizes, size } = pack
  for (let m = 0; m < columns.length; m++) {
    const base = 2 * (offsets[columns[m] as number] as number)
    const factor = factors[m] as number
    const codes = sizes[m] as number
    histogram.fill(0, base, base + 2 * codes)
    for (let begin = 0; begin < size; begin += factor * codes) {
      for (let k = 0; k < codes; k++) {
        let [gradient, hessian] = [0, 0]
        for (let code = begin + k * factor; code < begin + (k + 1) * factor; code++) {
          gradient += sums[2 * code] as number
          hessian += sums[2 * code + 1] as number
        }
        histogram[base + 2 * k] = (histogram[base + 2 * k] as number) + gradient
        histogram[base + 2 * k + 1] = (histogram[base + 2 * k + 1] as number) + hessian
      }
    }
  }
}

function addOne(lane: Lane, { rows, gradient, hessian }: NodeRows, begin: number, end: number): void {
  const { codes, base, target } = lane
  for (let i = begin; i < end; i++) {
    const bin = base + 2 * (codes[rows[i] as number] as number)
    target[bin] = (target[bin] as number) + (gradient[i] as number)
    target[bin + 1] = (target[bin + 1] as number) + (hessian[i] as number)
  }
}

/** Two lanes in one pass: the rows and their gradients are read once, and neither addition waits for the other. */
function addTwo(a: Lane, b: Lane, { rows, gradient, hessian }: NodeRows, begin: number, end: number): void {
  const { codes: firstCodes, base: firstBase, target: first } = a
  const { codes: secondCodes, base: secondBase, target: second } = b
  for (let i = begin; i < end; i++) {
    const row = rows[i] as number
    const g = gradient[i] as number
    const h = hessian[i] as number
    const one = firstBase + 2 * (firstCodes[row] as number)
    const two = secondBase + 2 * (secondCodes[row] as number)
    first[one] = (first[one] as number) + g
    first[one + 1] = (first[one + 1] as number) + h
    second[two] = (second[two] as number) + g
    second[two + 1] = (second[two + 1] as number) + h
  }
}

/** What is left of a parent when one child is taken away, in the parent's place. */
export function subtractHistogram(parent: Histogram, child: Histogram): void {
  for (let i = 0; i < parent.length; i++) parent[i] = (parent[i] as number) - (child[i] as number)
}
