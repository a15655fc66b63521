import { type GraphWriter, INPUT } from '../onnx/graph-writer.ts'
import { countRows, type ScoredModel } from '../trainer.ts'
import { addTree, largestValue, type Tree, withValues } from './tree.ts'

/** Trees whose values are added: `trees[i]` to output `i % outputs`, each output from its base. */
export interface Ensemble {
  readonly columns: number
  readonly outputs: number
  readonly base: Float64Array
  readonly trees: readonly Tree[]
}

/** Bits of a float32's significand. */
const SIGNIFICAND_BITS = 24

/**
 * Rounds every leaf and base to a grid so coarse that no sum of them needs more than 24 bits. Single-precision addition
 * is then exact in whatever order a runtime adds and however many threads it uses: the exported sum is the trainer's sum.
 * The grid is about 1e-7 of the largest sum possible.
 */
export function onExactGrid(ensemble: Ensemble): Ensemble {
  const bound = Float64Array.from(ensemble.base, (value) => Math.abs(value))
  for (const [i, tree] of ensemble.trees.entries()) {
    const output = i % ensemble.outputs
    bound[output] = (bound[output] as number) + largestValue(tree)
  }
  const grids = bound.map((value) => 2 ** (Math.ceil(Math.log2(Math.max(value, 1e-30))) + 1 - SIGNIFICAND_BITS))
  const round = (value: number, output: number): number => {
    const grid = grids[output] as number
    return Math.round(value / grid) * grid
  }
  return {
    ...ensemble,
    base: ensemble.base.map((value, output) => round(value, output)),
    trees: ensemble.trees.map((tree, i) => withValues(tree, (value) => round(value, i % ensemble.outputs))),
  }
}

/** The sums of an ensemble, row after row. */
export function ensembleScores(ensemble: Ensemble, rows: Float32Array): Float64Array {
  const { columns, outputs, base, trees } = ensemble
  const sums = new Float64Array((rows.length / columns) * outputs)
  for (let i = 0; i < sums.length; i++) sums[i] = base[i % outputs] as number
  for (const [i, tree] of trees.entries()) addTree(tree, rows, columns, sums, outputs, i % outputs)
  return sums
}

/** An ensemble as a model that gives scores, here and as a TreeEnsembleRegressor (ai.onnx.ml 3). */
export function scoredEnsemble(ensemble: Ensemble, classes: number): ScoredModel {
  const { columns, outputs } = ensemble
  return {
    columns,
    classes,
    outputs,
    scores: (rows, given) => {
      countRows(ensemble, rows, given)
      return ensembleScores(ensemble, rows)
    },
    writeScores: (graph) => writeEnsemble(graph, ensemble),
  }
}

function writeEnsemble(graph: GraphWriter, ensemble: Ensemble): string {
  const ask: Record<'tree' | 'node' | 'feature' | 'left' | 'right' | 'missing', number[]> = {
    tree: [],
    node: [],
    feature: [],
    left: [],
    right: [],
    missing: [],
  }
  const threshold: number[] = []
  const cover: number[] = []
  const modes: string[] = []
  const leaf: Record<'tree' | 'node' | 'target', number[]> = { tree: [], node: [], target: [] }
  const weight: number[] = []
  for (const [i, tree] of ensemble.trees.entries()) {
    for (const [node, feature] of tree.feature.entries()) {
      ask.tree.push(i)
      ask.node.push(node)
      ask.feature.push(Math.max(feature, 0))
      ask.left.push(tree.left[node] ?? 0)
      ask.right.push(tree.right[node] ?? 0)
      ask.missing.push(tree.missingLeft[node] ?? 0)
      threshold.push(tree.threshold[node] ?? 0)
      cover.push(tree.cover[node] ?? 0)
      modes.push(feature < 0 ? 'LEAF' : 'BRANCH_LEQ')
      if (feature >= 0) continue
      leaf.tree.push(i)
      leaf.node.push(node)
      leaf.target.push(i % ensemble.outputs)
      weight.push(tree.value[node] ?? 0)
    }
  }
  return graph.mlNode('TreeEnsembleRegressor', [INPUT], {
    n_targets: ensemble.outputs,
    aggregate_function: 'SUM',
    post_transform: 'NONE',
    base_values: Float32Array.from(ensemble.base),
    nodes_treeids: Int32Array.from(ask.tree),
    nodes_nodeids: Int32Array.from(ask.node),
    nodes_featureids: Int32Array.from(ask.feature),
    nodes_values: Float32Array.from(threshold),
    nodes_modes: modes,
    nodes_hitrates: Float32Array.from(cover),
    nodes_truenodeids: Int32Array.from(ask.left),
    nodes_falsenodeids: Int32Array.from(ask.right),
    nodes_missing_value_tracks_true: Int32Array.from(ask.missing),
    target_treeids: Int32Array.from(leaf.tree),
    target_nodeids: Int32Array.from(leaf.node),
    target_ids: Int32Array.from(leaf.target),
    target_weights: Float32Array.from(weight),
  })
}
