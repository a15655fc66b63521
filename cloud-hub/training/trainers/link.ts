import { logLoss, sigmoid } from '../math/logistic.ts'
import type { TrainingTable } from './table.ts'

/** Log odds to probabilities, in place: the logistic function for one score a row, softmax for several. */
export function linkInPlace(scores: Float64Array, outputs: number): Float64Array {
  if (outputs === 1) {
    for (let i = 0; i < scores.length; i++) scores[i] = sigmoid(scores[i] as number)
    return scores
  }
  for (let offset = 0; offset < scores.length; offset += outputs) {
    let largest = Number.NEGATIVE_INFINITY
    for (let k = 0; k < outputs; k++) largest = Math.max(largest, scores[offset + k] as number)
    let sum = 0
    for (let k = 0; k < outputs; k++) {
      const value = Math.exp((scores[offset + k] as number) - largest)
      scores[offset + k] = value
      sum += value
    }
    for (let k = 0; k < outputs; k++) scores[offset + k] = (scores[offset + k] as number) / sum
  }
  return scores
}

/** Weighted mean log loss of log odds against the labels of a table. */
export function meanLogLoss(scores: Float64Array, table: TrainingTable, weights: Float64Array): number {
  const outputs = scores.length / table.rows
  let loss = 0
  let total = 0
  for (let row = 0; row < table.rows; row++) {
    const weight = weights[row] as number
    const label = table.labels[row] as number
    total += weight
    if (outputs === 1) loss += weight * logLoss(scores[row] as number, label)
    else loss += weight * (logSumExp(scores, row * outputs, outputs) - (scores[row * outputs + label] as number))
  }
  return loss / total
}

/** So many factors of at most 2 do not overflow. */
const MOST_FACTORS = 512

/**
 * Probabilities of log odds, and the weighted mean log loss of two classes beside them: one exponential a row, and a logarithm
 * only for each run of rows of one weight, of the product of what would have been theirs.
 * @param probabilities written over.
 */
export function linkWithLoss(
  scores: Float64Array,
  { labels, rows }: TrainingTable,
  weights: Float64Array,
  probabilities: Float64Array,
): number {
  let [loss, total] = [0, 0]
  let [runWeight, factors, product] = [0, 0, 1]
  for (let row = 0; row < rows; row++) {
    const score = scores[row] as number
    const weight = weights[row] as number
    const distance = Math.abs(score)
    const power = Math.exp(-distance)
    const sum = 1 + power
    probabilities[row] = score >= 0 ? 1 / sum : power / sum
    if (weight !== runWeight || factors === MOST_FACTORS) {
      loss += runWeight * Math.log(product)
      product = 1
      factors = 0
      runWeight = weight
    }
    product *= sum
    factors += 1
    total += weight
    if (score >= 0 !== (labels[row] === 1)) loss += weight * distance
  }
  return (loss + runWeight * Math.log(product)) / total
}

function logSumExp(scores: Float64Array, offset: number, count: number): number {
  let largest = Number.NEGATIVE_INFINITY
  for (let k = 0; k < count; k++) largest = Math.max(largest, scores[offset + k] as number)
  let sum = 0
  for (let k = 0; k < count; k++) sum += Math.exp((scores[offset + k] as number) - largest)
  return largest + Math.log(sum)
}

/** Log odds of the classes before anything is known of a row: the shares of the classes. */
export function priorScores(table: TrainingTable, weights: Float64Array): Float64Array {
  const sums = new Float64Array(table.classes)
  for (let row = 0; row < table.rows; row++) {
    const label = table.labels[row] as number
    sums[label] = (sums[label] as number) + (weights[row] as number)
  }
  if (table.classes === 2) return Float64Array.of(Math.log((sums[1] as number) / (sums[0] as number)))
  const total = sums.reduce((sum, value) => sum + value, 0)
  return sums.map((value) => Math.log(value / total))
}
