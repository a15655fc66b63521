import { z } from 'zod'
import { type Minimum, minimise } from '../../math/lbfgs.ts'
import { linkInPlace, meanLogLoss, priorScores } from '../link.ts'
import { withLogitLink } from '../onnx/finish-model.ts'
import { assertEveryClass, type TrainingTable } from '../table.ts'
import {
  classWeights,
  countRows,
  NO_HISTORY,
  outputsOf,
  parseOptions,
  rowWeights,
  type ScoredModel,
  type Trainer,
} from '../trainer.ts'
import { type Standardisation, standardisationOf, standardise, writeStandardise } from './standardise.ts'

export const regressionOptions = z.strictObject({
  /** L2 penalty on the weights of standardised columns, in rows: strength / (2 * total weight) * |weight|². */
  strength: z.number().min(0).default(1),
  classWeights: classWeights.default('none'),
  maximumIterations: z.int().min(1).default(200),
})
export type RegressionOptions = z.input<typeof regressionOptions>

const GRADIENT_TOLERANCE = 1e-6

/**
 * Logistic regression for two classes and softmax (multinomial) regression for more, by L-BFGS on standardised columns.
 * The biases bear no penalty.
 */
export const linearRegression: Trainer<RegressionOptions> = {
  name: 'linear',
  fit(table, given, _seed) {
    const options = parseOptions(regressionOptions, given)
    assertEveryClass(table)
    const weights = rowWeights(table, options.classWeights)
    const by = standardisationOf(table, weights, Infinity)
    const found = descend(table, standardise(by, table.values), weights, options)
    return withLogitLink(scoredLinear(by, Float32Array.from(found.point), table.classes), {
      trainer: this.name,
      history: NO_HISTORY,
    })
  },
}

/** Minimises the penalised log loss. The point is a row of `columns` weights and a bias for each output. */
function descend(
  table: TrainingTable,
  design: Float64Array,
  weights: Float64Array,
  options: z.output<typeof regressionOptions>,
): Minimum {
  const { rows, columns, labels } = table
  const outputs = outputsOf(table.classes)
  const width = columns + 1
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const penalty = options.strength / total
  const start = new Float64Array(outputs * width)
  for (const [k, score] of priorScores(table, weights).entries()) start[k * width + columns] = score
  const scores = new Float64Array(rows * outputs)
  return minimise(
    (point, gradient) => {
      gradient.fill(0)
      linearScores(design, columns, outputs, point, scores)
      let value = meanLogLoss(scores, table, weights)
      linkInPlace(scores, outputs)
      for (let row = 0; row < rows; row++) {
        const share = (weights[row] as number) / total
        const offset = row * columns
        for (let k = 0; k < outputs; k++) {
          const ofClass = outputs === 1 ? 1 : k
          const residual = share * ((scores[row * outputs + k] as number) - (labels[row] === ofClass ? 1 : 0))
          const at = k * width
          for (let c = 0; c < columns; c++) {
            gradient[at + c] = (gradient[at + c] as number) + residual * (design[offset + c] as number)
          }
          gradient[at + columns] = (gradient[at + columns] as number) + residual
        }
      }
      for (let i = 0; i < point.length; i++) {
        if (i % width === columns) continue
        const weight = point[i] as number
        value += (penalty / 2) * weight * weight
        gradient[i] = (gradient[i] as number) + penalty * weight
      }
      return value
    },
    start,
    GRADIENT_TOLERANCE,
    options.maximumIterations,
  )
}

function linearScores(
  design: Float64Array,
  columns: number,
  outputs: number,
  point: Float64Array | Float32Array,
  scores: Float64Array,
): void {
  const width = columns + 1
  for (let row = 0; row * columns < design.length; row++) {
    const offset = row * columns
    for (let k = 0; k < outputs; k++) {
      const at = k * width
      let sum = point[at + columns] as number
      for (let c = 0; c < columns; c++) sum += (design[offset + c] as number) * (point[at + c] as number)
      scores[row * outputs + k] = sum
    }
  }
}

function scoredLinear(by: Standardisation, point: Float32Array, classes: number): ScoredModel {
  const { columns } = by
  const outputs = outputsOf(classes)
  return {
    columns,
    classes,
    outputs,
    scores(rows, given) {
      const scores = new Float64Array(countRows(by, rows, given) * outputs)
      linearScores(standardise(by, rows), columns, outputs, point, scores)
      return scores
    },
    writeScores(graph) {
      const weight = new Float32Array(columns * outputs)
      const bias = new Float32Array(outputs)
      for (let k = 0; k < outputs; k++) {
        for (let c = 0; c < columns; c++) weight[c * outputs + k] = point[k * (columns + 1) + c] as number
        bias[k] = point[k * (columns + 1) + columns] as number
      }
      const product = graph.node('MatMul', [writeStandardise(graph, by), graph.constant([columns, outputs], weight)])
      return graph.node('Add', [product, graph.constant([outputs], bias)])
    },
  }
}
