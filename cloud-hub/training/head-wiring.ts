import { type ModelManifest, parseSource } from '@leadglass/models'
import { TrainingError } from './errors.ts'

/** Where the head of a finding is in a package, and how it is fed. */
export interface HeadWiring {
  readonly file: string
  readonly input: string
  readonly output: string
  readonly index: number
  readonly thresholdMilli: number
  /** SHA-256 of the graph that makes the embedding. */
  readonly backbone: string
}

/**
 * Finds the graph that turns the package's embedding into the score of `finding`.
 * @throws {TrainingError} when the package does not score it, or not by one graph on the embedding alone.
 */
export function headWiring(manifest: ModelManifest, finding: string): HeadWiring {
  const score = manifest.outputs.find((output) => output.code === finding)
  if (score === undefined) throw new TrainingError('finding-not-scored', `the model does not score ${finding}`)
  const source = parseSource(score.from)
  const head = manifest.graphs.find((graph) => graph.id === source?.graph)
  const [input, ...others] = Object.entries(head?.inputs ?? {})
  if (head === undefined || source === undefined || input?.[1] !== manifest.embedding.from || others.length > 0) {
    throw new TrainingError('head-not-linear', 'the score does not come from the embedding by one graph')
  }
  return {
    file: head.file,
    input: input[0],
    output: source.output,
    index: score.index,
    thresholdMilli: score.operatingPoint.thresholdMilli,
    backbone: backboneDigest(manifest),
  }
}

/** SHA-256 of the graph file that makes the package's embedding; two packages with the same one can share rows. */
export function backboneDigest(manifest: ModelManifest): string {
  const graph = manifest.graphs.find((one) => one.id === parseSource(manifest.embedding.from)?.graph)
  return manifest.files.find((file) => file.path === graph?.file)?.sha256 ?? ''
}
