import { createHash, type Hash } from 'node:crypto'
import { OnnxError } from './errors.ts'
import { type WireField, wireFields } from './wire.ts'

const DEEPEST_GRAPH = 4
/** Classical models keep what they learned in attributes: trees, coefficients, classes. */
const LEARNED_DOMAIN = 'ai.onnx.ml'

/**
 * SHA-256 of everything in an ONNX file but what training decides: operators, their wiring and attributes, shapes and types
 * of the initialisers, inputs and outputs. Two files of one architecture with other weights have the same.
 * @throws {OnnxError} when it is no ONNX file.
 */
export function graphShape(file: Uint8Array): string {
  const fields = [...wireFields(file)]
  const [graph] = bytesOf(fields, 7)
  if (graph === undefined) throw new OnnxError('onnx-malformed', 'the file has no graph')
  const hash = createHash('sha256')
  // ModelProto: opset_import 8. Producer, descriptions and metadata say nothing about the architecture.
  for (const set of bytesOf(fields, 8)) mark(hash, 'operator set', set)
  hashGraph(hash, graph, 0)
  return hash.digest('hex')
}

/** GraphProto: node 1, initializer 5, input 11, output 12. */
function hashGraph(hash: Hash, graph: Uint8Array, depth: number): void {
  if (depth > DEEPEST_GRAPH) throw new OnnxError('onnx-too-deep', 'graphs lie too deep in each other')
  const fields = [...wireFields(graph)]
  for (const node of bytesOf(fields, 1)) hashNode(hash, node, depth)
  for (const tensor of bytesOf(fields, 5)) {
    // TensorProto: dims 1, data_type 2, name 8; the numbers are what training decides.
    mark(hash, 'initialiser', ...[...wireFields(tensor)].filter(({ number }) => [1, 2, 8].includes(number)).map(partOf))
  }
  for (const input of bytesOf(fields, 11)) mark(hash, 'input', input)
  for (const output of bytesOf(fields, 12)) mark(hash, 'output', output)
}

/** NodeProto: input 1, output 2, op_type 4, attribute 5, domain 7. */
function hashNode(hash: Hash, node: Uint8Array, depth: number): void {
  const fields = [...wireFields(node)]
  const wiring = fields.filter(({ number }) => [1, 2, 4, 7].includes(number))
  mark(hash, 'node', ...wiring.flatMap((field) => [Uint8Array.of(field.number), partOf(field)]))
  const isLearned = bytesOf(fields, 7).some((domain) => Buffer.from(domain).toString('utf8') === LEARNED_DOMAIN)
  for (const attribute of bytesOf(fields, 5)) hashAttribute(hash, attribute, isLearned, depth)
}

/** AttributeProto: name 1, g 6, graphs 11, type 20. */
function hashAttribute(hash: Hash, attribute: Uint8Array, isLearned: boolean, depth: number): void {
  const fields = [...wireFields(attribute)]
  const kept = fields.filter(({ number }) => (isLearned ? [1, 20].includes(number) : ![6, 11, 13].includes(number)))
  mark(hash, 'attribute', ...kept.flatMap((field) => [Uint8Array.of(field.number), partOf(field)]))
  for (const graph of [...bytesOf(fields, 6), ...bytesOf(fields, 11)]) hashGraph(hash, graph, depth + 1)
}

/** Lengths go first, so that no two lists of parts read the same. */
function mark(hash: Hash, what: string, ...parts: readonly Uint8Array[]): void {
  hash.update(`${what} ${parts.map(({ length }) => length).join(',')};`)
  for (const part of parts) hash.update(part)
}

function bytesOf(fields: readonly WireField[], number: number): Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && field.kind === 'bytes' ? [field.value] : []))
}

function partOf(field: WireField): Uint8Array {
  return field.kind === 'varint' ? Buffer.from(field.value.toString()) : field.value
}
