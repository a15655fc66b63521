import { Tensor } from 'onnxruntime-node'
import { type LoadedModel, type ModelResult, runModel } from './model-sessions.ts'

interface Waiting {
  readonly values: Float32Array
  readonly resolve: (result: ModelResult) => void
  readonly reject: (cause: unknown) => void
}

/** True when several images may go through the graphs of a model in one call: the first dimension of its input is free. */
export function takesBatches({ package: { manifest } }: LoadedModel): boolean {
  return manifest.kind === 'image-2d' && manifest.input.shape[0] === 'N' && manifest.priors === undefined
}

/**
 * Files that are prepared at the same time and run in one call. Whoever has no image to run after all (unreadable, no fit)
 * leaves, and the others do not wait for it.
 */
export class BatchGroup {
  readonly #model: LoadedModel
  readonly #waiting: Waiting[] = []
  #open: number

  constructor(model: LoadedModel, files: number) {
    this.#model = model
    this.#open = files
  }

  /** The result of one prepared image, when every member of the group has come or left. */
  run(values: Float32Array): Promise<ModelResult> {
    return new Promise<ModelResult>((resolve, reject) => {
      this.#waiting.push({ values, resolve, reject })
      this.#leave()
    })
  }

  /** A member that has nothing to run. */
  skip(): void {
    this.#leave()
  }

  #leave(): void {
    this.#open -= 1
    if (this.#open === 0 && this.#waiting.length > 0) void this.#flush()
  }

  async #flush(): Promise<void> {
    try {
      const results = await runBatch(
        this.#model,
        this.#waiting.map(({ values }) => values),
      )
      this.#waiting.forEach(({ resolve }, i) => {
        const result = results[i]
        if (result !== undefined) resolve(result)
      })
    } catch {
      // One bad image must not take the others with it: each runs alone, and fails alone.
      for (const { values, resolve, reject } of this.#waiting) await runModel(this.#model, values).then(resolve, reject)
    }
  }
}

/** Runs prepared images in one call for each graph. @throws {Error} when a graph does not keep the images apart. */
async function runBatch(model: LoadedModel, images: readonly Float32Array[]): Promise<readonly ModelResult[]> {
  const [first] = images
  if (images.length === 1 && first !== undefined) return [await runModel(model, first)]
  const { manifest } = model.package
  const [, ...shape] = manifest.input.shape
  const each = first?.length ?? 0
  const joined = new Float32Array(each * images.length)
  for (const [i, values] of images.entries()) joined.set(values, i * each)
  const made = new Map<string, Tensor>([['$input', new Tensor('float32', joined, [images.length, ...shape])]])
  for (const graph of manifest.graphs) {
    const feeds: Record<string, Tensor> = {}
    for (const [input, source] of Object.entries(graph.inputs)) {
      const tensor = made.get(source)
      if (tensor === undefined) throw new Error('no graph made an input')
      feeds[input] = tensor
    }
    const results = await model.sessions.get(graph.id)?.run(feeds, graph.outputs)
    for (const output of graph.outputs) {
      const tensor = results?.[output]
      if (tensor !== undefined) made.set(`${graph.id}.${output}`, tensor)
    }
  }
  return images.map((_, i) => {
    const embedding = shareOf(made.get(manifest.embedding.from), i, images.length)
    if (embedding.length !== manifest.embedding.length) throw new Error('the embedding has another length')
    const scores = manifest.outputs.map(({ code, from, index }) => {
      const value = shareOf(made.get(from), i, images.length)[index]
      if (value === undefined) throw new Error('an output is shorter than its index')
      return { code, value }
    })
    return { embedding: Float32Array.from(embedding), scores }
  })
}

/** The part of a tensor `[N, ...]` that belongs to one image. */
function shareOf(tensor: Tensor | undefined, image: number, images: number): Float32Array {
  if (tensor?.dims[0] !== images || !(tensor.data instanceof Float32Array))
    throw new Error('a tensor is not one of a batch')
  const each = tensor.data.length / images
  return tensor.data.subarray(image * each, (image + 1) * each)
}
