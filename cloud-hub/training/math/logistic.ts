import { minimise } from './lbfgs.ts'

/** Standardised features, row after row, and one binary label a row. */
export interface Design {
  readonly rows: number
  readonly columns: number
  /** `rows * columns` values. */
  readonly values: Float64Array
  readonly labels: Uint8Array
}

/** A linear head on standardised features: p = sigmoid(x · weight + bias). */
export interface LinearWeights {
  readonly weight: Float64Array
  readonly bias: number
}

export const GRADIENT_TOLERANCE = 1e-7
export const MAX_ITERATIONS = 500

/** The logistic function without overflow. */
export function sigmoid(value: number): number {
  return 0.5 * (1 + Math.tanh(0.5 * value))
}

/** -log p(label) from a logit, without overflow. */
export function logLoss(logit: number, label: number): number {
  const margin = label === 1 ? -logit : logit
  return margin > 0 ? margin + Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin))
}

/** x · weight + bias for one row. */
export function logitOfRow(design: Design, row: number, head: LinearWeights): number {
  let sum = head.bias
  const offset = row * design.columns
  for (let i = 0; i < design.columns; i++) sum += (design.values[offset + i] ?? 0) * (head.weight[i] ?? 0)
  return sum
}

/**
 * Maximum a posteriori logistic regression with a Gaussian prior around `prior`:
 * minimises mean log loss + strength / (2 * rows) * |weight - prior.weight|². The bias is free. A large strength keeps
 * the prior's weights, strength 0 is plain maximum likelihood.
 */
export function fitLogistic(design: Design, prior: LinearWeights, strength: number, start = prior): LinearWeights {
  const { rows, columns, values, labels } = design
  const penalty = strength / rows
  const first = new Float64Array(columns + 1)
  first.set(start.weight)
  first[columns] = start.bias
  const found = minimise(
    (point, gradient) => {
      gradient.fill(0)
      let loss = 0
      for (let row = 0; row < rows; row++) {
        const offset = row * columns
        let logit = point[columns] ?? 0
        for (let i = 0; i < columns; i++) logit += (values[offset + i] ?? 0) * (point[i] ?? 0)
        const label = labels[row] ?? 0
        loss += logLoss(logit, label)
        const residual = (sigmoid(logit) - label) / rows
        for (let i = 0; i < columns; i++) gradient[i] = (gradient[i] ?? 0) + residual * (values[offset + i] ?? 0)
        gradient[columns] = (gradient[columns] ?? 0) + residual
      }
      let distance = 0
      for (let i = 0; i < columns; i++) {
        const delta = (point[i] ?? 0) - (prior.weight[i] ?? 0)
        distance += delta * delta
        gradient[i] = (gradient[i] ?? 0) + penalty * delta
      }
      return loss / rows + (penalty / 2) * distance
    },
    first,
    GRADIENT_TOLERANCE,
    MAX_ITERATIONS,
  )
  return { weight: found.point.slice(0, columns), bias: found.point[columns] ?? 0 }
}
