import { minimise } from '../../math/lbfgs.ts'
import { logLoss, sigmoid } from '../../math/logistic.ts'
import type { TrainingTable } from '../table.ts'
import type { Calibration } from './calibration.ts'

/**
 * Platt's scaling: p = sigmoid(slope * score + intercept), by maximum likelihood with his targets, which keep a few cases
 * from pushing the slope to infinity (Platt 1999, section 2.2). The slope is never negative: that would be another model.
 */
export function plattCalibration(scores: Float64Array, table: TrainingTable): Calibration {
  const { weights, labels, rows } = table
  let [positives, total] = [0, 0]
  for (let row = 0; row < rows; row++) {
    total += weights[row] as number
    if (labels[row] === 1) positives += weights[row] as number
  }
  const high = (positives + 1) / (positives + 2)
  const low = 1 / (total - positives + 2)
  const mean = scores.reduce((sum, score) => sum + score, 0) / rows
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / rows) || 1
  const { point } = minimise(
    (at, gradient) => {
      let loss = 0
      gradient.fill(0)
      for (let row = 0; row < rows; row++) {
        const score = ((scores[row] as number) - mean) / deviation
        const logit = (at[0] as number) * score + (at[1] as number)
        const target = labels[row] === 1 ? high : low
        const share = (weights[row] as number) / total
        loss += share * (target * logLoss(logit, 1) + (1 - target) * logLoss(logit, 0))
        const residual = share * (sigmoid(logit) - target)
        gradient[0] = (gradient[0] as number) + residual * score
        gradient[1] = (gradient[1] as number) + residual
      }
      return loss
    },
    Float64Array.of(1, Math.log(positives / (total - positives))),
    1e-9,
    200,
  )
  const slope = Math.fround(Math.max(0, point[0] as number) / deviation)
  const intercept = Math.fround((point[1] as number) - slope * mean)
  return {
    method: 'platt',
    apply: (score) => sigmoid(slope * score + intercept),
    write(graph, score) {
      const scaled = graph.node('Mul', [score, graph.constant([1], [slope])])
      return graph.node('Sigmoid', [graph.node('Add', [scaled, graph.constant([1], [intercept])])])
    },
  }
}
