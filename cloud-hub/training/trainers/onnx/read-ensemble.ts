import type onnxProto from 'onnx-proto'
import { TrainerError } from '../errors.ts'
import { addTree, type Tree } from '../tree/tree.ts'
import type { Matrix } from './matrix.ts'

/** Trees as a graph has them; `target[i]` is the output that tree `i` adds to. */
export interface WrittenEnsemble {
  readonly outputs: number
  readonly base: readonly number[]
  readonly trees: readonly Tree[]
  readonly target: readonly number[]
}

/** Bounds of what is read: a file may claim anything. */
const MOST_NODES = 20_000_000
const MOST_OUTPUTS = 256

/**
 * Reads a TreeEnsembleRegressor as the trainers write it: whole trees one after the other, nodes numbered downwards from 0,
 * branches at `value <= threshold`, sums.
 * @throws {TrainerError} `graph-unknown` for any other.
 */
export function readEnsemble(node: onnxProto.onnx.INodeProto): WrittenEnsemble {
  const attributes = new Map((node.attribute ?? []).map((one) => [one.name ?? '', one]))
  const integers = (name: string): readonly number[] => (attributes.get(name)?.ints ?? []).map(Number)
  const floats = (name: string): readonly number[] => attributes.get(name)?.floats ?? []
  const text = (name: string): string => Buffer.from(attributes.get(name)?.s ?? '').toString('utf8')
  const outputs = Number(attributes.get('n_targets')?.i ?? 0)
  const treeIds = integers('nodes_treeids')
  if (text('aggregate_function') !== 'SUM' || text('post_transform') !== 'NONE') throw unknown('aggregate')
  if (!(outputs >= 1 && outputs <= MOST_OUTPUTS && treeIds.length <= MOST_NODES)) throw unknown('size')
  const modes = (attributes.get('nodes_modes')?.strings ?? []).map((mode) => Buffer.from(mode).toString('latin1'))
  const [feature, left, right, missing, nodeIds] = [
    'nodes_featureids',
    'nodes_truenodeids',
    'nodes_falsenodeids',
    'nodes_missing_value_tracks_true',
    'nodes_nodeids',
  ].map(integers)
  const threshold = floats('nodes_values')
  const leaves = leavesOf(integers('target_treeids'), integers('target_nodeids'), floats('target_weights'))
  const trees: Tree[] = []
  for (let begin = 0; begin < treeIds.length; ) {
    const id = treeIds[begin] ?? 0
    let end = begin
    while (treeIds[end] === id) end += 1
    const part = <T>(list: readonly T[] | undefined): readonly T[] => list?.slice(begin, end) ?? []
    const isLeaf = part(modes).map((mode) => mode === 'LEAF')
    if (!part(modes).every((mode, i) => isLeaf[i] || mode === 'BRANCH_LEQ')) throw unknown('mode of a node')
    if (!part(nodeIds).every((place, i) => place === i)) throw unknown('numbers of nodes')
    trees.push(
      checked({
        feature: Int32Array.from(part(feature), (value, i) => (isLeaf[i] ? -1 : value)),
        threshold: Float32Array.from(part(threshold)),
        left: Int32Array.from(part(left)),
        right: Int32Array.from(part(right)),
        missingLeft: Uint8Array.from(part(missing)),
        value: Float64Array.from(isLeaf, (leaf, i) => (leaf ? (leaves.get(`${id}/${i}`) ?? Number.NaN) : 0)),
        cover: new Uint32Array(end - begin),
      }),
    )
    begin = end
  }
  const ids = integers('target_ids')
  const ofTree = new Map(integers('target_treeids').map((tree, i) => [tree, ids[i] ?? 0]))
  const target = [...new Set(treeIds)].map((tree) => ofTree.get(tree) ?? 0)
  return { outputs, base: floats('base_values'), trees, target }
}

/** The sums of the trees for each row. */
export function sumOfTrees({ outputs, base, trees, target }: WrittenEnsemble, of: Matrix): Matrix {
  const values = Float64Array.from({ length: of.rows * outputs }, (_, i) => base[i % outputs] ?? 0)
  const rows = Float32Array.from(of.values)
  for (const [i, tree] of trees.entries()) {
    if (tree.feature.some((feature) => feature >= of.width)) throw unknown('a feature of a node')
    addTree(tree, rows, of.width, values, outputs, target[i] ?? 0)
  }
  return { rows: of.rows, width: outputs, values }
}

function leavesOf(
  trees: readonly number[],
  nodes: readonly number[],
  weights: readonly number[],
): ReadonlyMap<string, number> {
  const leaves = new Map(trees.map((tree, i) => [`${tree}/${nodes[i] ?? -1}`, weights[i] ?? Number.NaN]))
  if (leaves.size !== trees.length) throw unknown('a leaf of several weights')
  return leaves
}

/** Children come after their parent, so that every walk ends; every leaf has a value. */
function checked(tree: Tree): Tree {
  const { feature, left, right, value } = tree
  for (let node = 0; node < feature.length; node++) {
    if (Number.isNaN(value[node])) throw unknown('a leaf without a weight')
    if ((feature[node] as number) < 0) continue
    for (const child of [left[node], right[node]]) {
      if (child === undefined || child <= node || child >= feature.length) throw unknown('a child of a node')
    }
  }
  return tree
}

function unknown(what: string): TrainerError {
  return new TrainerError('graph-unknown', `not trees of the trainers: ${what}`)
}
