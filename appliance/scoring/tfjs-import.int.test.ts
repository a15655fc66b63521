import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importTfjs, inspectOnnx, seededValues } from '@leadglass/models'
import { onnx } from 'onnx-proto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedData } from '../../installer/testing/peers.ts'
import { type MeshnetWeight, writeMeshnet } from '../../models/testing/meshnet.ts'
import { runOnnx } from './run-onnx.ts'
import {
  float,
  ints,
  type MadeNode,
  type MadeWeight,
  placeholder,
  text,
  texts,
  writeGraphModel,
  writeLayersModel,
} from './testing/tfjs-folder.ts'

/** A MeshNet whose weights are real. */
const REAL = sharedData('models/brainchop_meshnet/mn_model5_gw_ae.onnx')

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tfjs-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function graph(name: string, nodes: readonly MadeNode[], weights: readonly MadeWeight[]) {
  await writeGraphModel(join(root, name), nodes, weights)
  const made = await importTfjs(join(root, name), runOnnx)
  expect(inspectOnnx(made.conversion.onnx).problems).toEqual([])
  return made
}

const window = (strides: number, padding: string): Record<string, unknown> => ({
  T: float,
  strides: ints(1, strides, strides, 1),
  padding: text(padding),
  data_format: text('NHWC'),
  dilations: ints(1, 1, 1, 1),
})
const channels = (name: string, size: number): MadeWeight => ({ name, shape: [size] })
const positive = (name: string, size: number): MadeWeight => ({
  name,
  shape: [size],
  values: Array.from({ length: size }, (_, i) => 0.5 + i / size),
})

describe('models of TensorFlow.js become ONNX that computes the same', () => {
  it('a MeshNet: dilated convolutions of a volume', async () => {
    await writeMeshnet(join(root, 'made'))
    const { parity, conversion } = await importTfjs(join(root, 'made'), runOnnx)
    expect(parity).toMatchObject({ passed: true, original: 'TensorFlow.js layers model' })
    expect(inspectOnnx(conversion.onnx).inputs).toEqual([
      { name: 'input', elementType: 1, dimensions: [1, 1, 256, 256, 256] },
    ])
  })

  it.skipIf(REAL === undefined)(
    'one with real weights computes as their own file does (needs the shared data)',
    async () => {
      const given = await readFile(REAL ?? '')
      const folder = join(root, 'real')
      await writeMeshnet(folder, weightsOf(given))
      const { parity, compared } = await importTfjs(folder, runOnnx)
      expect(parity.passed).toBe(true)
      const shape = [1, 1, 40, 33, 36]
      const values = seededValues(40 * 33 * 36, 7)
      const [ours] = await runOnnx(compared.onnx, [{ name: 'input', shape, values }], ['out_output'])
      const [theirs] = await runOnnx(given, [{ name: 'x', shape, values }], ['output_o'])
      expect(inspectOnnx(compared.onnx).parameters).toBe(inspectOnnx(given).parameters)
      expect(ours?.shape).toEqual(theirs?.shape)
      let deviation = 0
      for (const [i, value] of (theirs?.values ?? []).entries()) {
        deviation = Math.max(deviation, Math.abs(value - (ours?.values[i] ?? Number.MAX_VALUE)))
      }
      expect(deviation).toBeLessThan(1e-4)
    },
  )

  it('a block of MobileNet: convolution, normalisation, ReLU6, depthwise, addition, pooling, product, softmax', async () => {
    const { parity } = await graph(
      'mobile',
      [
        placeholder('image', -1, 17, 20, 3),
        { name: 'conv', op: 'Conv2D', input: ['image', 'w1'], attr: window(2, 'SAME') },
        {
          name: 'norm',
          op: 'FusedBatchNormV3',
          input: ['conv', 'gamma', 'beta', 'mean', 'variance'],
          attr: { T: float, epsilon: { f: 0.001 }, data_format: text('NHWC'), is_training: { b: false } },
        },
        { name: 'six', op: 'Relu6', input: ['norm'], attr: { T: float } },
        { name: 'deep', op: 'DepthwiseConv2dNative', input: ['six', 'w2'], attr: window(1, 'SAME') },
        { name: 'bias', op: 'BiasAdd', input: ['deep', 'b2'], attr: { T: float, data_format: text('NHWC') } },
        { name: 'sum', op: 'AddV2', input: ['bias', 'six'], attr: { T: float } },
        { name: 'padded', op: 'Pad', input: ['sum', 'margins'], attr: { T: float, Tpaddings: { type: 'DT_INT32' } } },
        { name: 'strided', op: 'DepthwiseConv2dNative', input: ['padded', 'w3'], attr: window(2, 'VALID') },
        {
          name: 'point',
          op: '_FusedConv2D',
          input: ['strided', 'w4', 'b4'],
          attr: { ...window(1, 'VALID'), fused_ops: texts('BiasAdd', 'Relu6'), num_args: { i: '1' } },
        },
        { name: 'pooled', op: 'Mean', input: ['point', 'axes'], attr: { T: float, keep_dims: { b: false } } },
        {
          name: 'logits',
          op: '_FusedMatMul',
          input: ['pooled', 'w5', 'b5'],
          attr: { T: float, fused_ops: texts('BiasAdd'), num_args: { i: '1' } },
        },
        { name: 'probability', op: 'Softmax', input: ['logits'], attr: { T: float } },
      ],
      [
        { name: 'w1', shape: [3, 3, 3, 8] },
        positive('gamma', 8),
        channels('beta', 8),
        channels('mean', 8),
        positive('variance', 8),
        { name: 'w2', shape: [3, 3, 8, 1] },
        channels('b2', 8),
        { name: 'margins', shape: [4, 2], values: [0, 0, 0, 1, 1, 2, 0, 0], dtype: 'int32' },
        { name: 'w3', shape: [3, 3, 8, 2] },
        { name: 'w4', shape: [1, 1, 16, 12] },
        channels('b4', 12),
        { name: 'axes', shape: [2], values: [1, 2], dtype: 'int32' },
        { name: 'w5', shape: [12, 5] },
        channels('b5', 5),
      ],
    )
    expect(parity.passed).toBe(true)
    expect(parity.inputs[0]?.shape).toEqual([1, 3, 17, 20])
    expect(parity.outputs[0]).toMatchObject({ output: 'probability', shape: [1, 5], values: 5 })
  })

  it('a DenseNet as the radiograph models of the web have it: transposed input, concatenation, pools, reshape, sigmoid', async () => {
    const { parity, conversion } = await graph(
      'dense',
      [
        placeholder('input.1', 1, 1, 18, 22),
        { name: 'nhwc', op: 'Transpose', input: ['input.1', 'perm'], attr: { T: float } },
        { name: 'conv', op: 'Conv2D', input: ['nhwc', 'w1'], attr: window(1, 'SAME') },
        { name: 'scaled', op: 'Mul', input: ['conv', 'scale'], attr: { T: float } },
        { name: 'moved', op: 'Sub', input: ['scaled', 'shift'], attr: { T: float } },
        { name: 'relu', op: 'Relu', input: ['moved'], attr: { T: float } },
        { name: 'max', op: 'MaxPool', input: ['relu'], attr: { ...window(2, 'SAME'), ksize: ints(1, 3, 3, 1) } },
        { name: 'conv2', op: 'Conv2D', input: ['max', 'w2'], attr: window(1, 'SAME') },
        { name: 'joined', op: 'ConcatV2', input: ['max', 'conv2', 'axis'], attr: { N: { i: '2' } } },
        { name: 'avg', op: 'AvgPool', input: ['joined'], attr: { ...window(2, 'SAME'), ksize: ints(1, 2, 2, 1) } },
        { name: 'flat', op: 'Reshape', input: ['avg', 'shape'], attr: { T: float } },
        { name: 'product', op: 'MatMul', input: ['flat', 'w3'], attr: { transpose_b: { b: true } } },
        { name: 'Sigmoid_435', op: 'Sigmoid', input: ['product'], attr: { T: float } },
      ],
      [
        { name: 'perm', shape: [4], values: [0, 2, 3, 1], dtype: 'int32' },
        { name: 'w1', shape: [3, 3, 1, 6] },
        positive('scale', 6),
        { name: 'shift', shape: [], values: [0.1] },
        { name: 'w2', shape: [1, 1, 6, 4] },
        { name: 'axis', shape: [], values: [3], dtype: 'int32' },
        { name: 'shape', shape: [2], values: [1, 300], dtype: 'int32' },
        { name: 'w3', shape: [18, 300] },
      ],
    )
    expect(parity.passed).toBe(true)
    expect(conversion.inputs).toEqual([{ name: 'input_1', dims: [1, 1, 18, 22], moved: false }])
    expect(parity.outputs[0]?.shape).toEqual([1, 18])
  })

  it('layers of a picture, in a row', async () => {
    const layer = (class_name: string, config: Record<string, unknown>) => ({ class_name, config })
    await writeLayersModel(
      join(root, 'layers'),
      [
        layer('Conv2D', {
          name: 'c1',
          batch_input_shape: [null, 16, 12, 2],
          filters: 4,
          kernel_size: [3, 3],
          strides: [2, 2],
          padding: 'same',
          activation: 'swish',
          use_bias: true,
        }),
        layer('BatchNormalization', { name: 'bn', axis: -1, epsilon: 0.01, center: true, scale: true }),
        layer('ZeroPadding2D', {
          name: 'zp',
          padding: [
            [0, 1],
            [1, 0],
          ],
        }),
        layer('SeparableConv2D', {
          name: 'sc',
          filters: 5,
          kernel_size: [3, 3],
          padding: 'valid',
          depth_multiplier: 1,
          use_bias: true,
          activation: 'elu',
        }),
        layer('UpSampling2D', { name: 'up', size: [2, 2] }),
        layer('MaxPooling2D', { name: 'mp', pool_size: [2, 2], strides: [2, 2], padding: 'valid' }),
        layer('Dropout', { name: 'do', rate: 0.5 }),
        layer('LeakyReLU', { name: 'lr', alpha: 0.2 }),
        layer('Flatten', { name: 'fl' }),
        layer('Dense', { name: 'd1', units: 7, activation: 'hard_sigmoid', use_bias: true }),
        layer('Dense', { name: 'd2', units: 3, activation: 'softmax', use_bias: false }),
      ],
      [
        { name: 'c1/kernel', shape: [3, 3, 2, 4] },
        channels('c1/bias', 4),
        positive('bn/gamma', 4),
        channels('bn/beta', 4),
        channels('bn/moving_mean', 4),
        positive('bn/moving_variance', 4),
        { name: 'sc/depthwise_kernel', shape: [3, 3, 4, 1] },
        { name: 'sc/pointwise_kernel', shape: [1, 1, 4, 5] },
        channels('sc/bias', 5),
        { name: 'd1/kernel', shape: [175, 7] },
        channels('d1/bias', 7),
        { name: 'd2/kernel', shape: [7, 3] },
      ],
    )
    const { parity } = await importTfjs(join(root, 'layers'), runOnnx, 5)
    expect(parity).toMatchObject({ passed: true, seed: 5, inputs: [{ shape: [1, 2, 16, 12] }] })
    expect(parity.outputs[0]?.shape).toEqual([1, 3])
  })

  it('and a conversion that computes something else is found out', async () => {
    const wrong: typeof runOnnx = async (onnx, inputs, outputs) =>
      (await runOnnx(onnx, inputs, outputs)).map((one) => ({ ...one, values: one.values.map((v) => v * 1.001) }))
    const { parity } = await importTfjs(join(root, 'made'), wrong)
    expect(parity.passed).toBe(false)
    expect(seededValues(3, 1)).toEqual(seededValues(3, 1))
  })
})

/** Weights of an ONNX file (out, in, depth, height, width) in the layout of TensorFlow (depth, height, width, in, out). */
function weightsOf(file: Uint8Array): (weight: MeshnetWeight) => Float32Array {
  const tensors = new Map(onnx.ModelProto.decode(file).graph?.initializer?.map((tensor) => [tensor.name, tensor]))
  return ({ layer, part, shape }) => {
    const raw = tensors.get(`${layer}_${part === 'kernel' ? 'w' : 'b'}`)?.rawData
    if (raw === null || raw === undefined) throw new Error(`the file has no ${layer} ${part}`)
    const given = new Float32Array(Uint8Array.from(raw).buffer)
    if (part === 'bias') return given
    const [depth = 0, height = 0, width = 0, inputs = 0, outputs = 0] = shape
    const space = depth * height * width
    return given.map((_, position) => {
      const [output, rest] = [position % outputs, Math.floor(position / outputs)]
      const [input, place] = [rest % inputs, Math.floor(rest / inputs)]
      return given[(output * inputs + input) * space + place] ?? Number.NaN
    })
  }
}
