import proto from 'onnx-proto'

const { onnx } = proto
const FLOAT = onnx.TensorProto.DataType.FLOAT

function image(name: string): proto.onnx.IValueInfoProto {
  const dim = [{ dimParam: 'N' }, { dimValue: 1 }, { dimValue: 8 }, { dimValue: 8 }]
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } }
}

/** `image` and `earlier` [N, 1, 8, 8] to `embedding` [N, 1]: the mean of their difference. */
export function differenceBackbone(): Uint8Array {
  const shape = { dim: [{ dimParam: 'N' }, { dimValue: 1 }] }
  const graph = {
    name: 'backbone',
    node: [
      { opType: 'Sub', input: ['image', 'earlier'], output: ['difference'], name: 'difference' },
      { opType: 'GlobalAveragePool', input: ['difference'], output: ['pooled'], name: 'pooled' },
      { opType: 'Flatten', input: ['pooled'], output: ['embedding'], name: 'embedding' },
    ],
    input: [image('image'), image('earlier')],
    output: [{ name: 'embedding', type: { tensorType: { elemType: FLOAT, shape } } }],
  }
  const whole = onnx.ModelProto.create({ irVersion: 8, opsetImport: [{ domain: '', version: 17 }], graph })
  return onnx.ModelProto.encode(whole).finish()
}
