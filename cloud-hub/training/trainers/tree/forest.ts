import { z } from 'zod'
import type { GraphWriter } from '../onnx/graph-writer.ts'
import { graphWriter } from '../onnx/graph-writer.ts'
import { drawByWeight, seededNumbers } from '../seeded-numbers.ts'
import { assertEveryClass } from '../table.ts'
import {
  classWeights,
  type FittedModel,
  NO_HISTORY,
  outputsOf,
  parseOptions,
  rowWeights,
  type ScoredModel,
  type Trainer,
} from '../trainer.ts'
import { binColumns, MAXIMUM_BINS } from './bins.ts'
import { onExactGrid, scoredEnsemble } from './ensemble.ts'
import { growTree } from './grow.ts'
import { type Tree, withValues } from './tree.ts'

export const forestOptions = z.strictObject({
  trees: z.int().min(1).max(5000).default(200),
  maximumDepth: z.int().min(1).max(24).default(16),
  /** Least sum of row weights of a leaf. */
  minimumLeafWeight: z.number().min(1e-6).default(5),
  /** Columns that each node may choose from; the square root of their number when not given. */
  columnsPerNode: z.int().min(1).optional(),
  maximumBins: z.int().min(2).max(MAXIMUM_BINS).default(255),
  classWeights: classWeights.default('none'),
})
export type ForestOptions = z.input<typeof forestOptions>

/**
 * Random forest (Breiman 2001) on the histogram core: trees of weighted means, whose gain is that of the Gini index. With
 * more than two classes, each class has trees of its own and the shares are scaled to a sum of 1.
 */
export const randomForest: Trainer<ForestOptions> = {
  name: 'random-forest',
  fit(table, given, seed) {
    const options = parseOptions(forestOptions, given)
    assertEveryClass(table)
    const numbers = seededNumbers(seed)
    const binned = binColumns(table, options.maximumBins)
    const weights = rowWeights(table, options.classWeights)
    const outputs = outputsOf(table.classes)
    const columns = Int32Array.from({ length: table.columns }, (_, i) => i)
    const columnsPerNode = Math.min(table.columns, options.columnsPerNode ?? Math.ceil(Math.sqrt(table.columns)))
    const trees: Tree[] = []
    const draw = drawByWeight(weights, numbers)
    // Weights decide how often a row is drawn; each draw then weighs the same.
    const weightOfDraw = weights.reduce((sum, weight) => sum + weight, 0) / table.rows
    for (let t = 0; t < options.trees; t++) {
      const times = drawWithReplacement(draw, table.rows)
      const drawn = Uint32Array.from(times.keys()).filter((row) => times[row] !== 0)
      for (let output = 0; output < outputs; output++) {
        const ofClass = outputs === 1 ? 1 : output
        const hessian = Float64Array.from(drawn, (row) => weightOfDraw * (times[row] as number))
        const gradient = hessian.map((weight, i) => (table.labels[drawn[i] as number] === ofClass ? -weight : 0))
        const tree = growTree(
          binned,
          { rows: drawn.slice(), gradient, hessian },
          {
            maximumDepth: options.maximumDepth,
            minimumChildWeight: options.minimumLeafWeight,
            lambda: 0,
            minimumGain: 0,
            columns,
            columnsPerNode,
            numbers,
          },
        )
        trees.push(withValues(tree, (value) => value / options.trees))
      }
    }
    const base = new Float64Array(outputs)
    const ensemble = onExactGrid({ columns: table.columns, outputs, base, trees })
    return asForest(scoredEnsemble(ensemble, table.classes), this.name)
  },
}

/** How often each row was drawn in as many draws as there are rows. */
function drawWithReplacement(draw: () => number, rows: number): Uint32Array {
  const times = new Uint32Array(rows)
  for (let i = 0; i < rows; i++) {
    const row = draw()
    times[row] = (times[row] as number) + 1
  }
  return times
}

/** Shares below this are none: keeps a row that no tree gives any class from dividing by zero. */
const LEAST_SUM = Math.fround(1e-6)

function asForest(shares: ScoredModel, trainer: string): FittedModel {
  const { columns, outputs } = shares
  const scored: ScoredModel = {
    ...shares,
    scores: (rows, given) => normalised(shares.scores(rows, given), outputs),
    writeScores: (graph) => writeNormalised(graph, shares.writeScores(graph), outputs),
  }
  return {
    ...scored,
    trainer,
    history: NO_HISTORY,
    predict: (rows, given) => scored.scores(rows, given),
    toOnnx: () => {
      const graph = graphWriter()
      return graph.finish(scored.writeScores(graph), columns, outputs)
    },
  }
}

function normalised(shares: Float64Array, outputs: number): Float64Array {
  for (let i = 0; i < shares.length; i++) shares[i] = Math.min(1, Math.max(0, shares[i] as number))
  if (outputs === 1) return shares
  for (let offset = 0; offset < shares.length; offset += outputs) {
    let sum = 0
    for (let k = 0; k < outputs; k++) sum += shares[offset + k] as number
    const divisor = Math.max(sum, LEAST_SUM)
    for (let k = 0; k < outputs; k++) shares[offset + k] = (shares[offset + k] as number) / divisor
  }
  return shares
}

function writeNormalised(graph: GraphWriter, shares: string, outputs: number): string {
  const within = graph.node('Clip', [shares, graph.constant([], [0]), graph.constant([], [1])])
  if (outputs === 1) return within
  const sum = graph.node('ReduceSum', [within, graph.integers([1])], { keepdims: 1 })
  return graph.node('Div', [within, graph.node('Max', [sum, graph.constant([], [LEAST_SUM])])])
}
