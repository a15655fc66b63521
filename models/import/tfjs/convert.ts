import { z } from 'zod'
import { Emitter, type Value } from './emitter.ts'
import { TfjsError } from './errors.ts'
import { emitNode, nodeProblem } from './graph-nodes.ts'
import { emitLayer, layerProblem } from './layers.ts'
import type { GraphNode, KerasLayer, KerasModel } from './manifest.ts'
import type { Dimension } from './onnx-graph.ts'
import type { TfjsModel } from './read-tfjs.ts'
import type { Weight } from './weights.ts'

/** An input or output of the converted model. `moved`: its channels stand last in the original, and first here. */
export interface ConvertedTensor {
  readonly name: string
  readonly dims: readonly Dimension[]
  readonly moved: boolean
}

/** A converted model. */
export interface Conversion {
  readonly onnx: Uint8Array
  readonly inputs: readonly ConvertedTensor[]
  readonly outputs: readonly ConvertedTensor[]
}

/** How to convert. */
export interface ConversionOptions {
  /** Leaves the spatial sizes of inputs free, so that the same graph runs at another size. */
  readonly freeSize?: boolean
}

const MOST_CHANNELS = 16

/**
 * Converts a layers or graph model to ONNX. Inputs and outputs with spatial axes have their channels first, as packages want.
 * @throws {TfjsError} `tfjs-unsupported`, naming every layer or operation that cannot be converted.
 */
export async function convertTfjs(model: TfjsModel, options: ConversionOptions = {}): Promise<Conversion> {
  const run = new Run(options)
  if (model.topology.kind === 'layers') convertLayers(run, model.topology.model, model.weights)
  else convertGraph(run, model.topology.nodes, model.weights)
  const { inputs, outputs, emitter } = run
  if (inputs.length === 0 || outputs.length === 0) throw new TfjsError('tfjs-malformed', 'no input or no output')
  return { onnx: await emitter.graph.encode('leadglass-tfjs'), inputs, outputs }
}

class Run {
  readonly emitter = new Emitter()
  readonly inputs: ConvertedTensor[] = []
  readonly outputs: ConvertedTensor[] = []
  readonly #options: ConversionOptions

  constructor(options: ConversionOptions) {
    this.#options = options
  }

  input(name: string, shape: readonly (number | null)[], isChannelsLast: boolean): Value {
    const rank = shape.length
    const channels = shape.at(-1) ?? undefined
    const moved = rank >= 4 && channels !== undefined && isChannelsLast
    const sizes = shape.slice(1).map((size, axis): Dimension => {
      const isSpatial = rank >= 4 && (moved ? axis < rank - 2 : axis > 0)
      return size === null || (this.#options.freeSize === true && isSpatial) ? `${name}_${axis}` : size
    })
    const [batch = null] = shape
    const order = moved ? [sizes.at(-1) ?? 1, ...sizes.slice(0, -1)] : sizes
    const dims = [batch ?? (rank === 5 ? 1 : 'N'), ...order]
    this.inputs.push({ name, dims, moved })
    const tensor = this.emitter.graph.input(name, dims)
    return moved ? { rank, channels, first: tensor } : { rank, channels, last: tensor }
  }

  output(name: string, value: Value): void {
    const { rank, channels } = value
    const moved = rank >= 4 && value.first !== undefined
    const free = Array.from({ length: Math.max(0, rank - 2) }, (_, i): Dimension => `${name}_${i}`)
    const batch: Dimension = rank === 5 ? 1 : 'N'
    const last: Dimension = channels ?? `${name}_c`
    const dims = rank < 2 ? ['N'] : moved ? [batch, last, ...free] : [batch, ...free, last]
    this.outputs.push({ name, dims, moved })
    this.emitter.graph.output(name, moved ? this.emitter.first(value) : this.emitter.last(value), dims)
  }
}

const sizesOf = z.array(z.number().int().min(1).max(65_536).nullable()).min(1).max(6)

function convertLayers(run: Run, model: KerasModel, weights: ReadonlyMap<string, Weight>): void {
  const { config } = model
  const layers = Array.isArray(config) ? config : config.layers
  refuse(layers.flatMap((layer) => layerProblem(layer) ?? []))
  const values = new Map<string, Value>()
  if (model.class_name !== 'Sequential') {
    for (const layer of layers) {
      const inputs = inboundOf(layer).map((name) => required(values, name))
      values.set(nameOf(layer), isInput(layer) ? inputOf(run, layer) : emitLayer(run.emitter, layer, inputs, weights))
    }
    for (const name of namesOf(model.config.output_layers)) run.output(`out_${safe(name)}`, required(values, name))
    return
  }
  const [first] = layers
  let value = first === undefined ? undefined : inputOf(run, first)
  for (const layer of layers) {
    if (value !== undefined && !isInput(layer)) value = emitLayer(run.emitter, layer, [value], weights)
  }
  if (value !== undefined) run.output('out', value)
}

function isInput(layer: KerasLayer): boolean {
  return layer.class_name === 'InputLayer'
}

function inputOf(run: Run, { config }: KerasLayer): Value {
  const shape = sizesOf.safeParse(config.batch_input_shape ?? config.batch_shape)
  if (!shape.success) throw new TfjsError('tfjs-malformed', 'the first layer says no input shape')
  return run.input('input', shape.data.length < 2 ? [null, ...shape.data] : shape.data, true)
}

function nameOf(layer: KerasLayer): string {
  return layer.name ?? layer.config.name ?? ''
}

/** `[[[name, node, tensor, {}], ...]]`: a layer that is used twice has several lists. */
function inboundOf(layer: KerasLayer): readonly string[] {
  const nodes = layer.inbound_nodes ?? []
  if (nodes.length > 1) throw new TfjsError('tfjs-unsupported', `the layer ${nameOf(layer)} is used twice`)
  const parsed = z.array(z.array(z.tuple([z.string(), z.literal(0), z.literal(0)]).rest(z.unknown()))).safeParse(nodes)
  if (!parsed.success) throw new TfjsError('tfjs-unsupported', `the layer ${nameOf(layer)} reads a layer used twice`)
  return parsed.data.flat().map(([name]) => name)
}

function namesOf(references: readonly unknown[]): readonly string[] {
  const list = Array.isArray(references[0]) ? references : [references]
  return list.map((one) => String((one as readonly unknown[])[0]))
}

const placeholderShape = z.looseObject({
  shape: z.looseObject({
    shape: z.looseObject({ dim: z.array(z.looseObject({ size: z.union([z.string(), z.number()]) })).max(6) }),
  }),
})

function convertGraph(run: Run, nodes: readonly GraphNode[], weights: ReadonlyMap<string, Weight>): void {
  refuse(nodes.flatMap((node) => nodeProblem(node) ?? []))
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const values = new Map<string, Value>()
  const used = new Set<string>()
  const sources = (node: GraphNode): string[] =>
    (node.input ?? []).filter((name) => !name.startsWith('^')).map((name) => name.replace(/:0$/, ''))
  for (const node of inOrder(byName, sources)) {
    const inputs = sources(node)
    for (const name of inputs) used.add(name)
    if (node.op === 'NoOp') continue
    if (node.op === 'Const') {
      const weight = weights.get(node.name)
      if (weight === undefined) throw new TfjsError('tfjs-malformed', `the constant ${node.name} has no weight`)
      values.set(node.name, run.emitter.constant(weight))
    } else if (node.op === 'Placeholder') {
      const shape = placeholderShape.safeParse(node.attr)
      if (!shape.success) throw new TfjsError('tfjs-malformed', `the input ${node.name} says no shape`)
      const sizes = shape.data.shape.shape.dim.map(({ size }) => (Number(size) < 1 ? null : Number(size)))
      values.set(node.name, run.input(safe(node.name), sizesOf.parse(sizes), isLikelyChannelsLast(sizes)))
    } else {
      values.set(
        node.name,
        emitNode(
          run.emitter,
          node,
          inputs.map((name) => required(values, name)),
        ),
      )
    }
  }
  for (const node of nodes) {
    if (used.has(node.name) || node.op === 'Const' || node.op === 'NoOp' || node.op === 'Placeholder') continue
    run.output(safe(node.name), required(values, node.name))
  }
}

/** A graph does not say what an axis is: channels are few, and fewer than what else could be channels. */
function isLikelyChannelsLast(sizes: readonly (number | null)[]): boolean {
  const last = sizes.at(-1) ?? Number.POSITIVE_INFINITY
  return last <= MOST_CHANNELS && last < (sizes[1] ?? Number.POSITIVE_INFINITY)
}

/** Depth first, without recursion: hostile graphs are deep. @throws {TfjsError} for a cycle or an unknown input. */
function inOrder(byName: ReadonlyMap<string, GraphNode>, sources: (node: GraphNode) => string[]): readonly GraphNode[] {
  const order: GraphNode[] = []
  const state = new Map<string, 'open' | 'done'>()
  for (const start of byName.values()) {
    const stack = [start]
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      if (state.get(node.name) === undefined) {
        state.set(node.name, 'open')
        for (const name of sources(node)) {
          const source = byName.get(name)
          if (source === undefined) throw new TfjsError('tfjs-malformed', `the node ${node.name} reads an unknown one`)
          if (state.get(name) === 'open') throw new TfjsError('tfjs-malformed', 'the graph goes round in a circle')
          if (state.get(name) === undefined) stack.push(source)
        }
        continue
      }
      stack.pop()
      if (state.get(node.name) === 'open') order.push(node)
      state.set(node.name, 'done')
    }
  }
  return order
}

function required(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name)
  if (value === undefined) throw new TfjsError('tfjs-malformed', `${name} is read before it is made`)
  return value
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  const named = [...new Set(problems)]
  const more = named.length > 20 ? ` and ${named.length - 20} more` : ''
  throw new TfjsError('tfjs-unsupported', `cannot convert ${named.slice(0, 20).join('; ')}${more}`)
}

function safe(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, 100)
}
