import { OnnxError } from './errors.ts'
import { isAllowedOperator } from './operators.ts'
import { signed, type WireField, wireFields } from './wire.ts'

/** An input or output of a graph. A free dimension is its name, or `?`. */
export interface OnnxTensor {
  readonly name: string
  /** TensorProto.DataType; 1 is float32. */
  readonly elementType: number
  readonly dimensions: readonly (number | string)[]
}

/** What stands in an ONNX file, and every reason not to run it. */
export interface OnnxInspection {
  readonly irVersion: number
  readonly producer: string
  readonly operatorSets: Readonly<Record<string, number>>
  /** How often each operator stands in the graph and its subgraphs; other domains as `domain::Name`. */
  readonly operators: Readonly<Record<string, number>>
  /** Without the initialisers, which old files list as inputs too. */
  readonly inputs: readonly OnnxTensor[]
  readonly outputs: readonly OnnxTensor[]
  readonly parameters: number
  readonly problems: readonly string[]
}

/** What onnxruntime 1.30 loads and this product has run. */
const IR_VERSIONS = { lowest: 3, highest: 10 } as const
const OPERATOR_SETS: Readonly<Record<string, { readonly lowest: number; readonly highest: number }>> = {
  '': { lowest: 7, highest: 22 },
  'ai.onnx': { lowest: 7, highest: 22 },
  'ai.onnx.ml': { lowest: 1, highest: 5 },
}
const DEEPEST_GRAPH = 4
const EXTERNAL = 1

interface Findings {
  readonly operators: Map<string, number>
  readonly problems: Set<string>
  parameters: number
}

/**
 * Reads an ONNX file (onnx.proto, ModelProto) without running it.
 * @throws {OnnxError} when it is none.
 */
export function inspectOnnx(file: Uint8Array): OnnxInspection {
  const findings: Findings = { operators: new Map(), problems: new Set(), parameters: 0 }
  const fields = [...wireFields(file)]
  const graph = bytesOf(fields, 7)[0]
  const irVersion = integerOf(fields, 1)
  if (graph === undefined || irVersion === undefined) throw new OnnxError('onnx-malformed', 'the file has no graph')
  const operatorSets = Object.fromEntries(
    bytesOf(fields, 8).map((set) => {
      const members = [...wireFields(set)]
      return [textOf(members, 1), integerOf(members, 2) ?? 0]
    }),
  )
  if (irVersion < IR_VERSIONS.lowest || irVersion > IR_VERSIONS.highest) {
    findings.problems.add(`IR version ${irVersion} is not between ${IR_VERSIONS.lowest} and ${IR_VERSIONS.highest}`)
  }
  for (const [domain, version] of Object.entries(operatorSets)) {
    const bounds = OPERATOR_SETS[domain]
    if (bounds === undefined) findings.problems.add(`operators of the domain ${domain} are not allowed`)
    else if (version < bounds.lowest || version > bounds.highest) {
      findings.problems.add(`operator set ${version} is not between ${bounds.lowest} and ${bounds.highest}`)
    }
  }
  if (bytesOf(fields, 25).length > 0) findings.problems.add('the model brings functions of its own')
  const signature = inspectGraph(graph, findings, 0)
  for (const { name, elementType } of signature.inputs) {
    if (elementType !== 1) findings.problems.add(`input ${name} is not float32`)
  }
  return {
    irVersion,
    producer: textOf(fields, 2),
    operatorSets,
    operators: Object.fromEntries([...findings.operators].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    ...signature,
    parameters: findings.parameters,
    problems: [...findings.problems],
  }
}

/** GraphProto: node 1, initializer 5, input 11, output 12, sparse_initializer 15. */
function inspectGraph(
  graph: Uint8Array,
  findings: Findings,
  depth: number,
): Pick<OnnxInspection, 'inputs' | 'outputs'> {
  if (depth > DEEPEST_GRAPH) throw new OnnxError('onnx-too-deep', 'graphs lie too deep in each other')
  const fields = [...wireFields(graph)]
  const initialisers = new Set(bytesOf(fields, 5).map((tensor) => inspectTensor(tensor, findings)))
  if (bytesOf(fields, 15).length > 0) findings.problems.add('sparse initialisers are not allowed')
  for (const node of bytesOf(fields, 1)) inspectNode(node, findings, depth)
  return {
    inputs: bytesOf(fields, 11)
      .map(tensorOf)
      .filter(({ name }) => !initialisers.has(name)),
    outputs: bytesOf(fields, 12).map(tensorOf),
  }
}

/** NodeProto: op_type 4, attribute 5, domain 7; AttributeProto: t 5, g 6, tensors 10, graphs 11. */
function inspectNode(node: Uint8Array, findings: Findings, depth: number): void {
  const fields = [...wireFields(node)]
  const name = textOf(fields, 4)
  const domain = textOf(fields, 7)
  const key = domain === '' || domain === 'ai.onnx' ? name : `${domain}::${name}`
  findings.operators.set(key, (findings.operators.get(key) ?? 0) + 1)
  if (!isAllowedOperator(domain, name)) findings.problems.add(`the operator ${key} is not allowed`)
  for (const attribute of bytesOf(fields, 5)) {
    const members = [...wireFields(attribute)]
    for (const tensor of [...bytesOf(members, 5), ...bytesOf(members, 10)]) inspectTensor(tensor, findings)
    for (const graph of [...bytesOf(members, 6), ...bytesOf(members, 11)]) inspectGraph(graph, findings, depth + 1)
  }
}

/** TensorProto: dims 1, name 8, external_data 13, data_location 14. @returns the name. */
function inspectTensor(tensor: Uint8Array, findings: Findings): string {
  const fields = [...wireFields(tensor)]
  if (integerOf(fields, 14) === EXTERNAL || bytesOf(fields, 13).length > 0) {
    findings.problems.add('weights lie in other files; a package wants them inside')
  }
  findings.parameters += dimensionsOf(fields).reduce((product, size) => product * size, 1)
  return textOf(fields, 8)
}

/** `dims` is written one by one or packed. */
function dimensionsOf(fields: readonly WireField[]): readonly number[] {
  return fields.flatMap((field) => {
    if (field.number !== 1) return []
    if (field.kind === 'varint') return [signed(field.value)]
    if (field.kind !== 'bytes') return []
    // A packed list is the varints of a message without its keys: each is read by itself.
    const sizes: number[] = []
    let value = 0n
    let shift = 0n
    for (const byte of field.value) {
      value |= BigInt(byte & 0x7f) << shift
      shift += 7n
      if (byte < 0x80) {
        sizes.push(signed(value))
        value = 0n
        shift = 0n
      }
    }
    return sizes
  })
}

/** ValueInfoProto: name 1, type 2; TypeProto: tensor_type 1; Tensor: elem_type 1, shape 2; Shape: dim 1. */
function tensorOf(info: Uint8Array): OnnxTensor {
  const fields = [...wireFields(info)]
  const type = nested(fields, 2)
  const tensor = nested(type, 1)
  const dimensions = bytesOf(nested(tensor, 2), 1).map((dim) => {
    const members = [...wireFields(dim)]
    return integerOf(members, 1) ?? (textOf(members, 2) || '?')
  })
  return { name: textOf(fields, 1), elementType: integerOf(tensor, 1) ?? 0, dimensions }
}

function nested(fields: readonly WireField[], number: number): readonly WireField[] {
  const [message] = bytesOf(fields, number)
  return message === undefined ? [] : [...wireFields(message)]
}

function bytesOf(fields: readonly WireField[], number: number): readonly Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && field.kind === 'bytes' ? [field.value] : []))
}

function textOf(fields: readonly WireField[], number: number): string {
  return Buffer.from(bytesOf(fields, number).at(-1) ?? new Uint8Array()).toString('utf8')
}

function integerOf(fields: readonly WireField[], number: number): number | undefined {
  const field = fields.findLast((one) => one.number === number && one.kind === 'varint')
  return field?.kind === 'varint' ? signed(field.value) : undefined
}
