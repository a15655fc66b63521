import { softmax } from './activation.ts'
import type { Emitter, Value } from './emitter.ts'
import { TfjsError } from './errors.ts'
import { type Attributes, attributesOf } from './graph-attributes.ts'
import type { GraphNode } from './manifest.ts'
import {
  concatenate,
  convolve,
  convolveDepthwise,
  normalise,
  pad,
  pool,
  reduce,
  reshape,
  type Window,
} from './operations.ts'
import type { Weight } from './weights.ts'

/** A node with what it is given. */
interface Call {
  readonly e: Emitter
  readonly name: string
  readonly inputs: readonly Value[]
  readonly x: Value
  readonly attributes: Attributes
  /** The constant behind an input. */
  readonly constant: (index: number) => Weight
}

const unary =
  (opType: string) =>
  ({ e, x }: Call): Value =>
    e.map(x, opType)
const binary =
  (opType: string) =>
  ({ e, x, inputs }: Call): Value =>
    e.pair(opType, x, inputs[1] ?? x)
const pooled =
  (kind: 'MaxPool' | 'AveragePool') =>
  ({ e, x, attributes }: Call): Value =>
    pool(e, x, kind, attributes.spatial('ksize'), windowOf(attributes))
const reduced =
  (kind: 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceSum') =>
  ({ e, x, attributes, constant }: Call): Value =>
    reduce(e, x, kind, [...constant(1).values], attributes.flag('keep_dims'))
const normalised = ({ e, x, attributes, constant }: Call): Value => {
  if (attributes.flag('is_training')) throw new TfjsError('tfjs-unsupported', 'a normalisation in training')
  const epsilon = attributes.number('epsilon') ?? 1e-4
  return normalise(e, x, {
    gamma: constant(1),
    beta: constant(2),
    mean: constant(3),
    variance: constant(4),
    epsilon,
  })
}
const matrixProduct = ({ e, x, inputs, attributes }: Call): Value => {
  const other = inputs[1] ?? x
  if (attributes.flag('transpose_a') || attributes.flag('adj_x')) throw unsupportedTranspose()
  const isTurned = attributes.flag('transpose_b') || attributes.flag('adj_y')
  if (isTurned && other.rank !== 2) throw unsupportedTranspose()
  const right = isTurned ? e.graph.node('Transpose', [e.last(other)], { perm: [1, 0] }) : e.last(other)
  const channels = isTurned ? other.constant?.shape[0] : other.channels
  return { rank: Math.max(x.rank, other.rank), channels, last: e.graph.node('MatMul', [e.last(x), right]) }
}

/** Every operation that is converted, by its name in TensorFlow. */
const OPERATIONS: Readonly<Record<string, (call: Call) => Value>> = {
  Identity: ({ x }) => x,
  StopGradient: ({ x }) => x,
  Snapshot: ({ x }) => x,
  Conv2D: (call) => convolve(call.e, call.x, call.constant(1), windowOf(call.attributes)),
  Conv3D: (call) => convolve(call.e, call.x, call.constant(1), windowOf(call.attributes)),
  DepthwiseConv2dNative: (call) => convolveDepthwise(call.e, call.x, call.constant(1), windowOf(call.attributes)),
  _FusedConv2D: (call) => fused(call, convolve(call.e, call.x, call.constant(1), windowOf(call.attributes))),
  FusedDepthwiseConv2dNative: (call) =>
    fused(call, convolveDepthwise(call.e, call.x, call.constant(1), windowOf(call.attributes))),
  _FusedMatMul: (call) => fused(call, matrixProduct(call)),
  MatMul: matrixProduct,
  BatchMatMulV2: matrixProduct,
  BiasAdd: binary('Add'),
  Add: binary('Add'),
  AddV2: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Pow: binary('Pow'),
  AddN: ({ e, inputs }) => inputs.reduce((a, b) => e.pair('Add', a, b)),
  SquaredDifference: ({ e, x, inputs }) => {
    const difference = e.pair('Sub', x, inputs[1] ?? x)
    return e.pair('Mul', difference, difference)
  },
  Square: ({ e, x }) => e.pair('Mul', x, x),
  Relu: unary('Relu'),
  Relu6: ({ e, x }) => e.map(x, 'Clip', {}, [e.graph.scalar(0), e.graph.scalar(6)]),
  LeakyRelu: ({ e, x, attributes }) => e.map(x, 'LeakyRelu', { alpha: { float: attributes.number('alpha') ?? 0.2 } }),
  Elu: unary('Elu'),
  Selu: unary('Selu'),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Softplus: unary('Softplus'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Neg: unary('Neg'),
  Abs: unary('Abs'),
  Sqrt: unary('Sqrt'),
  Erf: unary('Erf'),
  Rsqrt: ({ e, x }) => e.map(e.map(x, 'Sqrt'), 'Reciprocal'),
  Softmax: ({ e, x }) => softmax(e, x),
  FusedBatchNorm: normalised,
  FusedBatchNormV2: normalised,
  FusedBatchNormV3: normalised,
  Pad: ({ e, x, constant }) => pad(e, x, pairsOf(constant(1)), 0),
  PadV2: ({ e, x, constant }) => pad(e, x, pairsOf(constant(1)), constant(2).values[0] ?? 0),
  MirrorPad: ({ e, x, attributes, constant }) => {
    if (attributes.text('mode') !== 'REFLECT') throw new TfjsError('tfjs-unsupported', 'a symmetric MirrorPad')
    return pad(e, x, pairsOf(constant(1)), 0, 'reflect')
  },
  MaxPool: pooled('MaxPool'),
  MaxPool3D: pooled('MaxPool'),
  AvgPool: pooled('AveragePool'),
  AvgPool3D: pooled('AveragePool'),
  Mean: reduced('ReduceMean'),
  Max: reduced('ReduceMax'),
  Min: reduced('ReduceMin'),
  Sum: reduced('ReduceSum'),
  // A batch of one is what runs here; a leading 1 would else fix the batch.
  Reshape: ({ e, x, constant }) => reshape(e, x, [...constant(1).values]),
  Squeeze: ({ e, x, attributes }) => {
    const axes = (attributes.list('squeeze_dims') ?? attributes.list('axis') ?? []).map((axis) =>
      axis < 0 ? axis + x.rank : axis,
    )
    if (axes.length === 0) throw new TfjsError('tfjs-unsupported', 'a Squeeze that names no axes')
    const channels = axes.includes(x.rank - 1) ? undefined : x.channels
    const tensor = e.graph.node('Squeeze', [e.last(x), e.graph.integers(axes)])
    return { rank: x.rank - axes.length, channels, last: tensor }
  },
  ExpandDims: ({ e, x, constant }) => {
    const [axis = 0] = constant(1).values
    const at = axis < 0 ? axis + x.rank + 1 : axis
    const channels = at === x.rank ? 1 : x.channels
    return { rank: x.rank + 1, channels, last: e.graph.node('Unsqueeze', [e.last(x), e.graph.integers([at])]) }
  },
  Transpose: ({ e, x, constant }) => {
    const perm = [...constant(1).values]
    const channels = perm.at(-1) === x.rank - 1 ? x.channels : undefined
    return { rank: x.rank, channels, last: e.graph.node('Transpose', [e.last(x)], { perm }) }
  },
  ConcatV2: ({ e, inputs, constant }) =>
    concatenate(e, inputs.slice(0, -1), constant(inputs.length - 1).values[0] ?? 0),
}

/** Why a node is not converted; `undefined` when it is. */
export function nodeProblem({ op, name, attr }: GraphNode): string | undefined {
  if (op === 'Placeholder' || op === 'Const' || op === 'NoOp') return undefined
  if (!Object.hasOwn(OPERATIONS, op)) return `${op} ${name}`
  const format = attributesOf(attr ?? {}).text('data_format')
  if (format !== undefined && format !== '' && !/^N[DHW]+C$/.test(format)) return `${op} ${name} (${format})`
  const names = attributesOf(attr ?? {}).texts('fused_ops')
  const unknown = names.filter((one) => FUSED[one] === undefined)
  return unknown.length > 0 ? `${op} ${name} (${unknown.join(', ')})` : undefined
}

/** Emits a node that has no problem. @throws {TfjsError} when its inputs do not fit. */
export function emitNode(e: Emitter, node: GraphNode, inputs: readonly Value[]): Value {
  const { name, op } = node
  const [x] = inputs
  const emit = OPERATIONS[op]
  if (x === undefined || emit === undefined) throw new TfjsError('tfjs-malformed', `the node ${name} has no input`)
  const constant = (index: number): Weight => {
    const weight = inputs[index]?.constant
    if (weight === undefined) throw new TfjsError('tfjs-unsupported', `${op} ${name}: its parameters are computed`)
    return weight
  }
  return emit({ e, name, inputs, x, attributes: attributesOf(node.attr ?? {}), constant })
}

type FusedStep = (call: Call, x: Value, argument: number) => { readonly value: Value; readonly taken: number }
const alone =
  (of: (e: Emitter, x: Value) => Value): FusedStep =>
  ({ e }, x) => ({ value: of(e, x), taken: 0 })

/** Operations that are fused behind a convolution or a product; arguments follow the two main inputs. */
const FUSED: Readonly<Record<string, FusedStep>> = {
  BiasAdd: ({ e, inputs }, x, at) => ({ value: e.pair('Add', x, inputs[at] ?? x), taken: 1 }),
  Relu: alone((e, x) => e.map(x, 'Relu')),
  Relu6: alone((e, x) => e.map(x, 'Clip', {}, [e.graph.scalar(0), e.graph.scalar(6)])),
  Elu: alone((e, x) => e.map(x, 'Elu')),
  Sigmoid: alone((e, x) => e.map(x, 'Sigmoid')),
  LeakyRelu: (call, x) => {
    const alpha = call.attributes.number('leakyrelu_alpha') ?? 0.2
    return { value: call.e.map(x, 'LeakyRelu', { alpha: { float: alpha } }), taken: 0 }
  },
}

function fused(call: Call, made: Value): Value {
  let value = made
  let argument = 2
  for (const name of call.attributes.texts('fused_ops')) {
    const step = FUSED[name]?.(call, value, argument)
    if (step === undefined) continue
    argument += step.taken
    value = step.value
  }
  return value
}

function windowOf(attributes: Attributes): Window {
  const name = attributes.text('padding')
  const strides = attributes.spatial('strides')
  const dilations = attributes.list('dilations') === undefined ? strides.map(() => 1) : attributes.spatial('dilations')
  if (name === 'SAME' || name === 'VALID') {
    return { strides, dilations, padding: name === 'SAME' ? 'same' : 'valid' }
  }
  const explicit = attributes.list('explicit_paddings') ?? []
  if (name !== 'EXPLICIT' || explicit.length !== 2 * (strides.length + 2)) {
    throw new TfjsError('tfjs-malformed', 'a window without a padding')
  }
  const inner = explicit.slice(2, -2)
  return {
    strides,
    dilations,
    padding: { before: inner.filter((_, i) => i % 2 === 0), after: inner.filter((_, i) => i % 2 === 1) },
  }
}

function pairsOf({ values }: Weight): (readonly [number, number])[] {
  return Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i] ?? 0, values[2 * i + 1] ?? 0] as const)
}

function unsupportedTranspose(): TfjsError {
  return new TfjsError('tfjs-unsupported', 'a product with its first factor transposed')
}
