import type { NamedTensorMap } from '@tensorflow/tfjs-core'
import { kerasModel, type ModelJson } from './manifest.ts'
import type { TfjsModel } from './read-tfjs.ts'

/** A tensor in the original's order of axes. */
export interface PlainTensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/**
 * Runs the original in TensorFlow.js on its plain JavaScript backend, in this process: slow, and independent of our converter.
 * @param inputs in the order of the model's inputs. @returns outputs in the order of the model's outputs.
 */
export async function runTfjs(model: TfjsModel, inputs: readonly PlainTensor[]): Promise<readonly PlainTensor[]> {
  // Large libraries that only this needs.
  const tf = await import('@tensorflow/tfjs-core')
  await import('@tensorflow/tfjs-backend-cpu')
  tf.env().set('PROD', true)
  await tf.setBackend('cpu')
  const { json, bytes, topology } = model
  const source = tf.io.fromMemory({
    modelTopology: topology.kind === 'graph' ? json.modelTopology : resized(json.modelTopology, inputs),
    weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights) as never,
    weightData: bytes.buffer,
    format: topology.kind === 'graph' ? 'graph-model' : 'layers-model',
  })
  const tensors = inputs.map(({ shape, values }) => tf.tensor(values, [...shape], 'float32'))
  try {
    if (topology.kind === 'graph') {
      const { loadGraphModel } = await import('@tensorflow/tfjs-converter')
      const loaded = await loadGraphModel(source)
      const feeds: NamedTensorMap = {}
      for (const [i, { name }] of loaded.inputs.entries()) {
        const tensor = tensors[i]
        if (tensor !== undefined) feeds[name] = tensor
      }
      const outputs = loaded.outputs.map(({ name }) => name)
      return await plain([loaded.execute(feeds, outputs)].flat())
    }
    const { loadLayersModel } = await import('@tensorflow/tfjs-layers')
    const loaded = await loadLayersModel(source)
    return await plain([loaded.predict(tensors)].flat())
  } finally {
    for (const tensor of tensors) tensor.dispose()
  }
}

async function plain(
  tensors: readonly { readonly shape: number[]; data(): Promise<Float32Array | Int32Array | Uint8Array> }[],
): Promise<readonly PlainTensor[]> {
  return Promise.all(tensors.map(async (one) => ({ shape: one.shape, values: Float32Array.from(await one.data()) })))
}

/** The topology of a layers model with its inputs as large as those given: it would refuse any other size. */
function resized(topology: ModelJson['modelTopology'], inputs: readonly PlainTensor[]): ModelJson['modelTopology'] {
  const copy = structuredClone(topology)
  const parsed = kerasModel.parse('model_config' in copy ? copy.model_config : copy)
  const layers = Array.isArray(parsed.config) ? parsed.config : parsed.config.layers
  let position = 0
  for (const { config } of layers) {
    for (const member of ['batch_input_shape', 'batch_shape']) {
      if (!Array.isArray(config[member])) continue
      config[member] = [...(inputs[position]?.shape ?? [])]
      position += 1
    }
  }
  if ('model_config' in copy) copy.model_config = parsed
  return 'model_config' in copy ? copy : parsed
}
