import { chooseAscending, type SeededNumbers } from '../seeded-numbers.ts'
import type { BinnedColumns } from './bins.ts'
import { fillHistogram, type Histogram, type NodeRows, subtractHistogram } from './histogram.ts'
import { bestSplit, type Split, type SplitLimits, type Sums } from './split.ts'
import type { Tree } from './tree.ts'
import { type TreeDraft, treeDraft } from './tree-draft.ts'

/** How a tree is grown. */
export interface GrowOptions extends SplitLimits {
  readonly maximumDepth: number
  /** Columns that the tree may ask, ascending. */
  readonly columns: Int32Array
  /** How many of them each node may choose from, drawn anew for each; all when equal to their number. */
  readonly columnsPerNode: number
  readonly numbers: SeededNumbers
}

interface OpenNode {
  readonly node: number
  readonly depth: number
  readonly begin: number
  readonly end: number
  readonly total: Sums
  /** Known when it came by subtraction or was filled for it. */
  readonly histogram: Histogram | undefined
}

/**
 * Grows a tree on the sums of gradients and hessians of its rows; a leaf is -G / (H + lambda), so that squared loss with
 * g = -weight * y, h = weight, lambda = 0 gives weighted means. The rows are put in another order.
 * @param work rows of the tree with their gradients and hessians beside them.
 */
export function growTree(binned: BinnedColumns, work: NodeRows, options: GrowOptions): Tree {
  const { columns, columnsPerNode, numbers } = options
  const wholeColumns = columnsPerNode >= columns.length
  const length = 2 * (binned.offsets[binned.columns] ?? 0)
  const pool: Histogram[] = []
  const take = (): Histogram => pool.pop() ?? new Float64Array(length)
  const draft = treeDraft()
  const scratch = scratchOf(work.rows.length)
  const open: OpenNode[] = [
    {
      node: draft.add(work.rows.length),
      depth: 0,
      begin: 0,
      end: work.rows.length,
      total: sumsOf(work),
      histogram: undefined,
    },
  ]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const chosen = wholeColumns
      ? columns
      : chooseAscending(columns.length, columnsPerNode, numbers).map((i) => columns[i] as number)
    const splittable = at.depth < options.maximumDepth && at.total.hessian >= 2 * options.minimumChildWeight
    let histogram = at.histogram
    if (splittable && histogram === undefined) {
      histogram = take()
      fillHistogram(histogram, binned, chosen, work, at.begin, at.end)
    }
    const split =
      splittable && histogram !== undefined ? bestSplit(histogram, binned, chosen, at.total, options) : undefined
    if (split === undefined) {
      draft.leaf(at.node, -at.total.gradient / (at.total.hessian + options.lambda))
      if (histogram !== undefined) pool.push(histogram)
      continue
    }
    const middle = partition(binned, work, scratch, at.begin, at.end, split)
    const [left, right] = askAt(draft, at, split, binned, middle)
    if (histogram !== undefined && wholeColumns && at.depth + 1 < options.maximumDepth) {
      const small = take()
      const leftIsSmall = middle - at.begin <= at.end - middle
      const from = leftIsSmall ? left : right
      fillHistogram(small, binned, columns, work, from.begin, from.end)
      subtractHistogram(histogram, small)
      open.push({ ...right, histogram: leftIsSmall ? histogram : small })
      open.push({ ...left, histogram: leftIsSmall ? small : histogram })
    } else {
      if (histogram !== undefined) pool.push(histogram)
      open.push(right, left)
    }
  }
  return draft.finish()
}

function askAt(
  draft: TreeDraft,
  at: OpenNode,
  split: Split,
  binned: BinnedColumns,
  middle: number,
): readonly [OpenNode, OpenNode] {
  const { gradient, hessian } = split.left
  const rest = { gradient: at.total.gradient - gradient, hessian: at.total.hessian - hessian }
  const left = draft.add(middle - at.begin)
  const right = draft.add(at.end - middle)
  // Beyond the last cut every float32 value goes left.
  const threshold = binned.cuts[split.column]?.[split.bin] ?? LARGEST_FLOAT32
  draft.ask(at.node, { feature: split.column, threshold, left, right, missingLeft: split.missingLeft })
  const depth = at.depth + 1
  return [
    { node: left, depth, begin: at.begin, end: middle, total: split.left, histogram: undefined },
    { node: right, depth, begin: middle, end: at.end, total: rest, histogram: undefined },
  ]
}

const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127

function sumsOf(work: NodeRows): Sums {
  let gradient = 0
  let hessian = 0
  for (let i = 0; i < work.rows.length; i++) {
    gradient += work.gradient[i] as number
    hessian += work.hessian[i] as number
  }
  return { gradient, hessian }
}

function scratchOf(length: number): NodeRows {
  return { rows: new Uint32Array(length), gradient: new Float64Array(length), hessian: new Float64Array(length) }
}

/** Puts the rows of the left child before those of the right one, each in their former order. @returns where right begins. */
function partition(
  binned: BinnedColumns,
  work: NodeRows,
  scratch: NodeRows,
  begin: number,
  end: number,
  split: Split,
): number {
  const start = split.column * binned.rows
  const missingCode = binned.bins[split.column] as number
  let left = begin
  let right = 0
  for (let i = begin; i < end; i++) {
    const row = work.rows[i] as number
    const code = binned.codes[start + row] as number
    if (code === missingCode ? split.missingLeft : code <= split.bin) {
      work.rows[left] = row
      work.gradient[left] = work.gradient[i] as number
      work.hessian[left] = work.hessian[i] as number
      left += 1
    } else {
      scratch.rows[right] = row
      scratch.gradient[right] = work.gradient[i] as number
      scratch.hessian[right] = work.hessian[i] as number
      right += 1
    }
  }
  work.rows.set(scratch.rows.subarray(0, right), left)
  work.gradient.set(scratch.gradient.subarray(0, right), left)
  work.hessian.set(scratch.hessian.subarray(0, right), left)
  return left
}
