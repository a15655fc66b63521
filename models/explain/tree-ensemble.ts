import { AttributionError } from './errors.ts'
import type { GraphNode, NodeAttribute } from './onnx-graph.ts'

/** How a node compares its feature with its threshold (ai.onnx.ml, `nodes_modes`). */
const COMPARISONS: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  BRANCH_LEQ: (value, threshold) => value <= threshold,
  BRANCH_LT: (value, threshold) => value < threshold,
  BRANCH_GTE: (value, threshold) => value >= threshold,
  BRANCH_GT: (value, threshold) => value > threshold,
  BRANCH_EQ: (value, threshold) => value === threshold,
  BRANCH_NEQ: (value, threshold) => value !== threshold,
}

/** A node of a tree by its index; the root is 0. A leaf has feature -1. */
export interface ShapTree {
  readonly feature: Int32Array
  readonly threshold: Float64Array
  readonly comparison: readonly string[]
  readonly whenTrue: Int32Array
  readonly whenFalse: Int32Array
  readonly missingIsTrue: Uint8Array
  /** Rows of the training that reached the node. */
  readonly cover: Float64Array
  /** Of a leaf, for each output; `leaves[node * outputs + output]`. */
  readonly leaves: Float64Array
}

/** Trees whose leaves are added up, from a base for each output. */
export interface TreeEnsemble {
  readonly outputs: number
  readonly base: Float64Array
  readonly trees: readonly ShapTree[]
}

/** Whether a row goes the way of `true`; a missing value (NaN) goes where the node sends it. */
export function goesTrue(tree: ShapTree, node: number, row: ArrayLike<number>): boolean {
  const value = row[tree.feature[node] ?? 0] ?? Number.NaN
  if (Number.isNaN(value)) return tree.missingIsTrue[node] === 1
  return COMPARISONS[tree.comparison[node] ?? '']?.(value, tree.threshold[node] ?? 0) ?? false
}

/**
 * Reads a TreeEnsembleRegressor or TreeEnsembleClassifier (ai.onnx.ml 1 to 3).
 * @param of `target` for a regressor, `class` for a classifier.
 * @throws {AttributionError} `graph-malformed`, `not-additive` for an aggregate other than the sum or the average.
 */
export function readTreeEnsemble(node: GraphNode, of: 'target' | 'class'): TreeEnsemble {
  const integers = (name: string): readonly number[] => attribute(node, name).integers
  const floats = (name: string): readonly number[] => attribute(node, name).floats
  const aggregate = attribute(node, 'aggregate_function').strings[0] ?? 'SUM'
  if (aggregate !== 'SUM' && aggregate !== 'AVERAGE') {
    throw new AttributionError('not-additive', 'the trees are not added up')
  }
  const treeIds = integers('nodes_treeids')
  const modes = attribute(node, 'nodes_modes').strings
  const order = new Map<number, number[]>()
  for (const [position, tree] of treeIds.entries()) order.set(tree, [...(order.get(tree) ?? []), position])
  const factor = aggregate === 'AVERAGE' ? 1 / Math.max(1, order.size) : 1
  const ids = integers(`${of}_ids`)
  const outputs = integers('n_targets')[0] ?? 1 + ids.reduce((largest, id) => Math.max(largest, id), 0)
  const [nodeIds, features, trues, falses] = ['nodeids', 'featureids', 'truenodeids', 'falsenodeids'].map((name) =>
    integers(`nodes_${name}`),
  )
  const [thresholds, covers, tracks] = [
    floats('nodes_values'),
    floats('nodes_hitrates'),
    integers('nodes_missing_value_tracks_true'),
  ]
  const weightsOf = leafWeights(integers(`${of}_treeids`), integers(`${of}_nodeids`), ids, floats(`${of}_weights`))
  const trees = [...order].map(([id, positions]): ShapTree => {
    const places = new Map(positions.map((position, place) => [nodeIds?.[position] ?? -1, place]))
    const placeOf = (position: number, list: readonly number[] | undefined): number => {
      if (modes[position] === 'LEAF') return 0
      const place = places.get(list?.[position] ?? -1)
      // A child before its parent would be a circle; every exporter numbers downwards.
      if (place === undefined || place === places.get(nodeIds?.[position] ?? -1)) throw malformed()
      return place
    }
    const leaves = new Float64Array(positions.length * outputs)
    for (const [place, position] of positions.entries()) {
      if (modes[position] !== 'LEAF' && COMPARISONS[modes[position] ?? ''] === undefined) throw malformed()
      for (const { output, weight } of weightsOf.get(`${id}/${nodeIds?.[position] ?? -1}`) ?? []) {
        if (output < 0 || output >= outputs) throw malformed()
        leaves[place * outputs + output] = (leaves[place * outputs + output] ?? 0) + weight * factor
      }
    }
    const tree = {
      feature: Int32Array.from(positions, (at) => (modes[at] === 'LEAF' ? -1 : (features?.[at] ?? -1))),
      threshold: Float64Array.from(positions, (at) => thresholds[at] ?? 0),
      comparison: positions.map((at) => modes[at] ?? ''),
      whenTrue: Int32Array.from(positions, (at) => placeOf(at, trues)),
      whenFalse: Int32Array.from(positions, (at) => placeOf(at, falses)),
      missingIsTrue: Uint8Array.from(positions, (at) => tracks[at] ?? 0),
      cover: Float64Array.from(positions, (at) => covers[at] ?? 0),
      leaves,
    }
    requireTree(tree)
    return tree
  })
  if (trees.length === 0) throw malformed()
  const base = Float64Array.from({ length: outputs }, (_, output) => floats('base_values')[output] ?? 0)
  return { outputs, base, trees }
}

function leafWeights(
  trees: readonly number[],
  nodes: readonly number[],
  outputs: readonly number[],
  weights: readonly number[],
): ReadonlyMap<string, readonly { readonly output: number; readonly weight: number }[]> {
  const byLeaf = new Map<string, { output: number; weight: number }[]>()
  for (const [i, tree] of trees.entries()) {
    const key = `${tree}/${nodes[i] ?? -1}`
    byLeaf.set(key, [...(byLeaf.get(key) ?? []), { output: outputs[i] ?? 0, weight: weights[i] ?? 0 }])
  }
  return byLeaf
}

/** Every node is reached from the root exactly once: a walk ends. */
function requireTree(tree: ShapTree): void {
  const seen = new Set<number>()
  const open = [0]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) throw malformed()
    seen.add(node)
    if ((tree.feature[node] ?? -1) >= 0) open.push(tree.whenTrue[node] ?? 0, tree.whenFalse[node] ?? 0)
  }
}

const NONE: NodeAttribute = { floats: [], integers: [], strings: [] }

/** An attribute of a node; an absent one has no values. */
export function attribute(node: GraphNode, name: string): NodeAttribute {
  return node.attributes.get(name) ?? NONE
}

function malformed(): AttributionError {
  return new AttributionError('graph-malformed', 'the trees do not hang together')
}
