import onnxProto from 'onnx-proto'
import { sigmoid } from '../../math/logistic.ts'
import { TrainerError } from '../errors.ts'
import { elementwise, type Matrix, multiplied, rowsMapped } from './matrix.ts'
import { readEnsemble, sumOfTrees } from './read-ensemble.ts'

const { onnx } = onnxProto
type Model = ReturnType<typeof onnx.ModelProto.decode>
type Node = onnxProto.onnx.INodeProto

/** Rows at a time: what lies between two operators stays small. */
const CHUNK_ROWS = 1024

/**
 * Computes a graph in double precision, without any runtime: the operators that the trainers write and that linear heads have.
 * What a runtime answers can be held against it when the trainer itself is gone.
 * @param rows `n * columns` values, NaN where missing.
 * @returns the values of the graph's only output, row after row.
 * @throws {TrainerError} `graph-unknown` for any other operator, attribute or wiring.
 */
export function evaluateGraph(file: Uint8Array, rows: Float32Array, columns: number): Float64Array {
  const model = decoded(file)
  const constants = new Map((model.graph?.initializer ?? []).map((tensor) => [tensor.name ?? '', constantOf(tensor)]))
  const [input, ...others] = (model.graph?.input ?? []).filter(({ name }) => !constants.has(name ?? ''))
  const [output, ...further] = model.graph?.output ?? []
  if (others.length > 0 || further.length > 0 || input?.name == null || output?.name == null) throw unknown('wiring')
  const nodes = (model.graph?.node ?? []).map((node) => ({ node, run: operationOf(node) }))
  const parts: Float64Array[] = []
  for (let at = 0; at < rows.length; at += CHUNK_ROWS * columns) {
    const part = rows.subarray(at, at + CHUNK_ROWS * columns)
    const values = new Map<string, Matrix>(constants)
    values.set(input.name, { rows: part.length / columns, width: columns, values: Float64Array.from(part) })
    for (const { node, run } of nodes) {
      const given = (node.input ?? []).map((name) => values.get(name) ?? wrong(name))
      values.set(node.output?.[0] ?? '', run(given))
    }
    parts.push(values.get(output.name)?.values ?? wrong(output.name))
  }
  return joined(parts)
}

type Operation = (given: readonly Matrix[]) => Matrix

const PAIRWISE: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Min: (a, b) => Math.min(a, b),
  Max: (a, b) => Math.max(a, b),
}
const SINGLE: Readonly<Record<string, (value: number) => number>> = {
  Identity: (value) => value,
  Sigmoid: sigmoid,
  Relu: (value) => Math.max(0, value),
  IsNaN: (value) => (Number.isNaN(value) ? 1 : 0),
}

/** What a node does. Attributes that change it are only taken where the trainers write them. */
function operationOf(node: Node): Operation {
  const name = node.domain === '' || node.domain == null ? (node.opType ?? '') : `${node.domain}::${node.opType ?? ''}`
  if (name === 'ai.onnx.ml::TreeEnsembleRegressor') {
    const ensemble = readEnsemble(node)
    return ([rows]) => sumOfTrees(ensemble, rows ?? wrong(name))
  }
  const { axis, keepdims, ...rest } = Object.fromEntries(
    (node.attribute ?? []).map((attribute) => [attribute.name ?? '', Number(attribute.i ?? Number.NaN)]),
  )
  if (Object.keys(rest).length > 0) throw unknown(`attributes of ${name}`)
  const pairwise = PAIRWISE[name]
  const single = SINGLE[name]
  if (pairwise !== undefined) return (given) => given.reduce((a, b) => elementwise(a, b, pairwise))
  if (single !== undefined) return ([value]) => mapped(value ?? wrong(name), single)
  switch (name) {
    case 'Where':
      return ([condition, a, b]) => chosen(condition ?? wrong(name), a ?? wrong(name), b ?? wrong(name))
    case 'MatMul':
      return ([a, b]) => multiplied(a ?? wrong(name), b ?? wrong(name))
    case 'Gemm':
      return ([a, b, c]) =>
        elementwise(multiplied(a ?? wrong(name), b ?? wrong(name)), c ?? wrong(name), (x, y) => x + y)
    case 'Clip':
      return ([value, low, high]) =>
        mapped(value ?? wrong(name), (x) => Math.min(scalar(high), Math.max(scalar(low), x)))
    case 'Softmax':
      if (axis !== -1) throw unknown('axis of Softmax')
      return ([value]) => rowsMapped(value ?? wrong(name), softmax)
    case 'ReduceSum':
      if (keepdims !== 1) throw unknown('keepdims of ReduceSum')
      return ([value]) => rowsMapped(value ?? wrong(name), (row) => Float64Array.of(row.reduce((sum, x) => sum + x, 0)))
    default:
      throw unknown(name)
  }
}

function mapped(value: Matrix, change: (value: number) => number): Matrix {
  return { ...value, values: value.values.map((one) => change(one)) }
}

function chosen(condition: Matrix, whenTrue: Matrix, whenFalse: Matrix): Matrix {
  const yes = elementwise(condition, whenTrue, (holds, value) => (holds === 1 ? value : 0))
  const no = elementwise(condition, whenFalse, (holds, value) => (holds === 1 ? 0 : value))
  return elementwise(yes, no, (a, b) => a + b)
}

function scalar(value: Matrix | undefined): number {
  return value?.values.length === 1 ? (value.values[0] ?? Number.NaN) : wrong('bounds of Clip')
}

function softmax(row: Float64Array): Float64Array {
  const largest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const powers = row.map((value) => Math.exp(value - largest))
  const sum = powers.reduce((total, value) => total + value, 0)
  return powers.map((value) => value / sum)
}

/** A constant as a matrix: a vector is one row, a number 1 x 1. */
function constantOf(tensor: onnxProto.onnx.ITensorProto): Matrix {
  const dims = (tensor.dims ?? []).map(Number)
  const [rows, width] = dims.length === 2 ? [dims[0] ?? 0, dims[1] ?? 0] : [1, dims[0] ?? 1]
  const values = valuesOf(tensor)
  if (dims.length > 2 || values.length !== rows * width) throw unknown(`constant ${tensor.name ?? ''}`)
  return { rows, width, values }
}

function valuesOf({ dataType, rawData, floatData, int64Data }: onnxProto.onnx.ITensorProto): Float64Array {
  if (dataType === onnx.TensorProto.DataType.INT64) return Float64Array.from(int64Data ?? [], Number)
  if (dataType !== onnx.TensorProto.DataType.FLOAT) throw unknown('type of a constant')
  if (rawData == null || rawData.length === 0) return Float64Array.from(floatData ?? [])
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength)
  return Float64Array.from({ length: rawData.length / 4 }, (_, i) => view.getFloat32(4 * i, true))
}

function decoded(file: Uint8Array): Model {
  try {
    return onnx.ModelProto.decode(file)
  } catch (cause) {
    throw new TrainerError('graph-unknown', 'the file is not an ONNX model', cause)
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function wrong(what: string): never {
  throw unknown(what)
}

function unknown(what: string): TrainerError {
  return new TrainerError('graph-unknown', `not a graph of the trainers: ${what}`)
}
