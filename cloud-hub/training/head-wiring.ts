import { type ModelManifest, parseSource } from '@leadglass/models'
import { TrainingError } from './errors.ts'
import type { TrainerChoice } from './trainers/choice.ts'

/** Where the head of a finding is in a package, and how it is fed. */
export interface HeadWiring {
  readonly file: string
  readonly input: string
  readonly output: string
  readonly index: number
  /** The graph makes this score and nothing else: it may be replaced by any other graph. */
  readonly isAlone: boolean
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
    isAlone: score.index === 0 && head.outputs.length === 1 && !isReadElsewhere(manifest, head.id, finding),
    thresholdMilli: score.operatingPoint.thresholdMilli,
    backbone: backboneDigest(manifest),
  }
}

/**
 * Whether a trainer can fit this head.
 * @throws {TrainingError} `head-not-linear` when a graph is to begin anew that makes other scores too.
 */
export function assertReplaceable(wiring: HeadWiring, choice: TrainerChoice | undefined): void {
  if (choice === undefined || choice.trainer === 'parent-head' || wiring.isAlone) return
  throw new TrainingError('head-not-linear', 'the graph of this score makes others too: only its weights can change')
}

function isReadElsewhere({ graphs, outputs, embedding }: ModelManifest, head: string, finding: string): boolean {
  const others = [
    embedding.from,
    ...outputs.filter((output) => output.code !== finding).map((output) => output.from),
    ...graphs.flatMap((graph) => Object.values(graph.inputs)),
  ]
  return others.some((source) => parseSource(source)?.graph === head)
}

/** SHA-256 of the graph file that makes the package's embedding; two packages with the same one can share rows. */
export function backboneDigest(manifest: ModelManifest): string {
  const graph = manifest.graphs.find((one) => one.id === parseSource(manifest.embedding.from)?.graph)
  return manifest.files.find((file) => file.path === graph?.file)?.sha256 ?? ''
}
