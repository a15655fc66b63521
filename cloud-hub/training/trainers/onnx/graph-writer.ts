import onnxProto from 'onnx-proto'

const { onnx } = onnxProto
type Attribute = onnxProto.onnx.IAttributeProto
type AttributeValue = number | string | readonly string[] | Float32Array | Int32Array | { readonly float: number }

const FLOAT = onnx.TensorProto.DataType.FLOAT
const INT64 = onnx.TensorProto.DataType.INT64
const { AttributeType } = onnx.AttributeProto

/** Name of the graph's input, float32 [N, columns]. */
export const INPUT = 'features'
/** Name of the graph's output, float32 [N, outputs]. */
export const OUTPUT = 'probability'

/** Writes a graph node by node. Names are numbered in the order of writing, so the same model gives the same bytes. */
export interface GraphWriter {
  /** A float32 constant. @returns its name. */
  constant(dims: readonly number[], values: ArrayLike<number>): string
  /** A list of int64, such as axes. @returns its name. */
  integers(values: readonly number[]): string
  /** A node with one output. @returns the name of the output. */
  node(operator: string, inputs: readonly string[], attributes?: Readonly<Record<string, AttributeValue>>): string
  /** A node of the domain ai.onnx.ml. */
  mlNode(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>>): string
  /** The model's bytes, with `result` as its output. */
  finish(result: string, columns: number, outputs: number): Uint8Array
}

/** An empty graph: default operators of opset 17, ai.onnx.ml of version 3. */
export function graphWriter(): GraphWriter {
  const nodes: onnxProto.onnx.INodeProto[] = []
  const initializer: onnxProto.onnx.ITensorProto[] = []
  const add = (
    domain: string,
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
  ): string => {
    const name = `n${nodes.length}`
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value))
    nodes.push({ domain, opType, name, input: [...input], output: [name], attribute })
    return name
  }
  return {
    constant(dims, values) {
      const name = `c${initializer.length}`
      const raw = Buffer.alloc(values.length * 4)
      for (let i = 0; i < values.length; i++) raw.writeFloatLE(values[i] ?? 0, i * 4)
      initializer.push({ name, dataType: FLOAT, dims: [...dims], rawData: raw })
      return name
    },
    integers(values) {
      const name = `c${initializer.length}`
      initializer.push({ name, dataType: INT64, dims: [values.length], int64Data: [...values] })
      return name
    },
    node: (operator, inputs, attributes = {}) => add('', operator, inputs, attributes),
    mlNode: (operator, inputs, attributes) => add('ai.onnx.ml', operator, inputs, attributes),
    finish(result, columns, outputs) {
      nodes.push({ domain: '', opType: 'Identity', name: OUTPUT, input: [result], output: [OUTPUT] })
      const model = onnx.ModelProto.create({
        irVersion: 8,
        producerName: 'leadglass',
        opsetImport: [
          { domain: '', version: 17 },
          { domain: 'ai.onnx.ml', version: 3 },
        ],
        graph: {
          name: 'model',
          node: nodes,
          initializer,
          input: [matrix(INPUT, columns)],
          output: [matrix(OUTPUT, outputs)],
        },
      })
      return onnx.ModelProto.encode(model).finish()
    },
  }
}

function matrix(name: string, width: number): onnxProto.onnx.IValueInfoProto {
  return {
    name,
    type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimParam: 'N' }, { dimValue: width }] } } },
  }
}

/** A number is an integer attribute, `{float}` a float one; lists by the kind of their array. */
function attributeOf(name: string, value: AttributeValue): Attribute {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value }
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: Buffer.from(value) }
  if (value instanceof Float32Array) return { name, type: AttributeType.FLOATS, floats: Array.from(value) }
  if (value instanceof Int32Array) return { name, type: AttributeType.INTS, ints: Array.from(value) }
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float }
  return { name, type: AttributeType.STRINGS, strings: value.map((one) => Buffer.from(one)) }
}
