import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspectOnnx, type ModelPackage, readPackage, readPackageFile } from '@leadglass/models'
import { canonicalJson, digestOf, isCodedError, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { openSnapshot } from '../../lake/index.ts'
import type { FittedHead } from '../fit-head.ts'
import { readHead, writeHead } from '../head-graph.ts'
import { type HeadWiring, headWiring } from '../head-wiring.ts'
import { RUN_FILES, type TrainingJob } from '../job.ts'
import { declaredGatesOf, reportOf } from '../make-report.ts'
import { assertParity, joinedRows, runHead } from '../parity.ts'
import type { TrainingReport } from '../report.ts'
import { train } from '../train.ts'
import { evaluateGraph } from '../trainers/index.ts'
import { type Claim, differencesOf, readClaim } from './claims.ts'
import { ExecutorError } from './errors.ts'
import { returnedFiles } from './job-folder.ts'

/**
 * Decides what a finished job is worth, by the hub's own code and the hub's own snapshot: the job that was told must be the
 * one that is answered (dataset, parent, code, seed), the graph must be one that an appliance may run, and every figure is
 * measured again on the held-out patients. Figures that came along are only compared. Leaves `head.onnx` and the hub's own
 * `report.json` in `folder`; may be repeated.
 * @returns the hub's own report.
 * @throws {ExecutorError} `result-missing`, `result-invalid`, `result-differs`.
 * @throws {TrainingError} `export-differs` when the runtime does not give what the graph's numbers say.
 */
export async function reevaluate(job: TrainingJob, folder: string): Promise<TrainingReport> {
  const names = (await returnedFiles(folder)).map((file) => file.name)
  const parent = await readPackage(job.parent.folder)
  if (parent.digest !== job.parent.digest) throw new ExecutorError('result-differs', 'the parent has another digest')
  const wiring = headWiring(parent.manifest, job.finding)
  const parentGraph = await readPackageFile(parent, wiring.file)
  const claim = await readClaim(folder, names)
  assertAnswers(claim, job)
  const graph = claim.kind === 'weights' ? exported(parentGraph, claim) : await readFile(join(folder, RUN_FILES.head))
  assertRunnable(graph, job, parentGraph)
  const own = await measured(job, { claim, graph, parent, parentGraph, wiring })
  if (claim.kind === 'report') {
    const differences = differencesOf(claim.report, own)
    if (differences.length > 0) {
      throw new ExecutorError('result-differs', `what came back states other figures: ${differences.join(', ')}`)
    }
  }
  await writeFileAtomically(join(folder, RUN_FILES.head), graph)
  await writeFileAtomically(join(folder, RUN_FILES.report), canonicalJson(own))
  return own
}

/** The parent's graph with the weights that came back: nothing else of the answer gets into a graph. */
function exported(parentGraph: Uint8Array, { weight, bias }: Extract<Claim, { kind: 'weights' }>): Uint8Array {
  if (weight.length !== readHead(parentGraph).weight.length) {
    throw new ExecutorError('result-invalid', 'the head has another number of weights than its parent')
  }
  return writeHead(parentGraph, { weight: Float32Array.from(weight), bias: Math.fround(bias) })
}

function assertAnswers(claim: Claim, job: TrainingJob): void {
  const told = {
    snapshot: job.snapshot.digest,
    parent: job.parent.digest,
    code: job.code,
    seed: job.seed,
    finding: job.finding,
  }
  for (const [name, value] of Object.entries(told)) {
    if (claim.about[name as keyof typeof told] === value) continue
    throw new ExecutorError('result-differs', `what came back was made for another ${name}`)
  }
  if (claim.about.run !== null && claim.about.run !== job.run) {
    throw new ExecutorError('result-differs', 'what came back was made for another run')
  }
}

/** The same look into a graph as at import; a linear head must be its parent's graph in everything but its numbers. */
function assertRunnable(graph: Uint8Array, job: TrainingJob, parentGraph: Uint8Array): void {
  try {
    const { problems } = inspectOnnx(graph)
    if (problems.length > 0) throw new ExecutorError('result-invalid', `the graph may not run: ${problems.join('; ')}`)
    if ((job.trainer?.trainer ?? 'parent-head') !== 'parent-head') return
    const again = writeHead(parentGraph, readHead(graph))
    if (digestOf(again) === digestOf(graph)) return
  } catch (error) {
    if (error instanceof ExecutorError) throw error
    const why = isCodedError(error) ? error.message : 'it cannot be read'
    throw new ExecutorError('result-invalid', `the graph may not run: ${why}`, { cause: error })
  }
  throw new ExecutorError('result-invalid', 'the graph is not its parent’s with other weights')
}

interface Returned {
  readonly claim: Claim
  readonly graph: Uint8Array
  readonly parent: ModelPackage
  readonly parentGraph: Uint8Array
  readonly wiring: HeadWiring
}

async function measured(job: TrainingJob, returned: Returned): Promise<TrainingReport> {
  const { claim, graph, parent, parentGraph, wiring } = returned
  const { rows } = await openSnapshot(job.snapshot.folder, job.snapshot.digest)
  const columns = rows[0]?.embedding.length ?? 0
  const parentScores = await runHead(
    parentGraph,
    wiring,
    rows.map((row) => row.embedding),
  )
  const head: FittedHead = {
    probabilities: (embeddings) => evaluateGraph(graph, joinedRows(embeddings), columns),
    outOfFold: [],
    thresholdMilli: claim.thresholdMilli,
    graph,
    chosen: claim.chosen,
    furtherPoints: claim.furtherPoints,
    said: 'fitted elsewhere',
  }
  const seed = `${job.snapshot.digest}/${job.seed}`
  const { operatingPoints } = declaredGatesOf(parent)
  const parentModel = { scores: parentScores, threshold: wiring.thresholdMilli / 1000, operatingPoints }
  const trained = train(
    rows,
    parentModel,
    () => head,
    seed,
    () => undefined,
  )
  const embeddings = trained.heldOut.map((row) => row.embedding)
  const expected = Array.from(head.probabilities(embeddings))
  const parity = assertParity(expected, await runHead(graph, wiring, embeddings))
  // Of heads that were fitted to fewer sites, which are not here to be measured: the trainer's word, that no gate reads.
  const sitesLeftOut = claim.kind === 'report' ? claim.report.sitesLeftOut : undefined
  return reportOf(job, parent, { ...trained.measured, sitesLeftOut }, parity, graph)
}
