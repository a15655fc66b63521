import { AttributionError } from './errors.ts'
import { goesTrue, type ShapTree, type TreeEnsemble } from './tree-ensemble.ts'

/** The score of one output taken apart: `expected + sum(contributions)` is the score. */
export interface Contributions {
  /** What the model says on average over the rows that it was trained on. */
  readonly expected: number
  /** For each feature. */
  readonly contributions: Float64Array
}

/** The features on a path, with the share of rows that flow on when each is unknown (`zero`) or known (`one`). */
interface Path {
  readonly feature: Int32Array
  readonly zero: Float64Array
  readonly one: Float64Array
  /** Weights of the permutations by how many features of the path are known. */
  readonly weight: Float64Array
}

/**
 * Path-dependent TreeSHAP (Lundberg, Erion and Lee 2018, algorithm 2): exact Shapley values of the conditional expectation
 * that trees give when a feature is unknown, in time leaves x depth^2 instead of 2^features.
 * @throws {AttributionError} `no-node-weights`.
 */
export function treeShap(
  ensemble: TreeEnsemble,
  row: ArrayLike<number>,
  output: number,
  columns: number,
): Contributions {
  const contributions = new Float64Array(columns)
  let expected = ensemble.base[output] ?? 0
  for (const tree of ensemble.trees) {
    requireCover(tree)
    expected += meanLeaf(tree, 0, ensemble.outputs, output)
    const leafOf = (node: number): number => tree.leaves[node * ensemble.outputs + output] ?? 0
    descend(tree, row, leafOf, contributions, 0, pathOf(1), 0, 1, 1, -1)
  }
  return { expected, contributions }
}

function descend(
  tree: ShapTree,
  row: ArrayLike<number>,
  leafOf: (node: number) => number,
  contributions: Float64Array,
  node: number,
  above: Path,
  length: number,
  zero: number,
  one: number,
  feature: number,
): void {
  const path = extended(above, length, zero, one, feature)
  const asked = tree.feature[node] ?? -1
  if (asked < 0) {
    const value = leafOf(node)
    for (let i = 1; i <= length; i++) {
      const of = path.feature[i] as number
      const difference = (path.one[i] as number) - (path.zero[i] as number)
      contributions[of] = (contributions[of] ?? 0) + unwoundSum(path, length, i) * difference * value
    }
    return
  }
  const [yes, no] = [tree.whenTrue[node] as number, tree.whenFalse[node] as number]
  const [hot, cold] = goesTrue(tree, node, row) ? [yes, no] : [no, yes]
  let [next, oldZero, oldOne, depth] = [path, 1, 1, length]
  for (let i = 1; i <= length; i++) {
    if (path.feature[i] !== asked) continue
    // Asked before on this path: its earlier share is taken out and multiplied into the new one.
    oldZero = path.zero[i] as number
    oldOne = path.one[i] as number
    next = unwound(path, length, i)
    depth -= 1
    break
  }
  const cover = tree.cover[node] as number
  const share = (child: number): number => (oldZero * (tree.cover[child] as number)) / cover
  descend(tree, row, leafOf, contributions, hot, next, depth + 1, share(hot), oldOne, asked)
  descend(tree, row, leafOf, contributions, cold, next, depth + 1, share(cold), 0, asked)
}

function pathOf(length: number): Path {
  return {
    feature: new Int32Array(length),
    zero: new Float64Array(length),
    one: new Float64Array(length),
    weight: new Float64Array(length),
  }
}

/** EXTEND: one more feature on a path of `length` before it. */
function extended(above: Path, length: number, zero: number, one: number, feature: number): Path {
  const path = copy(above, length + 1)
  path.feature[length] = feature
  path.zero[length] = zero
  path.one[length] = one
  path.weight[length] = length === 0 ? 1 : 0
  const { weight } = path
  for (let i = length - 1; i >= 0; i--) {
    weight[i + 1] = (weight[i + 1] as number) + (one * (weight[i] as number) * (i + 1)) / (length + 1)
    weight[i] = (zero * (weight[i] as number) * (length - i)) / (length + 1)
  }
  return path
}

/** UNWIND: the path without its feature at `at`. */
function unwound(path: Path, length: number, at: number): Path {
  const shorter = copy(path, length + 1)
  const [zero, one] = [path.zero[at] as number, path.one[at] as number]
  let next = path.weight[length] as number
  for (let i = length - 1; i >= 0; i--) {
    const before = path.weight[i] as number
    if (one !== 0) {
      shorter.weight[i] = (next * (length + 1)) / ((i + 1) * one)
      next = before - ((shorter.weight[i] as number) * zero * (length - i)) / (length + 1)
    } else {
      shorter.weight[i] = (before * (length + 1)) / (zero * (length - i))
    }
  }
  for (let i = at; i < length; i++) {
    shorter.feature[i] = path.feature[i + 1] as number
    shorter.zero[i] = path.zero[i + 1] as number
    shorter.one[i] = path.one[i + 1] as number
  }
  return shorter
}

/** The sum of the weights that the path would have without its feature at `at`. */
function unwoundSum(path: Path, length: number, at: number): number {
  const [zero, one] = [path.zero[at] as number, path.one[at] as number]
  let next = path.weight[length] as number
  let total = 0
  for (let i = length - 1; i >= 0; i--) {
    if (one !== 0) {
      const weight = (next * (length + 1)) / ((i + 1) * one)
      total += weight
      next = (path.weight[i] as number) - (weight * zero * (length - i)) / (length + 1)
    } else {
      total += (path.weight[i] as number) / ((zero * (length - i)) / (length + 1))
    }
  }
  return total
}

function copy(path: Path, length: number): Path {
  const copied = pathOf(length)
  const kept = Math.min(length, path.feature.length)
  copied.feature.set(path.feature.subarray(0, kept))
  copied.zero.set(path.zero.subarray(0, kept))
  copied.one.set(path.one.subarray(0, kept))
  copied.weight.set(path.weight.subarray(0, kept))
  return copied
}

/** The leaf that rows of the training reach on average. */
function meanLeaf(tree: ShapTree, node: number, outputs: number, output: number): number {
  if ((tree.feature[node] ?? -1) < 0) return tree.leaves[node * outputs + output] ?? 0
  const [yes, no] = [tree.whenTrue[node] as number, tree.whenFalse[node] as number]
  const share = (tree.cover[yes] as number) / (tree.cover[node] as number)
  return share * meanLeaf(tree, yes, outputs, output) + (1 - share) * meanLeaf(tree, no, outputs, output)
}

/** Rows that go on are the rows that came. Exporters that do not count write 1 everywhere, which this finds out. */
function requireCover(tree: ShapTree): void {
  for (const [node, feature] of tree.feature.entries()) {
    if (feature < 0) continue
    const [cover, yes, no] = [node, tree.whenTrue[node] ?? 0, tree.whenFalse[node] ?? 0].map(
      (at) => tree.cover[at] ?? 0,
    )
    if (cover === undefined || yes === undefined || no === undefined) continue
    if (yes > 0 && no > 0 && Math.abs(yes + no - cover) <= 1e-5 * cover) continue
    throw new AttributionError('no-node-weights', 'the trees do not say how many rows reached each node')
  }
}
