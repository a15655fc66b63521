import { z } from 'zod'
import { linkInPlace, meanLogLoss, priorScores } from '../link.ts'
import { withLogitLink } from '../onnx/finish-model.ts'
import { chooseAscending, seededNumbers } from '../seeded-numbers.ts'
import { assertEveryClass, splitByGroup, type TrainingTable } from '../table.ts'
import { classWeights, outputsOf, parseOptions, rowWeights, type Trainer } from '../trainer.ts'
import { type BinnedColumns, binColumns, MAXIMUM_BINS } from './bins.ts'
import { onExactGrid, scoredEnsemble } from './ensemble.ts'
import { growTree } from './grow.ts'
import { addTree, type Tree, withValues } from './tree.ts'

const boostingOptions = z.strictObject({
  rounds: z.int().min(1).max(5000).default(200),
  learningRate: z.number().positive().max(1).default(0.1),
  maximumDepth: z.int().min(1).max(16).default(6),
  /** Least sum of hessians of a leaf. */
  minimumChildWeight: z.number().min(1e-6).default(1),
  /** L2 penalty on leaf values. */
  lambda: z.number().min(0).default(1),
  minimumGain: z.number().min(0).default(0),
  maximumBins: z.int().min(2).max(MAXIMUM_BINS).default(255),
  /** Share of the rows that each round sees. */
  subsample: z.number().positive().max(1).default(1),
  /** Share of the columns that each tree may ask. */
  columnSample: z.number().positive().max(1).default(1),
  classWeights: classWeights.default('none'),
  /** Ends when the loss on `validationShare` of the groups has not fallen for `patience` rounds; keeps the best round. */
  earlyStopping: z
    .strictObject({ validationShare: z.number().positive().max(0.5), patience: z.int().min(1) })
    .optional(),
})
export type BoostingOptions = z.input<typeof boostingOptions>

/** Gradient boosting of trees on histograms, for two or more classes (Friedman 2001; Chen and Guestrin 2016). */
export const gradientBoosting: Trainer<BoostingOptions> = {
  name: 'gradient-boosting',
  fit(table, given, seed) {
    const options = parseOptions(boostingOptions, given)
    assertEveryClass(table)
    const { earlyStopping } = options
    const parts = earlyStopping === undefined ? undefined : splitByGroup(table, earlyStopping.validationShare, seed)
    const { base, trees, history } = boost(parts?.fit ?? table, parts?.validation, options, seed)
    const outputs = outputsOf(table.classes)
    const ensemble = onExactGrid({ columns: table.columns, outputs, base, trees })
    return withLogitLink(scoredEnsemble(ensemble, table.classes), { trainer: this.name, history })
  },
}

type Parsed = z.output<typeof boostingOptions>

interface Boosted {
  readonly base: Float64Array
  readonly trees: readonly Tree[]
  readonly history: { readonly fit: number[]; readonly validation: number[]; readonly kept: number }
}

function boost(fit: TrainingTable, validation: TrainingTable | undefined, options: Parsed, seed: number): Boosted {
  const numbers = seededNumbers(seed)
  const outputs = outputsOf(fit.classes)
  const binned = binColumns(fit, options.maximumBins)
  const weights = rowWeights(fit, options.classWeights)
  const base = priorScores(fit, weights)
  const watched = { table: fit, weights, scores: filled(fit.rows, base) }
  const held =
    validation === undefined
      ? undefined
      : {
          table: validation,
          weights: rowWeights(validation, options.classWeights),
          scores: filled(validation.rows, base),
        }
  const trees: Tree[] = []
  const history = { fit: [] as number[], validation: [] as number[] }
  let best = { rounds: options.rounds, loss: Infinity }
  const patience = options.earlyStopping?.patience ?? Infinity
  for (let round = 0; round < options.rounds; round++) {
    const rows = chooseAscending(fit.rows, Math.max(1, Math.round(fit.rows * options.subsample)), numbers)
    const probabilities = linkInPlace(watched.scores.slice(), outputs)
    for (let output = 0; output < outputs; output++) {
      const tree = roundTree(binned, fit, weights, probabilities, output, rows, options, numbers)
      trees.push(tree)
      for (const part of held === undefined ? [watched] : [watched, held]) {
        addTree(tree, part.table.values, fit.columns, part.scores, outputs, output)
      }
    }
    history.fit.push(meanLogLoss(watched.scores, fit, weights))
    if (held === undefined) continue
    const loss = meanLogLoss(held.scores, held.table, held.weights)
    history.validation.push(loss)
    if (loss < best.loss) best = { rounds: round + 1, loss }
    else if (round + 1 - best.rounds >= patience) break
  }
  return { base, trees: trees.slice(0, best.rounds * outputs), history: { ...history, kept: best.rounds } }
}

/** The tree of one output in one round, shrunken by the learning rate. */
function roundTree(
  binned: BinnedColumns,
  table: TrainingTable,
  weights: Float64Array,
  probabilities: Float64Array,
  output: number,
  chosen: Int32Array,
  options: Parsed,
  numbers: ReturnType<typeof seededNumbers>,
): Tree {
  const outputs = outputsOf(table.classes)
  const rows = Uint32Array.from(chosen)
  const gradient = new Float64Array(rows.length)
  const hessian = new Float64Array(rows.length)
  const ofClass = outputs === 1 ? 1 : output
  // With several classes the diagonal of the hessian is doubled, a bound on the whole of it.
  const factor = outputs === 1 ? 1 : 2
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    const p = probabilities[row * outputs + output] as number
    const weight = weights[row] as number
    gradient[i] = weight * (p - (table.labels[row] === ofClass ? 1 : 0))
    hessian[i] = weight * Math.max(factor * p * (1 - p), 1e-16)
  }
  const columns = chooseAscending(table.columns, Math.max(1, Math.round(table.columns * options.columnSample)), numbers)
  const tree = growTree(
    binned,
    { rows, gradient, hessian },
    { ...options, columns, columnsPerNode: columns.length, numbers },
  )
  return withValues(tree, (value) => value * options.learningRate)
}

function filled(rows: number, base: Float64Array): Float64Array {
  return Float64Array.from({ length: rows * base.length }, (_, i) => base[i % base.length] as number)
}
