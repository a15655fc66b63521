import type { ModelPackage } from '@leadglass/models'
import { parseSource, readPackage, readPackageFile } from '@leadglass/models'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/** One model ready to run: a session for each of its graphs. */
export interface LoadedModel {
  readonly package: ModelPackage
  readonly sessions: ReadonlyMap<string, InferenceSession>
}

/** A result of one image. */
export interface ModelResult {
  readonly embedding: Float32Array<ArrayBuffer>
  readonly scores: readonly { readonly code: string; readonly value: number }[]
}

/** One thread a session: workers are the parallelism. Severity 3 keeps the runtime's advice off standard error. */
const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
}

/**
 * Verifies a package and makes its sessions. The bytes that are verified are the bytes that are loaded.
 * @throws {PackageError} and whatever the runtime throws for a graph that it refuses.
 */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const loaded = await readPackage(folder)
  const sessions = new Map<string, InferenceSession>()
  for (const graph of loaded.manifest.graphs) {
    const bytes = await readPackageFile(loaded, graph.file)
    sessions.set(graph.id, await InferenceSession.create(bytes, OPTIONS))
  }
  return { package: loaded, sessions }
}

/** Frees the sessions. */
export async function releaseModel(model: LoadedModel): Promise<void> {
  for (const session of model.sessions.values()) await session.release()
}

/**
 * Runs the graphs of a model on one prepared image, in the manifest's order.
 * @param values channels x height x width, float32.
 * @throws {Error} when a graph does not give what the manifest says.
 */
export async function runModel(model: LoadedModel, values: Float32Array): Promise<ModelResult> {
  const { manifest } = model.package
  const [, ...shape] = manifest.input.shape
  const made = new Map<string, Tensor>([['$input', new Tensor('float32', values, [1, ...shape])]])
  for (const graph of manifest.graphs) {
    const feeds: Record<string, Tensor> = {}
    for (const [input, source] of Object.entries(graph.inputs)) feeds[input] = required(made, source)
    const results = await model.sessions.get(graph.id)?.run(feeds, graph.outputs)
    for (const output of graph.outputs) {
      const tensor = results?.[output]
      if (tensor !== undefined) made.set(`${graph.id}.${output}`, tensor)
    }
  }
  const embedding = floats(required(made, manifest.embedding.from))
  if (embedding.length !== manifest.embedding.length) throw new Error('the embedding has another length')
  const scores = manifest.outputs.map((output) => {
    const value = floats(required(made, output.from))[output.index]
    if (value === undefined) throw new Error('an output is shorter than its index')
    return { code: output.code, value }
  })
  return { embedding: Float32Array.from(embedding), scores }
}

function required(made: ReadonlyMap<string, Tensor>, source: string): Tensor {
  const tensor = made.get(source)
  if (tensor === undefined) throw new Error(`no graph made ${parseSource(source)?.output ?? source}`)
  return tensor
}

function floats(tensor: Tensor): Float32Array {
  if (tensor.data instanceof Float32Array) return tensor.data
  throw new Error('a tensor is not float32')
}
