import { z } from 'zod'
import { TrainerError } from './errors.ts'
import type { GraphWriter } from './onnx/graph-writer.ts'
import type { TrainingTable } from './table.ts'

/** A way to fit a model. The same table, options and seed give the same model, bit for bit. */
export interface Trainer<Options> {
  readonly name: string
  /** @throws {TrainerError} `options-invalid`, `too-few-cases`. */
  fit(table: TrainingTable, options: Options, seed: number): FittedModel
}

/** What the fit went through, a figure a round (boosting) or an epoch (network); empty where nothing is repeated. */
export interface FitHistory {
  /** Weighted mean log loss on the rows fitted to: after each round, or during each epoch. */
  readonly fit: readonly number[]
  /** The same on the validation part; empty without one. */
  readonly validation: readonly number[]
  /** How many rounds or epochs the model keeps. */
  readonly kept: number
}

/** A model that answers with probabilities. */
export interface FittedModel {
  readonly trainer: string
  readonly columns: number
  readonly classes: number
  /** Probabilities a row: 1 (of class 1) with two classes, else one a class. */
  readonly outputs: number
  /** What the fit went through. */
  readonly history: FitHistory
  /**
   * Probabilities, row after row.
   * @param rows `n * columns` values, NaN where missing.
   * @throws {TrainerError} `rows-invalid` when `columns` is not the model's or the last row is not whole.
   */
  predict(rows: Float32Array, columns: number): Float64Array
  /** What the probabilities are made of, as many a row: log odds, or the share of the trees for a forest. */
  scores(rows: Float32Array, columns: number): Float64Array
  /** Writes the nodes that compute the scores into a graph. @returns the name of the [N, outputs] tensor. */
  writeScores(graph: GraphWriter): string
  /** An ONNX model: `features` float32 [N, columns] to `probability` float32 [N, outputs]. */
  toOnnx(): Uint8Array
}

/** A model that a calibration can be laid over: scores and the nodes that make them. */
export type ScoredModel = Pick<FittedModel, 'columns' | 'classes' | 'outputs' | 'scores' | 'writeScores'>

/** The history of a fit without rounds. */
export const NO_HISTORY: FitHistory = { fit: [], validation: [], kept: 0 }

/** Weights of the classes: inverse to their share, given, or all 1. */
export const classWeights = z.union([z.literal('balanced'), z.literal('none'), z.array(z.number().positive())])

/** @throws {TrainerError} `options-invalid` with the first complaint. */
export function parseOptions<Schema extends z.ZodType>(schema: Schema, options: unknown): z.output<Schema> {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new TrainerError('options-invalid', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}

/** The weight of each row times that of its class. `balanced` gives every class the same sum and keeps the total. */
export function rowWeights(table: TrainingTable, weights: z.output<typeof classWeights>): Float64Array {
  if (weights === 'none') return table.weights
  if (weights !== 'balanced' && weights.length !== table.classes) {
    throw new TrainerError('options-invalid', 'classWeights: one weight a class')
  }
  const sums = new Float64Array(table.classes)
  let total = 0
  for (let row = 0; row < table.rows; row++) {
    const weight = table.weights[row] as number
    sums[table.labels[row] as number] = (sums[table.labels[row] as number] ?? 0) + weight
    total += weight
  }
  const factors = Float64Array.from(sums, (sum, label) =>
    weights === 'balanced' ? total / (table.classes * sum) : (weights[label] ?? 1),
  )
  return table.weights.map((weight, row) => weight * (factors[table.labels[row] as number] as number))
}

/** Scores a row: one with two classes, else one a class. */
export function outputsOf(classes: number): number {
  return classes === 2 ? 1 : classes
}

/** @returns the number of rows. @throws {TrainerError} `rows-invalid`. */
export function countRows(model: { readonly columns: number }, rows: Float32Array, columns: number): number {
  if (columns === model.columns && rows.length % columns === 0) return rows.length / columns
  throw new TrainerError('rows-invalid', `the model takes rows of ${model.columns} columns`)
}
