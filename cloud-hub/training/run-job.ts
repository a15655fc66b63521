import { readPackage, readPackageFile } from '@leadglass/models'
import { digestOf } from '@leadglass/sync-agent/foundation'
import { openSnapshot } from '../lake/index.ts'
import { TrainingError } from './errors.ts'
import { judge } from './gates.ts'
import { headProbability, readHead, writeHead } from './head-graph.ts'
import { headWiring } from './head-wiring.ts'
import type { TrainingJob } from './job.ts'
import { assertParity, runHead } from './parity.ts'
import { type TrainingReport, trainingReport } from './report.ts'
import { type ProgressPort, train } from './train.ts'

/** What a finished job leaves: the new head graph and the report. Failed gates are in the report, not an error. */
export interface JobResult {
  readonly headGraph: Uint8Array
  readonly report: TrainingReport
}

/**
 * Does a job from end to end: verifies snapshot and parent, trains, exports, and compares the exported graph with the
 * trainer on every held-out instance.
 * @throws {TrainingError} and the errors of a damaged snapshot or package.
 */
export async function runJob(job: TrainingJob, progress: ProgressPort): Promise<JobResult> {
  const parent = await readPackage(job.parent.folder)
  if (parent.digest !== job.parent.digest) throw new TrainingError('model-unknown', 'the parent has another digest')
  const wiring = headWiring(parent.manifest, job.finding)
  const parentGraph = await readPackageFile(parent, wiring.file)
  const parentHead = readHead(parentGraph)
  progress(2, 'parent package verified')
  const snapshot = await openSnapshot(job.snapshot.folder, job.snapshot.digest)
  if (snapshot.manifest.embeddingLength !== parentHead.mean.length) {
    throw new TrainingError('head-not-linear', 'snapshot and head have embeddings of another length')
  }
  progress(5, `snapshot verified: ${snapshot.rows.length} rows`)

  const seed = `${job.snapshot.digest}/${job.seed}`
  const trained = train(snapshot.rows, parentHead, wiring.thresholdMilli / 1000, seed, progress)
  const headGraph = writeHead(parentGraph, trained.head)
  const embeddings = trained.heldOut.map((row) => row.embedding)
  const expected = embeddings.map((embedding) => headProbability(trained.head, embedding))
  const parity = assertParity(expected, await runHead(headGraph, wiring, embeddings))
  progress(95, `export compared on ${parity.cases} instances: ${parity.largestDifference.toExponential(2)}`)

  const { measured } = trained
  const report = trainingReport.parse({
    schema: 'leadglass.training-report/1',
    snapshot: job.snapshot.digest,
    parent: job.parent.digest,
    code: job.code,
    seed: job.seed,
    finding: job.finding,
    ...measured,
    parity,
    gates: judge({ cases: measured.cases, comparison: measured.comparison, parity }, job.gates),
    head: { sha256: digestOf(headGraph), bytes: headGraph.length },
  })
  return { headGraph, report }
}
