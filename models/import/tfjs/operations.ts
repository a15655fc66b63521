import type { Emitter, Value } from './emitter.ts'
import { TfjsError } from './errors.ts'
import type { Attribute } from './onnx-graph.ts'
import type { Weight } from './weights.ts'

/** How a window moves over the spatial axes. */
export interface Window {
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly padding: 'same' | 'valid' | { readonly before: readonly number[]; readonly after: readonly number[] }
}

/** Convolution with a kernel [spatial.., in, out]. */
export function convolve(e: Emitter, x: Value, kernel: Weight, window: Window, bias?: Weight): Value {
  const spatial = kernel.shape.slice(0, -2)
  const [inputs = 0, outputs = 0] = kernel.shape.slice(-2)
  requireRank(x, spatial.length + 2)
  const w = permuted(kernel, [spatial.length + 1, spatial.length, ...spatial.keys()])
  if (x.channels !== undefined && x.channels !== inputs) throw mismatch('a convolution')
  return convolution(e, x, e.graph.floats(w, [outputs, inputs, ...spatial]), spatial, window, 1, outputs, bias)
}

/** Depthwise convolution with a kernel [rows, columns, in, multiplier]. */
export function convolveDepthwise(e: Emitter, x: Value, kernel: Weight, window: Window, bias?: Weight): Value {
  const [rows = 0, columns = 0, inputs = 0, multiplier = 0] = kernel.shape
  requireRank(x, 4)
  if (x.channels !== undefined && x.channels !== inputs) throw mismatch('a depthwise convolution')
  const w = permuted(kernel, [2, 3, 0, 1])
  const outputs = inputs * multiplier
  return convolution(
    e,
    x,
    e.graph.floats(w, [outputs, 1, rows, columns]),
    [rows, columns],
    window,
    inputs,
    outputs,
    bias,
  )
}

function convolution(
  e: Emitter,
  x: Value,
  kernel: string,
  size: readonly number[],
  window: Window,
  group: number,
  outputs: number,
  bias: Weight | undefined,
): Value {
  if (bias !== undefined && bias.values.length !== outputs) throw mismatch('a bias')
  const inputs = [e.first(x), kernel, ...(bias === undefined ? [] : [e.graph.floats(bias.values, [outputs])])]
  const attributes = { kernel_shape: size, dilations: window.dilations, group, ...windowAttributes(window, size) }
  return { rank: x.rank, channels: outputs, first: e.graph.node('Conv', inputs, attributes) }
}

/** Pooling; the edge counts as absent, as in TensorFlow. */
export function pool(e: Emitter, x: Value, kind: 'MaxPool' | 'AveragePool', size: readonly number[], w: Window): Value {
  requireRank(x, size.length + 2)
  const attributes = { kernel_shape: size, ...windowAttributes(w, size) }
  return { rank: x.rank, channels: x.channels, first: e.graph.node(kind, [e.first(x)], attributes) }
}

/**
 * `same` pads towards the end when the number is odd. With a stride of 1 it does not depend on the size, so it is written
 * out; else it is SAME_UPPER, which is the same rule.
 */
function windowAttributes(window: Window, size: readonly number[]): Readonly<Record<string, Attribute>> {
  const { strides, dilations, padding } = window
  if (padding === 'valid') return { strides }
  if (padding !== 'same') return { strides, pads: [...padding.before, ...padding.after] }
  if (strides.every((stride) => stride === 1)) {
    const total = size.map((length, axis) => (length - 1) * (dilations[axis] ?? 1))
    return { strides, pads: [...total.map((n) => Math.floor(n / 2)), ...total.map((n) => Math.ceil(n / 2))] }
  }
  if (dilations.some((one) => one !== 1)) {
    throw new TfjsError('tfjs-unsupported', 'a convolution that is both strided and dilated')
  }
  return { strides, auto_pad: 'SAME_UPPER' }
}

/** x W + b over the last axis. */
export function dense(e: Emitter, x: Value, kernel: Weight, bias?: Weight): Value {
  const [inputs, outputs = 0] = kernel.shape
  if (kernel.shape.length !== 2 || (x.channels !== undefined && x.channels !== inputs)) throw mismatch('a dense layer')
  const product = e.graph.node('MatMul', [e.last(x), e.graph.floats(kernel.values, kernel.shape)])
  const value: Value = { rank: x.rank, channels: outputs, last: product }
  return bias === undefined ? value : e.pair('Add', value, e.constant(bias))
}

/** (x - mean) / sqrt(variance + epsilon) * gamma + beta, folded to one multiplication and one addition. */
export function normalise(
  e: Emitter,
  x: Value,
  parts: {
    readonly mean: Weight
    readonly variance: Weight
    readonly gamma: Weight | undefined
    readonly beta: Weight | undefined
    readonly epsilon: number
  },
): Value {
  const { mean, variance, gamma, beta, epsilon } = parts
  const length = mean.values.length
  const scale = Float32Array.from(variance.values, (value, i) => (gamma?.values[i] ?? 1) / Math.sqrt(value + epsilon))
  const shift = Float32Array.from(mean.values, (value, i) => (beta?.values[i] ?? 0) - value * (scale[i] ?? 0))
  if (scale.length !== length || (x.channels !== undefined && x.channels !== length)) throw mismatch('a normalisation')
  const constant = (values: Float32Array): Value => e.constant({ shape: [length], isInteger: false, values })
  return e.pair('Add', e.pair('Mul', x, constant(scale)), constant(shift))
}

/** Mean, sum or maximum over axes of the original. */
export function reduce(
  e: Emitter,
  x: Value,
  kind: 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceSum',
  axes: readonly number[],
  keep: boolean,
): Value {
  const positive = axes.map((axis) => (axis < 0 ? axis + x.rank : axis)).toSorted((a, b) => a - b)
  const isSpatial = positive.length === x.rank - 2 && positive.every((axis, i) => axis === i + 1)
  const inFirst = isSpatial && x.first !== undefined
  const at = inFirst ? positive.map((axis) => axis + 1) : positive
  const name = inFirst ? e.first(x) : e.last(x)
  const keepdims = keep ? 1 : 0
  const tensor =
    kind === 'ReduceSum'
      ? e.graph.node(kind, [name, e.graph.integers(at)], { keepdims })
      : e.graph.node(kind, [name], { axes: at, keepdims })
  const channels = positive.includes(x.rank - 1) ? (keep ? 1 : undefined) : x.channels
  if (inFirst && keep) return { rank: x.rank, channels, first: tensor }
  return { rank: keep ? x.rank : x.rank - positive.length, channels, last: tensor }
}

/** Adds a margin of a value; axes as in the original. */
export function pad(
  e: Emitter,
  x: Value,
  margins: readonly (readonly [number, number])[],
  value: number,
  mode: 'constant' | 'reflect' = 'constant',
): Value {
  if (margins.length !== x.rank) throw mismatch('a margin')
  const inFirst = x.first !== undefined
  const last = margins.at(-1) ?? [0, 0]
  const order = inFirst ? [margins[0] ?? [0, 0], last, ...margins.slice(1, -1)] : margins
  const pads = [...order.map(([before]) => before), ...order.map(([, after]) => after)]
  const more = mode === 'constant' ? [e.graph.scalar(value)] : []
  const name = inFirst ? e.first(x) : e.last(x)
  const tensor = e.graph.node('Pad', [name, e.graph.integers(pads), ...more], { mode })
  const channels = x.channels === undefined ? undefined : x.channels + last[0] + last[1]
  return inFirst ? { rank: x.rank, channels, first: tensor } : { rank: x.rank, channels, last: tensor }
}

/** One after another along an axis of the original. */
export function concatenate(e: Emitter, parts: readonly Value[], axis: number): Value {
  const [first] = parts
  if (first === undefined || parts.some((part) => part.rank !== first.rank)) throw mismatch('a concatenation')
  const { rank } = first
  const at = axis < 0 ? axis + rank : axis
  const isLast = at === rank - 1
  const sizes = parts.map((part) => part.channels)
  const sum = sizes.reduce<number | undefined>((s, n) => (s === undefined || n === undefined ? undefined : s + n), 0)
  const channels = isLast ? sum : first.channels
  if (parts.every((part) => part.first !== undefined)) {
    const axisFirst = isLast ? 1 : at === 0 ? 0 : at + 1
    return {
      rank,
      channels,
      first: e.graph.node(
        'Concat',
        parts.map((p) => e.first(p)),
        { axis: axisFirst },
      ),
    }
  }
  return {
    rank,
    channels,
    last: e.graph.node(
      'Concat',
      parts.map((part) => e.last(part)),
      { axis: at },
    ),
  }
}

/** To another shape, in the original's order of axes; 0 keeps a size, -1 takes what is left. */
export function reshape(e: Emitter, x: Value, shape: readonly number[]): Value {
  const size = shape.at(-1)
  const channels = size !== undefined && size > 0 ? size : undefined
  return { rank: shape.length, channels, last: e.graph.node('Reshape', [e.last(x), e.graph.integers(shape)]) }
}

/** The values of a weight with its axes in another order. */
function permuted(weight: Weight, order: readonly number[]): Float32Array {
  const { shape, values } = weight
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1))
  const sizes = order.map((axis) => shape[axis] ?? 1)
  const steps = order.map((axis) => strides[axis] ?? 1)
  const result = new Float32Array(values.length)
  const at = new Array<number>(order.length).fill(0)
  let from = 0
  for (let to = 0; to < result.length; to += 1) {
    result[to] = values[from] ?? 0
    for (let axis = order.length - 1; axis >= 0; axis -= 1) {
      from += steps[axis] ?? 0
      at[axis] = (at[axis] ?? 0) + 1
      if ((at[axis] ?? 0) < (sizes[axis] ?? 1)) break
      from -= (steps[axis] ?? 0) * (sizes[axis] ?? 1)
      at[axis] = 0
    }
  }
  return result
}

function requireRank(x: Value, rank: number): void {
  if (x.rank !== rank) throw mismatch('a window over spatial axes')
}

function mismatch(what: string): TfjsError {
  return new TfjsError('tfjs-malformed', `${what} does not agree with the shape it is given`)
}
