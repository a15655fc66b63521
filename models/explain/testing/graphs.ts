import proto from 'onnx-proto'

const { onnx } = proto
const { AttributeType } = onnx.AttributeProto
type AttributeValue = number | string | Float32Array | readonly number[] | readonly string[]

/** A node: operator (`ai.onnx.ml::Name` of that domain), inputs, outputs, attributes. */
export interface MadeNode {
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

/** An ONNX file of a few nodes; constants are float32. */
export function madeGraph(
  nodes: readonly MadeNode[],
  constants: Readonly<Record<string, { readonly dimensions: readonly number[]; readonly values: readonly number[] }>>,
  columns: number,
): Uint8Array {
  const io = (name: string): proto.onnx.IValueInfoProto => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'N' }, { dimValue: columns }] } } },
  })
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [
      { domain: '', version: 17 },
      { domain: 'ai.onnx.ml', version: 3 },
    ],
    graph: {
      name: 'made',
      node: nodes.map(({ operator, inputs, outputs, attributes = {} }) => {
        const [domain = '', opType = operator] = operator.includes('::') ? operator.split('::') : ['', operator]
        const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value))
        return { domain, opType, input: [...inputs], output: [...outputs], attribute, name: outputs[0] ?? '' }
      }),
      initializer: Object.entries(constants).map(([name, { dimensions, values }]) => ({
        name,
        dataType: 1,
        dims: [...dimensions],
        rawData: new Uint8Array(Float32Array.from(values).buffer),
      })),
      input: [io('x')],
      output: [io(nodes.at(-1)?.outputs.at(-1) ?? 'x')],
    },
  })
  return onnx.ModelProto.encode(model).finish()
}

function attributeOf(name: string, value: AttributeValue): proto.onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value }
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: Buffer.from(value) }
  if (value instanceof Float32Array) return { name, type: AttributeType.FLOATS, floats: [...value] }
  const strings = value.filter((one) => typeof one === 'string')
  if (strings.length > 0) return { name, type: AttributeType.STRINGS, strings: strings.map((one) => Buffer.from(one)) }
  return { name, type: AttributeType.INTS, ints: value.filter((one) => typeof one === 'number') }
}
