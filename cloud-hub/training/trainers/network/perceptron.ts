import { z } from 'zod'
import { type Standardisation, standardisationOf, standardise, writeStandardise } from '../linear/standardise.ts'
import { linkInPlace, meanLogLoss, priorScores } from '../link.ts'
import { withLogitLink } from '../onnx/finish-model.ts'
import { type SeededNumbers, seededNumbers, shuffle } from '../seeded-numbers.ts'
import { assertEveryClass, splitByGroup, type TrainingTable } from '../table.ts'
import {
  classWeights,
  countRows,
  outputsOf,
  parseOptions,
  rowWeights,
  type ScoredModel,
  type Trainer,
} from '../trainer.ts'
import { adam } from './adam.ts'
import { activationsOf, backward, forward, type Layers, placesOf, randomLayers } from './layers.ts'

export const perceptronOptions = z.strictObject({
  /** Widths of the hidden layers. */
  hidden: z.array(z.int().min(1).max(1024)).min(1).max(4).default([32]),
  epochs: z.int().min(1).max(1000).default(15),
  batch: z.int().min(1).default(128),
  learningRate: z.number().positive().max(1).default(0.001),
  /** L2 penalty on the weights, a row. */
  decay: z.number().min(0).default(1e-4),
  classWeights: classWeights.default('none'),
  /** Ends when the loss on `validationShare` of the groups has not fallen for `patience` epochs; keeps the best epoch. */
  earlyStopping: z
    .strictObject({ validationShare: z.number().positive().max(0.5), patience: z.int().min(1) })
    .optional(),
})
export type PerceptronOptions = z.input<typeof perceptronOptions>

/** Standardised values beyond this are held at it. */
const LIMIT = 8

/** A small multilayer perceptron: ReLU layers, log loss, Adam in mini-batches, on standardised columns. */
export const multilayerPerceptron: Trainer<PerceptronOptions> = {
  name: 'multilayer-perceptron',
  fit(table, given, seed) {
    const options = parseOptions(perceptronOptions, given)
    assertEveryClass(table)
    const { earlyStopping } = options
    const parts = earlyStopping === undefined ? undefined : splitByGroup(table, earlyStopping.validationShare, seed)
    const fit = parts?.fit ?? table
    const by = standardisationOf(fit, fit.weights, LIMIT)
    const { layers, history } = descend(fit, parts?.validation, by, options, seed)
    return withLogitLink(scoredNetwork(by, layers, table.classes), { trainer: this.name, history })
  },
}

type Parsed = z.output<typeof perceptronOptions>

function descend(
  fit: TrainingTable,
  validation: TrainingTable | undefined,
  by: Standardisation,
  options: Parsed,
  seed: number,
): { layers: Layers; history: { fit: number[]; validation: number[]; kept: number } } {
  const numbers = seededNumbers(seed)
  const sizes = [fit.columns, ...options.hidden, outputsOf(fit.classes)]
  const layers = randomLayers(sizes, numbers)
  const weights = rowWeights(fit, options.classWeights)
  layers.parameters.set(priorScores(fit, weights), placesOf(sizes, sizes.length - 2).bias)
  const epoch = epochOf(fit, standardise(by, fit.values), weights, layers, options, numbers)
  const held =
    validation === undefined
      ? undefined
      : {
          table: validation,
          design: standardise(by, validation.values),
          weights: rowWeights(validation, options.classWeights),
        }
  const history = { fit: [] as number[], validation: [] as number[] }
  let best = { epochs: options.epochs, loss: Infinity, parameters: layers.parameters }
  const patience = options.earlyStopping?.patience ?? Infinity
  for (let done = 1; done <= options.epochs; done++) {
    history.fit.push(epoch())
    if (held === undefined) continue
    const loss = meanLogLoss(networkScores(layers, held.design), held.table, held.weights)
    history.validation.push(loss)
    if (loss < best.loss) best = { epochs: done, loss, parameters: layers.parameters.slice() }
    else if (done - best.epochs >= patience) break
  }
  // The graph holds float32; the model here is the same numbers.
  const rounded = Float64Array.from(best.parameters, Math.fround)
  return { layers: { sizes, parameters: rounded }, history: { ...history, kept: best.epochs } }
}

/** Once over all rows in a new order. @returns the mean log loss of the rows as the network met them. */
function epochOf(
  table: TrainingTable,
  design: Float64Array,
  weights: Float64Array,
  layers: Layers,
  options: Parsed,
  numbers: SeededNumbers,
): () => number {
  const { sizes, parameters } = layers
  const { rows, columns, labels } = table
  const outputs = sizes.at(-1) ?? 1
  const [activations, deltas] = [activationsOf(sizes), activationsOf(sizes)]
  const input = activations[0] as Float64Array
  const last = activations.at(-1) as Float64Array
  const lastDelta = deltas.at(-1) as Float64Array
  const gradient = new Float64Array(parameters.length)
  const decayed = weightMask(sizes)
  const step = adam(parameters.length, options.learningRate)
  const order = Int32Array.from({ length: rows }, (_, i) => i)
  const meanWeight = weights.reduce((sum, weight) => sum + weight, 0) / rows
  const seen = new Float64Array(rows * outputs)
  return () => {
    shuffle(order, numbers)
    for (let begin = 0; begin < rows; begin += options.batch) {
      const end = Math.min(rows, begin + options.batch)
      for (let i = 0; i < gradient.length; i++) {
        gradient[i] = options.decay * (decayed[i] as number) * (parameters[i] as number)
      }
      for (let i = begin; i < end; i++) {
        const row = order[i] as number
        input.set(design.subarray(row * columns, (row + 1) * columns))
        forward(layers, activations)
        seen.set(last, row * outputs)
        linkInPlace(last, outputs)
        const share = (weights[row] as number) / (meanWeight * (end - begin))
        for (let k = 0; k < outputs; k++) {
          const ofClass = outputs === 1 ? 1 : k
          lastDelta[k] = share * ((last[k] as number) - (labels[row] === ofClass ? 1 : 0))
        }
        backward(layers, activations, deltas, gradient)
      }
      step(parameters, gradient)
    }
    return meanLogLoss(seen, table, weights)
  }
}

/** 1 for a weight, 0 for a bias. */
function weightMask(sizes: readonly number[]): Uint8Array {
  const mask = new Uint8Array(placesOf(sizes, sizes.length - 2).end)
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const { weight, bias } = placesOf(sizes, layer)
    mask.fill(1, weight, bias)
  }
  return mask
}

function networkScores(layers: Layers, design: Float64Array): Float64Array {
  const columns = layers.sizes[0] ?? 1
  const outputs = layers.sizes.at(-1) ?? 1
  const activations = activationsOf(layers.sizes)
  const [input, last] = [activations[0] as Float64Array, activations.at(-1) as Float64Array]
  const scores = new Float64Array((design.length / columns) * outputs)
  for (let row = 0; row * columns < design.length; row++) {
    input.set(design.subarray(row * columns, (row + 1) * columns))
    forward(layers, activations)
    scores.set(last, row * outputs)
  }
  return scores
}

function scoredNetwork(by: Standardisation, layers: Layers, classes: number): ScoredModel {
  const { sizes, parameters } = layers
  return {
    columns: by.columns,
    classes,
    outputs: outputsOf(classes),
    scores(rows, given) {
      countRows(by, rows, given)
      return networkScores(layers, standardise(by, rows))
    },
    writeScores(graph) {
      let name = writeStandardise(graph, by)
      for (let layer = 0; layer + 1 < sizes.length; layer++) {
        const { weight, bias, end } = placesOf(sizes, layer)
        const [inputs, outputs] = [sizes[layer] ?? 0, sizes[layer + 1] ?? 0]
        name = graph.node('Gemm', [
          name,
          graph.constant([inputs, outputs], parameters.subarray(weight, bias)),
          graph.constant([outputs], parameters.subarray(bias, end)),
        ])
        if (layer + 2 < sizes.length) name = graph.node('Relu', [name])
      }
      return name
    },
  }
}
