import { signed, type WireField, wireFields } from '../import/wire.ts'
import { AttributionError } from './errors.ts'

/** A constant of a graph in double precision, row after row. */
export interface GraphConstant {
  readonly dimensions: readonly number[]
  readonly values: Float64Array
}

/** What a node is told beside its inputs. Members that the file does not have are empty. */
export interface NodeAttribute {
  readonly floats: readonly number[]
  readonly integers: readonly number[]
  readonly strings: readonly string[]
}

export interface GraphNode {
  /** `Sigmoid`, of another domain `ai.onnx.ml::TreeEnsembleRegressor`. */
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, NodeAttribute>
}

/** A graph as attribution reads it: nodes in the order in which they run. */
export interface OnnxGraph {
  readonly nodes: readonly GraphNode[]
  readonly constants: ReadonlyMap<string, GraphConstant>
}

const FLOAT32 = 1
const INT64 = 7

/**
 * Reads nodes, attributes and float32 or int64 initialisers of an ONNX file (onnx.proto: ModelProto.graph 7).
 * @throws {AttributionError} `graph-malformed`.
 */
export function readOnnxGraph(file: Uint8Array): OnnxGraph {
  try {
    const graph = bytesOf([...wireFields(file)], 7)[0]
    if (graph === undefined) throw new RangeError('no graph')
    const fields = [...wireFields(graph)]
    return {
      nodes: bytesOf(fields, 1).map(nodeOf),
      constants: new Map(bytesOf(fields, 5).map(constantOf)),
    }
  } catch {
    throw new AttributionError('graph-malformed', 'the graph cannot be read')
  }
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5, domain 7. */
function nodeOf(node: Uint8Array): GraphNode {
  const fields = [...wireFields(node)]
  const domain = textsOf(fields, 7)[0] ?? ''
  const name = textsOf(fields, 4)[0] ?? ''
  return {
    operator: domain === '' || domain === 'ai.onnx' ? name : `${domain}::${name}`,
    inputs: textsOf(fields, 1),
    outputs: textsOf(fields, 2),
    attributes: new Map(bytesOf(fields, 5).map(attributeOf)),
  }
}

/** AttributeProto: name 1, f 2, i 3, s 4, floats 7, ints 8, strings 9. */
function attributeOf(attribute: Uint8Array): readonly [string, NodeAttribute] {
  const fields = [...wireFields(attribute)]
  const value = {
    floats: [...floatsOf(fields, 2), ...floatsOf(fields, 7)],
    integers: [...integersOf(fields, 3), ...integersOf(fields, 8)],
    strings: [...textsOf(fields, 4), ...textsOf(fields, 9)],
  }
  return [textsOf(fields, 1)[0] ?? '', value]
}

/** TensorProto: dims 1, data_type 2, float_data 4, int64_data 7, name 8, raw_data 9. */
function constantOf(tensor: Uint8Array): readonly [string, GraphConstant] {
  const fields = [...wireFields(tensor)]
  const type = integersOf(fields, 2)[0]
  const raw = bytesOf(fields, 9)[0]
  let values: readonly number[] = []
  if (type === FLOAT32) values = raw === undefined ? floatsOf(fields, 4) : floatsIn(raw)
  if (type === INT64) values = raw === undefined ? integersOf(fields, 7) : longsIn(raw)
  return [textsOf(fields, 8)[0] ?? '', { dimensions: integersOf(fields, 1), values: Float64Array.from(values) }]
}

function bytesOf(fields: readonly WireField[], number: number): readonly Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && field.kind === 'bytes' ? [field.value] : []))
}

function textsOf(fields: readonly WireField[], number: number): readonly string[] {
  return bytesOf(fields, number).map((bytes) => Buffer.from(bytes).toString('utf8'))
}

/** Written one by one, or packed. */
function floatsOf(fields: readonly WireField[], number: number): readonly number[] {
  return fields.flatMap((field) =>
    field.number === number && field.kind !== 'varint' ? [...floatsIn(field.value)] : [],
  )
}

function floatsIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(bytes.byteLength / 4) }, (_, i) => view.getFloat32(4 * i, true))
}

function longsIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(bytes.byteLength / 8) }, (_, i) => Number(view.getBigInt64(8 * i, true)))
}

/** Written one by one, or packed: the varints of a message without its keys. */
function integersOf(fields: readonly WireField[], number: number): readonly number[] {
  const integers: number[] = []
  for (const field of fields) {
    if (field.number !== number) continue
    if (field.kind === 'varint') integers.push(signed(field.value))
    if (field.kind !== 'bytes') continue
    let [value, shift] = [0n, 0n]
    for (const byte of field.value) {
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte >= 0x80) continue
      integers.push(signed(value))
      ;[value, shift] = [0n, 0n]
    }
  }
  return integers
}
