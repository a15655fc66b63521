import type { SeededNumbers } from '../seeded-numbers.ts'

/** Fully connected layers in one array: of each layer its weights [inputs, outputs], then its biases. */
export interface Layers {
  /** Widths from the input to the output. */
  readonly sizes: readonly number[]
  readonly parameters: Float64Array
}

/** Where the weights and the biases of layer `layer` begin. */
export function placesOf(sizes: readonly number[], layer: number): { weight: number; bias: number; end: number } {
  let weight = 0
  for (let i = 0; i < layer; i++) weight += ((sizes[i] ?? 0) + 1) * (sizes[i + 1] ?? 0)
  const bias = weight + (sizes[layer] ?? 0) * (sizes[layer + 1] ?? 0)
  return { weight, bias, end: bias + (sizes[layer + 1] ?? 0) }
}

/** Random layers (He and others 2015: deviation sqrt(2 / inputs)), biases 0. */
export function randomLayers(sizes: readonly number[], numbers: SeededNumbers): Layers {
  const parameters = new Float64Array(placesOf(sizes, sizes.length - 2).end)
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const { weight, bias } = placesOf(sizes, layer)
    const deviation = Math.sqrt(2 / (sizes[layer] ?? 1))
    for (let i = weight; i < bias; i++) parameters[i] = deviation * numbers.normal()
  }
  return { sizes, parameters }
}

/** What each layer gave for one row; the first is the input, the last the log odds. */
export type Activations = readonly Float64Array[]

/** Room for the activations of one row. */
export function activationsOf(sizes: readonly number[]): Activations {
  return sizes.map((size) => new Float64Array(size))
}

/** Computes every layer from the first; ReLU after all but the last. */
export function forward({ sizes, parameters }: Layers, activations: Activations): void {
  let at = 0
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const from = activations[layer] as Float64Array
    const to = activations[layer + 1] as Float64Array
    const bias = at + from.length * to.length
    for (let j = 0; j < to.length; j++) to[j] = parameters[bias + j] as number
    let i = 0
    // Two inputs in one pass over the outputs: each output is read and written half as often.
    for (; i + 1 < from.length; i += 2) {
      const first = from[i] as number
      const second = from[i + 1] as number
      const row = at + i * to.length
      const next = row + to.length
      for (let j = 0; j < to.length; j++) {
        const both = first * (parameters[row + j] as number) + second * (parameters[next + j] as number)
        to[j] = (to[j] as number) + both
      }
    }
    for (; i < from.length; i++) {
      const value = from[i] as number
      const row = at + i * to.length
      for (let j = 0; j < to.length; j++) to[j] = (to[j] as number) + value * (parameters[row + j] as number)
    }
    if (layer + 2 < sizes.length) for (let j = 0; j < to.length; j++) to[j] = Math.max(0, to[j] as number)
    at = bias + to.length
  }
}

/**
 * Adds the gradient of one row to `gradient`, from the derivative by the log odds in the last of `deltas`; the others are
 * written over, but for the first.
 */
export function backward(
  { sizes, parameters }: Layers,
  activations: Activations,
  deltas: Activations,
  gradient: Float64Array,
): void {
  let at = parameters.length
  for (let layer = sizes.length - 2; layer >= 0; layer--) {
    const from = activations[layer] as Float64Array
    const delta = deltas[layer + 1] as Float64Array
    const before = deltas[layer] as Float64Array
    const bias = at - delta.length
    const weight = bias - from.length * delta.length
    // Nobody asks for the derivative by the input.
    const passesOn = layer > 0
    for (let j = 0; j < delta.length; j++) gradient[bias + j] = (gradient[bias + j] as number) + (delta[j] as number)
    for (let i = 0; i < from.length; i++) {
      const value = from[i] as number
      // A unit that was off neither learns nor passes anything on; a column of 0 changes no weight.
      before[i] = 0
      if (value === 0) continue
      const row = weight + i * delta.length
      if (!passesOn) {
        for (let j = 0; j < delta.length; j++) {
          gradient[row + j] = (gradient[row + j] as number) + value * (delta[j] as number)
        }
        continue
      }
      let sum = 0
      for (let j = 0; j < delta.length; j++) {
        const d = delta[j] as number
        gradient[row + j] = (gradient[row + j] as number) + value * d
        sum += d * (parameters[row + j] as number)
      }
      before[i] = sum
    }
    at = weight
  }
}
