import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Dilations of a MeshNet's hidden layers; a last layer of 1 x 1 x 1 gives the classes. */
const CHANNELS = 5
const CLASSES = 3
const DILATIONS = [1, 2, 4, 8, 16, 8, 4, 2, 1]
const FIRST_NAME = 21

/** Name of the one shard. */
export const MESHNET_SHARD = 'group1-shard1of1.bin'

/** A weight in the layout of TensorFlow: kernels as depth, height, width, in, out. */
export interface MeshnetWeight {
  readonly layer: string
  readonly part: 'kernel' | 'bias'
  readonly shape: readonly number[]
}

/**
 * Writes a MeshNet (dilated convolutions of a volume, 256 voxels a side) as a layers model of TensorFlow.js: `model.json` as Keras
 * lays a functional model out, and one shard.
 * @param valuesOf what stands in a weight; small values that its place decides unless told.
 */
export async function writeMeshnet(
  folder: string,
  valuesOf: (weight: MeshnetWeight) => ArrayLike<number> = madeValues,
): Promise<void> {
  const names = [...DILATIONS.map((_, index) => String(FIRST_NAME + 2 * index)), 'output']
  const weights = names.flatMap((layer, index): MeshnetWeight[] => {
    const [inputs, outputs] = [index === 0 ? 1 : CHANNELS, layer === 'output' ? CLASSES : CHANNELS]
    const side = layer === 'output' ? 1 : 3
    return [
      { layer, part: 'kernel', shape: [side, side, side, inputs, outputs] },
      { layer, part: 'bias', shape: [outputs] },
    ]
  })
  const layers: object[] = [inputLayer()]
  let previous = 'input'
  for (const [index, name] of names.entries()) {
    layers.push(convolution(name, previous, DILATIONS[index] ?? 1, name === 'output' ? CLASSES : CHANNELS))
    previous = name
    if (name === 'output') break
    previous = String(Number(name) + 1)
    layers.push({
      class_name: 'Activation',
      name: previous,
      config: { name: previous, trainable: true, dtype: 'float32', activation: 'relu' },
      inbound_nodes: [[[name, 0, 0, {}]]],
    })
  }
  const config = { name: 'model', layers, input_layers: [['input', 0, 0]], output_layers: [['output', 0, 0]] }
  const json = {
    format: 'layers-model',
    modelTopology: {
      keras_version: '2.7.0',
      backend: 'tensorflow',
      model_config: { class_name: 'Functional', config },
    },
    weightsManifest: [
      {
        paths: [MESHNET_SHARD],
        weights: weights.map(({ layer, part, shape }) => ({ name: `${layer}/${part}`, shape, dtype: 'float32' })),
      },
    ],
  }
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'model.json'), JSON.stringify(json))
  await writeFile(
    join(folder, MESHNET_SHARD),
    Buffer.concat(weights.map((weight) => bytesOf(valuesOf(weight), weight))),
  )
}

function inputLayer(): object {
  const config = {
    batch_input_shape: [null, 256, 256, 256, 1],
    dtype: 'float32',
    sparse: false,
    ragged: false,
    name: 'input',
  }
  return { class_name: 'InputLayer', name: 'input', config, inbound_nodes: [] }
}

function convolution(name: string, input: string, dilation: number, filters: number): object {
  const side = name === 'output' ? 1 : 3
  const config = {
    name,
    trainable: true,
    dtype: 'float32',
    filters,
    kernel_size: [side, side, side],
    strides: [1, 1, 1],
    padding: 'same',
    data_format: 'channels_last',
    dilation_rate: [dilation, dilation, dilation],
    groups: 1,
    activation: 'linear',
    use_bias: true,
  }
  return { class_name: 'Conv3D', name, config, inbound_nodes: [[[input, 0, 0, {}]]] }
}

function bytesOf(values: ArrayLike<number>, { layer, part, shape }: MeshnetWeight): Buffer {
  const count = shape.reduce((product, size) => product * size, 1)
  if (values.length !== count) throw new RangeError(`${layer}/${part} has ${values.length} values and not ${count}`)
  return Buffer.from(Float32Array.from(values).buffer)
}

function madeValues({ layer, shape }: MeshnetWeight): number[] {
  const count = shape.reduce((product, size) => product * size, 1)
  return Array.from({ length: count }, (_, index) => Math.sin(index * 1.7 + layer.length) * 0.2)
}
