import type { SeededNumbers } from '../seeded-numbers.ts'
import type { BinnedColumns } from './bins.ts'
import { fillHistogram, type Histogram, type NodeRows, packedPlan, plainPlan, subtractHistogram } from './histogram.ts'
import type { Pack } from './pack.ts'
import { bestSplit, isConstant, type Split, type SplitLimits, type Sums } from './split.ts'
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
  /** Columns that are summed together, where every node may choose from all. */
  readonly packs?: readonly Pack[]
  /** Room for as many rows as the tree has; kept from tree to tree by whoever grows many. */
  readonly scratch?: NodeRows
  /** Told of each leaf its value, and where its rows lie in `work`. */
  readonly onLeaf?: (value: number, begin: number, end: number) => void
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
  const scratch = options.scratch ?? roomFor(work.rows.length)
  const plan = packedPlan(columns, wholeColumns ? (options.packs ?? []) : [])
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
  const lots = wholeColumns ? undefined : columnLots(columns, numbers)
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const splittable = at.depth < options.maximumDepth && at.total.hessian >= 2 * options.minimumChildWeight
    let histogram = at.histogram
    let split: Split | undefined
    if (splittable) {
      const isFilled = histogram !== undefined
      histogram ??= take()
      lots?.begin()
      let chosen = lots?.next(columnsPerNode) ?? columns
      if (!isFilled)
        fillHistogram(histogram, binned, chosen, lots === undefined ? plan : plainPlan(chosen), work, at.begin, at.end)
      // Columns of one value in the node are no choice: others are drawn until one has more (as scikit-learn does).
      while (lots !== undefined && isConstant(histogram, binned, chosen)) {
        chosen = lots.next(1)
        if (chosen.length === 0) break
        fillHistogram(histogram, binned, chosen, plainPlan(chosen), work, at.begin, at.end)
      }
      split = bestSplit(histogram, binned, chosen, at.total, options)
    }
    if (split === undefined) {
      const value = -at.total.gradient / (at.total.hessian + options.lambda)
      draft.leaf(at.node, value)
      options.onLeaf?.(value, at.begin, at.end)
      if (histogram !== undefined) pool.push(histogram)
      continue
    }
    // Children that cannot be split again need no gradients: their sums are known.
    const isLast = at.depth + 1 >= options.maximumDepth
    const middle = partition(binned, work, scratch, at.begin, at.end, split, isLast)
    const [left, right] = askAt(draft, at, split, binned, middle)
    if (histogram !== undefined && wholeColumns && !isLast) {
      const small = take()
      const leftIsSmall = middle - at.begin <= at.end - middle
      const from = leftIsSmall ? left : right
      fillHistogram(small, binned, columns, plan, work, from.begin, from.end)
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

/** Draws columns for one node after the other, none twice for a node. */
function columnLots(columns: Int32Array, numbers: SeededNumbers) {
  const order = columns.slice()
  let drawn = 0
  return {
    begin(): void {
      drawn = 0
    },
    /** The next columns, ascending; none when all were drawn. */
    next(count: number): Int32Array {
      const end = Math.min(order.length, drawn + count)
      const lot = new Int32Array(end - drawn)
      for (let i = 0; drawn < end; i++, drawn++) {
        const other = drawn + numbers.below(order.length - drawn)
        const column = order[other] as number
        order[other] = order[drawn] as number
        order[drawn] = column
        lot[i] = column
      }
      return lot.sort()
    },
  }
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

/** Room for so many rows with their gradients. */
export function roomFor(length: number): NodeRows {
  return { rows: new Uint32Array(length), gradient: new Float64Array(length), hessian: new Float64Array(length) }
}

/**
 * Puts the rows of the left child before those of the right one, each in their former order, and their gradients with them
 * unless only the rows are wanted. @returns where right begins.
 */
function partition(
  binned: BinnedColumns,
  work: NodeRows,
  scratch: NodeRows,
  begin: number,
  end: number,
  split: Split,
  rowsOnly: boolean,
): number {
  const codes = binned.codes.subarray(split.column * binned.rows, (split.column + 1) * binned.rows)
  const missingCode = binned.bins[split.column] as number
  const { bin, missingLeft } = split
  const { rows, gradient, hessian } = work
  let left = begin
  let right = 0
  for (let i = begin; i < end; i++) {
    const row = rows[i] as number
    const code = codes[row] as number
    if (code === missingCode ? missingLeft : code <= bin) {
      rows[left] = row
      if (!rowsOnly) {
        gradient[left] = gradient[i] as number
        hessian[left] = hessian[i] as number
      }
      left += 1
    } else {
      scratch.rows[right] = row
      if (!rowsOnly) {
        scratch.gradient[right] = gradient[i] as number
        scratch.hessian[right] = hessian[i] as number
      }
      right += 1
    }
  }
  rows.set(scratch.rows.subarray(0, right), left)
  if (!rowsOnly) {
    gradient.set(scratch.gradient.subarray(0, right), left)
    hessian.set(scratch.hessian.subarray(0, right), left)
  }
  return left
}
