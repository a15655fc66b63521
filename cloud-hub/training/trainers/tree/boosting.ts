import { z } from 'zod'
import { linkInPlace, linkWithLoss, meanLogLoss, priorScores } from '../link.ts'
import { withLogitLink } from '../onnx/finish-model.ts'
import { chooseAscending, type SeededNumbers, seededNumbers } from '../seeded-numbers.ts'
import { assertEveryClass, splitByGroup, type TrainingTable } from '../table.ts'
import { classWeights, outputsOf, parseOptions, rowWeights, type Trainer } from '../trainer.ts'
import { type BinnedColumns, binColumns, MAXIMUM_BINS } from './bins.ts'
import { onExactGrid, scoredEnsemble } from './ensemble.ts'
import { growTree, roomFor } from './grow.ts'
import type { NodeRows } from './histogram.ts'
import { type Pack, packColumns } from './pack.ts'
import { addTree, type Tree, withValues } from './tree.ts'

export const boostingOptions = z.strictObject({
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
  const scores = filled(fit.rows, base)
  const held =
    validation === undefined
      ? undefined
      : {
          table: validation,
          weights: rowWeights(validation, options.classWeights),
          scores: filled(validation.rows, base),
        }
  const sampled = Math.max(1, Math.round(fit.rows * options.subsample))
  const round = {
    fit,
    weights,
    scores,
    probabilities: scores.slice(),
    binned,
    packs: packColumns(binned),
    work: roomFor(sampled),
    scratch: roomFor(sampled),
    numbers,
  }
  const trees: Tree[] = []
  const history = { fit: [] as number[], validation: [] as number[] }
  let best = { rounds: options.rounds, loss: Infinity }
  const patience = options.earlyStopping?.patience ?? Infinity
  link(round)
  for (let done = 1; done <= options.rounds; done++) {
    const chosen = Uint32Array.from(chooseAscending(fit.rows, sampled, numbers))
    const others = complement(chosen, fit.rows)
    for (let output = 0; output < outputs; output++) {
      const tree = roundTree(round, output, chosen, options)
      trees.push(tree)
      addTree(tree, fit.values, fit.columns, scores, outputs, output, others)
      if (held !== undefined) addTree(tree, held.table.values, fit.columns, held.scores, outputs, output)
    }
    history.fit.push(link(round))
    if (held === undefined) continue
    const loss = meanLogLoss(held.scores, held.table, held.weights)
    history.validation.push(loss)
    if (loss < best.loss) best = { rounds: done, loss }
    else if (done - best.rounds >= patience) break
  }
  return { base, trees: trees.slice(0, best.rounds * outputs), history: { ...history, kept: best.rounds } }
}

/** What stays from round to round. */
interface Round {
  readonly fit: TrainingTable
  readonly weights: Float64Array
  readonly scores: Float64Array
  readonly probabilities: Float64Array
  readonly binned: BinnedColumns
  readonly packs: readonly Pack[]
  readonly work: NodeRows
  readonly scratch: NodeRows
  readonly numbers: SeededNumbers
}

/** Brings the probabilities up to the scores. @returns the mean log loss. */
function link({ fit, weights, scores, probabilities }: Round): number {
  if (fit.classes === 2) return linkWithLoss(scores, fit, weights, probabilities)
  probabilities.set(scores)
  linkInPlace(probabilities, fit.classes)
  return meanLogLoss(scores, fit, weights)
}

/** The tree of one output in one round, shrunken by the learning rate; its values are added to the scores of its rows. */
function roundTree(round: Round, output: number, chosen: Uint32Array, options: Parsed): Tree {
  const { fit, weights, scores, probabilities, binned, packs, work, scratch, numbers } = round
  const outputs = outputsOf(fit.classes)
  const { rows, gradient, hessian } = work
  const ofClass = outputs === 1 ? 1 : output
  // With several classes the diagonal of the hessian is doubled, a bound on the whole of it.
  const factor = outputs === 1 ? 1 : 2
  rows.set(chosen)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    const p = probabilities[row * outputs + output] as number
    const weight = weights[row] as number
    gradient[i] = weight * (p - (fit.labels[row] === ofClass ? 1 : 0))
    hessian[i] = weight * Math.max(factor * p * (1 - p), 1e-16)
  }
  const columns = chooseAscending(fit.columns, Math.max(1, Math.round(fit.columns * options.columnSample)), numbers)
  const onLeaf = (value: number, begin: number, end: number): void => {
    const step = value * options.learningRate
    for (let i = begin; i < end; i++) {
      const at = (rows[i] as number) * outputs + output
      scores[at] = (scores[at] as number) + step
    }
  }
  const grown = { ...options, columns, columnsPerNode: columns.length, numbers, packs, scratch, onLeaf }
  return withValues(growTree(binned, work, grown), (value) => value * options.learningRate)
}

/** The rows that were not chosen, ascending. */
function complement(chosen: Uint32Array, rows: number): Uint32Array {
  const others = new Uint32Array(rows - chosen.length)
  let [at, next] = [0, 0]
  for (let row = 0; row < rows; row++) {
    if (chosen[next] === row) next += 1
    else others[at++] = row
  }
  return others
}

function filled(rows: number, base: Float64Array): Float64Array {
  return Float64Array.from({ length: rows * base.length }, (_, i) => base[i % base.length] as number)
}
