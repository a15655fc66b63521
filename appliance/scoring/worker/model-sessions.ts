import type { ModelManifest, ModelPackage } from '@leadglass/models'
import { parseSource, readPackage, readPackageFile } from '@leadglass/models'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { DEFAULT_EXECUTION, type Execution, type ExecutionProvider } from '../execution.ts'

/** One model ready to run: a session for each of its graphs. */
export interface LoadedModel {
  readonly package: ModelPackage
  readonly sessions: ReadonlyMap<string, InferenceSession>
  /** What really runs the graphs. */
  readonly provider: ExecutionProvider
  /** Runs an image together with others that are in hand; alone where absent. */
  readonly together?: ((values: Float32Array) => Promise<ModelResult>) | undefined
}

/** A result of one image. */
export interface ModelResult {
  readonly embedding: Float32Array<ArrayBuffer>
  readonly scores: readonly { readonly code: string; readonly value: number }[]
  /** Of a segmentation: the class of each voxel of the network's grid; absent when there are more than 256. */
  readonly labels?: Uint8Array
}

/** Severity 3 keeps the runtime's advice off standard error. */
function optionsFor(provider: ExecutionProvider, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  }
}

/**
 * Verifies a package and makes its sessions. The bytes that are verified are the bytes that are loaded. A provider that
 * cannot be had is replaced by the processor for all graphs, where the policy allows that.
 * @throws {PackageError} and whatever the runtime throws for a graph that it refuses.
 */
export async function loadModel(folder: string, how: Execution = DEFAULT_EXECUTION): Promise<LoadedModel> {
  const loaded = await readPackage(folder)
  const { provider, cpuFallback, threads } = how
  try {
    return { package: loaded, sessions: await makeSessions(loaded, provider, threads), provider }
  } catch (cause) {
    if (provider === 'cpu' || !cpuFallback) throw cause
    return { package: loaded, sessions: await makeSessions(loaded, 'cpu', threads), provider: 'cpu' }
  }
}

async function makeSessions(
  loaded: ModelPackage,
  provider: ExecutionProvider,
  threads: number,
): Promise<Map<string, InferenceSession>> {
  const sessions = new Map<string, InferenceSession>()
  try {
    for (const graph of loaded.manifest.graphs) {
      const bytes = await readPackageFile(loaded, graph.file)
      sessions.set(graph.id, await InferenceSession.create(bytes, optionsFor(provider, threads)))
    }
    return sessions
  } catch (cause) {
    for (const session of sessions.values()) await session.release()
    throw cause
  }
}

/** Frees the sessions. */
export async function releaseModel(model: LoadedModel): Promise<void> {
  for (const session of model.sessions.values()) await session.release()
}

/**
 * Runs the graphs of a model on one prepared image, in the manifest's order.
 * @param values channels x (depth x) height x width, float32.
 * @param prior likewise of an earlier study; zeros stand in for it where the model is given one and there is none.
 * @throws {Error} when a graph does not give what the manifest says.
 */
export async function runModel(model: LoadedModel, values: Float32Array, prior?: Float32Array): Promise<ModelResult> {
  const { manifest } = model.package
  const [, ...shape] = manifest.input.shape
  const made = new Map<string, Tensor>([['$input', new Tensor('float32', values, [1, ...shape])]])
  if (manifest.priors !== undefined) {
    made.set('$prior', new Tensor('float32', prior ?? new Float32Array(values.length), [1, ...shape]))
  }
  for (const graph of manifest.graphs) {
    const feeds: Record<string, Tensor> = {}
    for (const [input, source] of Object.entries(graph.inputs)) feeds[input] = required(made, source)
    const results = await model.sessions.get(graph.id)?.run(feeds, graph.outputs)
    for (const output of graph.outputs) {
      const tensor = results?.[output]
      if (tensor !== undefined) made.set(`${graph.id}.${output}`, tensor)
    }
  }
  if (manifest.kind === 'volume-3d') return segmentationResult(manifest, required(made, manifest.embedding.from))
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

/** Counts the voxels of each class of `[1, classes, depth, height, width]`; the first of equal values wins. */
function segmentationResult(manifest: ModelManifest, tensor: Tensor): ModelResult {
  const values = floats(tensor)
  const classes = manifest.embedding.length
  const voxels = manifest.input.shape.slice(2).reduce<number>((product, side) => product * Number(side), 1)
  if (values.length !== classes * voxels) throw new Error('the segmentation has another size')
  const counts = new Float64Array(classes)
  const labels = new Uint8Array(voxels)
  for (let voxel = 0; voxel < voxels; voxel += 1) {
    let best = 0
    let largest = values[voxel] ?? Number.NaN
    for (let k = 1; k < classes; k += 1) {
      const value = values[k * voxels + voxel] ?? Number.NaN
      if (value > largest) {
        best = k
        largest = value
      }
    }
    labels[voxel] = best
    counts[best] = Number.isFinite(largest) ? (counts[best] ?? 0) + 1 : Number.NaN
  }
  const resample = manifest.preprocessing.find((step) => step.step === 'volume-resample')
  const millilitres = (resample?.spacing ?? []).reduce((product, side) => product * side, 1) / 1000
  return {
    embedding: Float32Array.from(counts, (count) => count / voxels),
    scores: manifest.outputs.map(({ code, index }) => ({ code, value: (counts[index] ?? Number.NaN) * millilitres })),
    ...(classes > 256 ? {} : { labels }),
  }
}
