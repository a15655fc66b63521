import onnxProto from 'onnx-proto'
import { TrainingError } from './errors.ts'

const { onnx } = onnxProto

/** The head of a package: p = sigmoid(((x - mean) / scale) · weight + bias). Arrays are float32, as the graph has them. */
export interface LinearHead {
  readonly mean: Float32Array
  readonly scale: Float32Array
  readonly weight: Float32Array
  readonly bias: number
}

const OPERATORS = 'Sub,Div,MatMul,Add,Sigmoid'
const INITIALISERS = ['mean', 'scale', 'weight', 'bias'] as const

/**
 * Reads the parameters of a linear head from its graph: one chain of Sub, Div, MatMul, Add, Sigmoid with the
 * initialisers mean, scale, weight and bias.
 * @throws {TrainingError} `head-not-linear` for any other graph.
 */
export function readHead(graphBytes: Uint8Array): LinearHead {
  const model = decode(graphBytes)
  const operators = (model.graph?.node ?? []).map((node) => node.opType).join(',')
  if (operators !== OPERATORS) throw new TrainingError('head-not-linear', 'the head graph has other operators')
  const [mean, scale, weight, bias] = INITIALISERS.map((name) => floatsOf(model, name))
  const length = mean?.length ?? 0
  if (mean === undefined || scale === undefined || weight === undefined || bias?.[0] === undefined || length === 0) {
    throw new TrainingError('head-not-linear', 'the head graph lacks an initialiser')
  }
  if (scale.length !== length || weight.length !== length || bias.length !== 1 || scale.some((value) => value === 0)) {
    throw new TrainingError('head-not-linear', 'the head graph has initialisers of unequal length, or a scale of 0')
  }
  return { mean, scale, weight, bias: bias[0] }
}

/**
 * The parent's graph with another weight and bias; every other byte stays, so that the architecture can be seen to be the
 * parent's.
 */
export function writeHead(parentGraph: Uint8Array, head: Pick<LinearHead, 'weight' | 'bias'>): Uint8Array {
  // What the decoder gives as bytes lies in the copy itself.
  const written = Buffer.from(parentGraph)
  const model = decode(written)
  const inPlace = [
    replace(model, written, 'weight', head.weight),
    replace(model, written, 'bias', Float32Array.of(head.bias)),
  ]
  return inPlace.every(Boolean) ? written : onnx.ModelProto.encode(model).finish()
}

/** A graph with other names for its inputs and outputs; names that are not given stay. */
export function renameTensors(graphBytes: Uint8Array, names: Readonly<Record<string, string>>): Uint8Array {
  const model = decode(graphBytes)
  const renamed = (name: string): string => names[name] ?? name
  for (const node of model.graph?.node ?? []) {
    node.input = node.input?.map(renamed) ?? []
    node.output = node.output?.map(renamed) ?? []
  }
  for (const value of [...(model.graph?.input ?? []), ...(model.graph?.output ?? [])]) {
    value.name = renamed(value.name ?? '')
  }
  return onnx.ModelProto.encode(model).finish()
}

/** Probability of one embedding in double precision, from the float32 parameters. */
export function headProbability(head: LinearHead, embedding: Float32Array): number {
  let logit = head.bias
  for (let i = 0; i < head.weight.length; i++) {
    logit += (((embedding[i] ?? 0) - (head.mean[i] ?? 0)) / (head.scale[i] ?? 1)) * (head.weight[i] ?? 0)
  }
  return 0.5 * (1 + Math.tanh(0.5 * logit))
}

type Model = ReturnType<typeof onnx.ModelProto.decode>

function decode(graphBytes: Uint8Array): Model {
  try {
    return onnx.ModelProto.decode(graphBytes)
  } catch (cause) {
    throw new TrainingError('head-not-linear', 'the head graph is not an ONNX model', cause)
  }
}

function floatsOf(model: Model, name: string): Float32Array | undefined {
  const tensor = model.graph?.initializer?.find((candidate) => candidate.name === name)
  if (tensor?.dataType !== onnx.TensorProto.DataType.FLOAT) return undefined
  const raw = tensor.rawData
  if (raw == null || raw.length === 0) return Float32Array.from(tensor.floatData ?? [])
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  return Float32Array.from({ length: raw.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}

/** @returns whether the numbers could be written where the old ones are. */
function replace(model: Model, file: Buffer, name: string, values: Float32Array): boolean {
  const tensor = model.graph?.initializer?.find((candidate) => candidate.name === name)
  if (tensor === undefined) throw new TrainingError('head-not-linear', `the head graph lacks ${name}`)
  const raw = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) raw.writeFloatLE(value, i * 4)
  const old = tensor.rawData
  if (old?.length === raw.length && old.buffer === file.buffer) {
    old.set(raw)
    return true
  }
  tensor.floatData = []
  tensor.rawData = raw
  return false
}
