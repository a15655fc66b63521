import proto from 'onnx-proto'

const { onnx } = proto

type Node = proto.onnx.INodeProto
type Graph = proto.onnx.IGraphProto

const FLOAT = onnx.TensorProto.DataType.FLOAT
const INT64 = onnx.TensorProto.DataType.INT64
const BOOL = onnx.TensorProto.DataType.BOOL

/** A named tensor of some type and dimensions; -1 is free. */
function value(name: string, elemType: number, dims: readonly number[]): proto.onnx.IValueInfoProto {
  const dim = dims.map((size) => (size < 0 ? { dimParam: 'N' } : { dimValue: size }))
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}

function node(opType: string, input: string[], output: string[], attribute: proto.onnx.IAttributeProto[] = []): Node {
  return { opType, input, output, attribute, name: output[0] ?? opType }
}

function model(graph: Graph): Uint8Array {
  const whole = onnx.ModelProto.create({ irVersion: 8, opsetImport: [{ domain: '', version: 17 }], graph })
  return onnx.ModelProto.encode(whole).finish()
}

/** `image` [N, 1, 8, 8] to `embedding` [N, 1]: the mean of the image. */
export function meanBackbone(): Uint8Array {
  return model({
    name: 'backbone',
    node: [node('GlobalAveragePool', ['image'], ['pooled']), node('Flatten', ['pooled'], ['embedding'])],
    input: [value('image', FLOAT, [-1, 1, 8, 8])],
    output: [value('embedding', FLOAT, [-1, 1])],
  })
}

/** What a head does with the embedding. */
export type HeadKind = 'sigmoid' | 'not-a-number' | 'endless'

/** `embedding` [N, 1] to `probability` [N, 1]. `endless` goes round a loop for longer than anyone waits. */
export function head(kind: HeadKind): Uint8Array {
  const nodes: Readonly<Record<HeadKind, Node[]>> = {
    sigmoid: [node('Sigmoid', ['embedding'], ['probability'])],
    'not-a-number': [node('Sub', ['embedding', 'embedding'], ['zero']), node('Div', ['zero', 'zero'], ['probability'])],
    endless: [
      node(
        'Loop',
        ['trips', 'going', 'embedding'],
        ['probability'],
        [{ name: 'body', type: onnx.AttributeProto.AttributeType.GRAPH, g: loopBody() }],
      ),
    ],
  }
  return model({
    name: 'head',
    node: nodes[kind],
    input: [value('embedding', FLOAT, [-1, 1])],
    output: [value('probability', FLOAT, [-1, 1])],
    initializer:
      kind === 'endless'
        ? [
            { name: 'trips', dataType: INT64, dims: [], rawData: new Uint8Array(BigInt64Array.of(2n ** 62n).buffer) },
            { name: 'going', dataType: BOOL, dims: [], rawData: Uint8Array.of(1) },
          ]
        : [],
  })
}

function loopBody(): Graph {
  return {
    name: 'body',
    node: [node('Identity', ['cond'], ['condOut']), node('Sin', ['held'], ['heldOut'])],
    input: [value('iteration', INT64, []), value('cond', BOOL, []), value('held', FLOAT, [-1, 1])],
    output: [value('condOut', BOOL, []), value('heldOut', FLOAT, [-1, 1])],
  }
}
