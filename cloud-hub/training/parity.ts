import { InferenceSession, Tensor } from 'onnxruntime-node'
import { TrainingError } from './errors.ts'

/** Largest difference allowed between the trainer's probability and the exported graph's. */
export const PARITY_LIMIT = 1e-6

/** How the exported graph compares with the trainer. */
export interface Parity {
  readonly cases: number
  readonly largestDifference: number
  readonly limit: number
}

/** Embeddings of one length, row after row. */
export function joinedRows(embeddings: readonly Float32Array[]): Float32Array {
  const length = embeddings[0]?.length ?? 0
  const values = new Float32Array(embeddings.length * length)
  for (const [i, embedding] of embeddings.entries()) values.set(embedding, i * length)
  return values
}

/** Runs a head graph on embeddings and gives the value at `index` of its output for each. */
export async function runHead(
  graph: Uint8Array,
  names: { readonly input: string; readonly output: string; readonly index: number },
  embeddings: readonly Float32Array[],
): Promise<number[]> {
  const session = await InferenceSession.create(graph, { logSeverityLevel: 3, intraOpNumThreads: 1 })
  try {
    const shape = [embeddings.length, embeddings[0]?.length ?? 0]
    const outputs = await session.run({ [names.input]: new Tensor('float32', joinedRows(embeddings), shape) })
    const output = outputs[names.output]
    if (output === undefined) throw new TrainingError('head-not-linear', 'the head graph has no such output')
    const values = output.data as Float32Array
    const width = values.length / embeddings.length
    return embeddings.map((_, i) => values[i * width + names.index] ?? Number.NaN)
  } finally {
    await session.release()
  }
}

/**
 * Compares the trainer's probabilities with the graph's, case by case.
 * @throws {TrainingError} `export-differs` above the limit.
 */
export function assertParity(trainer: readonly number[], graph: readonly number[]): Parity {
  let largestDifference = 0
  for (const [i, probability] of trainer.entries()) {
    const difference = Math.abs(probability - (graph[i] ?? Number.NaN))
    // A value that is not a number is a difference without bound.
    largestDifference = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largestDifference, difference)
  }
  if (trainer.length !== graph.length || largestDifference > PARITY_LIMIT) {
    const message = `the exported graph differs from the trainer by ${largestDifference.toExponential(2)}`
    throw new TrainingError('export-differs', message)
  }
  return { cases: trainer.length, largestDifference, limit: PARITY_LIMIT }
}

/**
 * The release gate of every trainer: runs the graph that a fit exports on embeddings and compares it with the fit itself.
 * @throws {TrainingError} `export-differs`.
 */
export async function assertExported(
  fitted: { readonly graph: Uint8Array; probabilities(embeddings: readonly Float32Array[]): ArrayLike<number> },
  names: { readonly input: string; readonly output: string; readonly index: number },
  embeddings: readonly Float32Array[],
): Promise<Parity> {
  return assertParity(Array.from(fitted.probabilities(embeddings)), await runHead(fitted.graph, names, embeddings))
}
