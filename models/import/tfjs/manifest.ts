import { z } from 'zod'

/** More nodes or layers than any model that a box could run. */
const MOST_NODES = 20_000
const name = z.string().min(1).max(500)
const size = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31)

/** One weight; `quantization` says how its stored bytes become float32. */
export const weightSpec = z.looseObject({
  name,
  shape: z.array(size).max(8),
  dtype: z.enum(['float32', 'int32', 'bool', 'uint8', 'uint16', 'string', 'complex64']),
  quantization: z
    .looseObject({
      dtype: z.enum(['uint8', 'uint16', 'float16']),
      scale: z.number().optional(),
      min: z.number().optional(),
    })
    .optional(),
})
export type WeightSpec = z.infer<typeof weightSpec>

const weightGroup = z.looseObject({
  paths: z.array(z.string().min(1).max(255)).min(1).max(4096),
  weights: z.array(weightSpec).max(MOST_NODES),
})

/** A layer of Keras as tfjs writes it (`class_name`, `config`, `inbound_nodes`). */
export const kerasLayer = z.looseObject({
  class_name: name,
  name: name.optional(),
  config: z.looseObject({ name: name.optional() }),
  inbound_nodes: z.array(z.unknown()).optional(),
})
export type KerasLayer = z.infer<typeof kerasLayer>

/** `[layer, node, tensor]`. */
const tensorReference = z.tuple([name, z.number(), z.number()]).rest(z.unknown())
const references = z.union([z.array(tensorReference).min(1).max(64), tensorReference])

const functional = z.looseObject({
  layers: z.array(kerasLayer).min(1).max(MOST_NODES),
  input_layers: references,
  output_layers: references,
})

/** The topology of a layers model: a list of layers, or a graph of them. */
export const kerasModel = z.union([
  z.looseObject({ class_name: z.enum(['Functional', 'Model']), config: functional }),
  z.looseObject({
    class_name: z.literal('Sequential'),
    config: z.union([
      z.looseObject({ layers: z.array(kerasLayer).min(1).max(MOST_NODES) }),
      z.array(kerasLayer).min(1).max(MOST_NODES),
    ]),
  }),
])
export type KerasModel = z.infer<typeof kerasModel>

/** A node of a TensorFlow graph in JSON (NodeDef). */
export const graphNode = z.looseObject({
  name,
  op: name,
  input: z.array(name).max(4096).optional(),
  attr: z.record(z.string(), z.looseObject({})).optional(),
})
export type GraphNode = z.infer<typeof graphNode>

/** The topology of a graph model (GraphDef). */
export const graphTopology = z.looseObject({ node: z.array(graphNode).min(1).max(MOST_NODES) })

/** `model.json`. Older files of layers models say no format. */
export const modelJson = z.looseObject({
  format: z.enum(['layers-model', 'graph-model']).optional(),
  modelTopology: z.looseObject({}),
  weightsManifest: z.array(weightGroup).min(1).max(256),
  signature: z.unknown().optional(),
})
export type ModelJson = z.infer<typeof modelJson>
