import { z } from 'zod'
import { activate, isActivation, softmax } from './activation.ts'
import type { Emitter, Value } from './emitter.ts'
import { TfjsError } from './errors.ts'
import type { KerasLayer } from './manifest.ts'
import {
  concatenate,
  convolve,
  convolveDepthwise,
  dense,
  normalise,
  pad,
  pool,
  reduce,
  reshape,
  type Window,
} from './operations.ts'
import type { Weight } from './weights.ts'

const sizes = z.union([z.number().int().min(1), z.array(z.number().int().min(1)).min(1).max(3)])
const margin = z.union([
  z.number().int().min(0),
  z.array(z.union([z.number().int().min(0), z.tuple([z.number().int().min(0), z.number().int().min(0)])])),
])

/** The members of a layer's configuration that any of our layers looks at. */
const layerConfig = z.looseObject({
  activation: z.string().nullish(),
  use_bias: z.boolean().nullish(),
  kernel_size: sizes.nullish(),
  strides: sizes.nullish(),
  dilation_rate: sizes.nullish(),
  pool_size: sizes.nullish(),
  size: sizes.nullish(),
  interpolation: z.string().nullish(),
  padding: z.union([z.enum(['same', 'valid']), margin]).nullish(),
  data_format: z.string().nullish(),
  groups: z.number().nullish(),
  axis: z.union([z.number().int(), z.array(z.number().int()).length(1)]).nullish(),
  epsilon: z.number().nullish(),
  alpha: z.number().nullish(),
  max_value: z.number().nullish(),
  negative_slope: z.number().nullish(),
  threshold: z.number().nullish(),
  keepdims: z.boolean().nullish(),
  target_shape: z.array(z.number().int()).nullish(),
})
type LayerConfig = z.infer<typeof layerConfig>

/** A layer with what it is given. */
interface Call {
  readonly e: Emitter
  readonly inputs: readonly Value[]
  readonly x: Value
  readonly config: LayerConfig
  readonly weight: (name: string) => Weight
  readonly maybe: (name: string) => Weight | undefined
}

const average = (e: Emitter, inputs: readonly Value[]): Value => {
  const sum = inputs.reduce((a, b) => e.pair('Add', a, b))
  return e.map(sum, 'Mul', {}, [e.graph.scalar(1 / inputs.length)])
}
const pooled =
  (kind: 'MaxPool' | 'AveragePool', axes: number) =>
  ({ e, x, config }: Call): Value => {
    const size = spread(config.pool_size ?? 2, axes)
    return pool(e, x, kind, size, windowOf({ ...config, strides: config.strides ?? size, dilation_rate: 1 }, axes))
  }
const overSpace =
  (kind: 'ReduceMean' | 'ReduceMax', axes: number) =>
  ({ e, x, config }: Call): Value =>
    reduce(
      e,
      x,
      kind,
      Array.from({ length: axes }, (_, i) => i + 1),
      config.keepdims === true,
    )
const joined =
  (opType: string) =>
  ({ e, inputs }: Call): Value =>
    inputs.reduce((a, b) => e.pair(opType, a, b))
const convolved =
  (axes: number) =>
  ({ e, x, config, weight, maybe }: Call): Value =>
    convolve(e, x, weight('kernel'), windowOf(config, axes), maybe('bias'))
const same = ({ x }: Call): Value => x

/** Every layer that is converted, by its class name. */
const LAYERS: Readonly<Record<string, (call: Call) => Value>> = {
  Conv1D: convolved(1),
  Conv2D: convolved(2),
  Conv3D: convolved(3),
  DepthwiseConv2D: ({ e, x, config, weight, maybe }) =>
    convolveDepthwise(e, x, weight('depthwise_kernel'), windowOf(config, 2), maybe('bias')),
  SeparableConv2D: ({ e, x, config, weight, maybe }) => {
    const deep = convolveDepthwise(e, x, weight('depthwise_kernel'), windowOf(config, 2))
    const point: Window = { strides: [1, 1], dilations: [1, 1], padding: 'valid' }
    return convolve(e, deep, weight('pointwise_kernel'), point, maybe('bias'))
  },
  Dense: ({ e, x, weight, maybe }) => dense(e, x, weight('kernel'), maybe('bias')),
  Activation: same,
  ReLU: ({ e, x, config }) => {
    if ((config.negative_slope ?? 0) !== 0 || (config.threshold ?? 0) !== 0) throw unsupported('a ReLU with a slope')
    const top = config.max_value
    return top == null ? e.map(x, 'Relu') : e.map(x, 'Clip', {}, [e.graph.scalar(0), e.graph.scalar(top)])
  },
  LeakyReLU: ({ e, x, config }) => e.map(x, 'LeakyRelu', { alpha: { float: config.alpha ?? 0.3 } }),
  ELU: ({ e, x, config }) => e.map(x, 'Elu', { alpha: { float: config.alpha ?? 1 } }),
  Softmax: ({ e, x, config }) => {
    if (!isLastAxis(config.axis ?? -1, x)) throw unsupported('a Softmax over another axis than the last')
    return softmax(e, x)
  },
  BatchNormalization: ({ e, x, config, weight, maybe }) => {
    if (!isLastAxis(config.axis ?? -1, x)) throw unsupported('a BatchNormalization over another axis than the last')
    return normalise(e, x, {
      mean: weight('moving_mean'),
      variance: weight('moving_variance'),
      gamma: maybe('gamma'),
      beta: maybe('beta'),
      epsilon: config.epsilon ?? 1e-3,
    })
  },
  MaxPooling2D: pooled('MaxPool', 2),
  MaxPooling3D: pooled('MaxPool', 3),
  AveragePooling2D: pooled('AveragePool', 2),
  AveragePooling3D: pooled('AveragePool', 3),
  GlobalAveragePooling1D: overSpace('ReduceMean', 1),
  GlobalAveragePooling2D: overSpace('ReduceMean', 2),
  GlobalAveragePooling3D: overSpace('ReduceMean', 3),
  GlobalMaxPooling1D: overSpace('ReduceMax', 1),
  GlobalMaxPooling2D: overSpace('ReduceMax', 2),
  ZeroPadding2D: ({ e, x, config }) => pad(e, x, [[0, 0], ...marginsOf(config.padding, 2), [0, 0]], 0),
  ZeroPadding3D: ({ e, x, config }) => pad(e, x, [[0, 0], ...marginsOf(config.padding, 3), [0, 0]], 0),
  UpSampling2D: ({ e, x, config }) => {
    if ((config.interpolation ?? 'nearest') !== 'nearest') throw unsupported('an UpSampling2D that interpolates')
    const scales = e.graph.floats(Float32Array.from([1, 1, ...spread(config.size ?? 2, 2)]), [4])
    const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
    return { rank: 4, channels: x.channels, first: e.graph.node('Resize', [e.first(x), '', scales], attributes) }
  },
  Flatten: ({ e, x }) => reshape(e, x, [0, -1]),
  Reshape: ({ e, x, config }) => reshape(e, x, [0, ...(config.target_shape ?? [])]),
  Dropout: same,
  SpatialDropout2D: same,
  SpatialDropout3D: same,
  GaussianNoise: same,
  GaussianDropout: same,
  ActivityRegularization: same,
  Add: joined('Add'),
  Subtract: joined('Sub'),
  Multiply: joined('Mul'),
  Maximum: joined('Max'),
  Minimum: joined('Min'),
  Average: ({ e, inputs }) => average(e, inputs),
  Concatenate: ({ e, inputs, config }) => concatenate(e, inputs, [config.axis ?? -1].flat()[0] ?? -1),
}

/** Why a layer is not converted; `undefined` when it is. */
export function layerProblem(layer: KerasLayer): string | undefined {
  const label = `${layer.class_name} ${layer.config.name ?? ''}`.trim()
  if (layer.class_name === 'InputLayer') return undefined
  if (!Object.hasOwn(LAYERS, layer.class_name)) return label
  const config = layerConfig.safeParse(layer.config)
  if (!config.success) return `${label} (${String(config.error.issues[0]?.path[0] ?? 'configuration')})`
  const { data_format: format, groups, activation } = config.data
  if (format != null && format !== 'channels_last' && format !== 'channelsLast') return `${label} (${format})`
  if ((groups ?? 1) !== 1) return `${label} (groups)`
  return activation != null && !isActivation(activation) ? `${label} (${activation})` : undefined
}

/** Emits a layer that has no problem. @throws {TfjsError} when its weights do not fit. */
export function emitLayer(
  e: Emitter,
  layer: KerasLayer,
  inputs: readonly Value[],
  weights: ReadonlyMap<string, Weight>,
): Value {
  const name = layer.config.name ?? layer.name ?? ''
  const [x] = inputs
  const emit = LAYERS[layer.class_name]
  if (x === undefined || emit === undefined) throw new TfjsError('tfjs-malformed', `the layer ${name} has no input`)
  const config = layerConfig.parse(layer.config)
  const maybe = (part: string): Weight | undefined => weights.get(`${name}/${part}`)
  const weight = (part: string): Weight => {
    const found = maybe(part)
    if (found === undefined) throw new TfjsError('tfjs-malformed', `the layer ${name} has no weight ${part}`)
    return found
  }
  const made = emit({ e, inputs, x, config, weight, maybe })
  return config.activation == null ? made : activate(e, made, config.activation)
}

function windowOf(config: LayerConfig, axes: number): Window {
  const { padding } = config
  return {
    strides: spread(config.strides ?? 1, axes),
    dilations: spread(config.dilation_rate ?? 1, axes),
    padding: padding === 'same' ? 'same' : 'valid',
  }
}

function spread(value: number | readonly number[], axes: number): number[] {
  if (typeof value === 'number') return new Array<number>(axes).fill(value)
  if (value.length !== axes) throw new TfjsError('tfjs-malformed', 'a layer has another number of axes')
  return [...value]
}

function marginsOf(padding: LayerConfig['padding'], axes: number): (readonly [number, number])[] {
  if (padding == null || typeof padding === 'string') return new Array<[number, number]>(axes).fill([1, 1])
  if (typeof padding === 'number') return new Array<[number, number]>(axes).fill([padding, padding])
  return padding.map((one): readonly [number, number] => (typeof one === 'number' ? [one, one] : one))
}

function isLastAxis(axis: number | readonly number[], x: Value): boolean {
  const [at] = [axis].flat()
  return at === -1 || at === x.rank - 1
}

function unsupported(what: string): TfjsError {
  return new TfjsError('tfjs-unsupported', `cannot convert ${what}`)
}
