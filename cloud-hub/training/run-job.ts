import { readPackage, readPackageFile } from '@leadglass/models'
import { openSnapshot } from '../lake/index.ts'
import { TrainingError } from './errors.ts'
import { headFitOf } from './fit-head.ts'
import { headWiring } from './head-wiring.ts'
import type { TrainingJob } from './job.ts'
import { leaveSitesOut } from './leave-sites-out.ts'
import { declaredGatesOf, reportOf } from './make-report.ts'
import { assertExported, runHead } from './parity.ts'
import type { TrainingReport } from './report.ts'
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
  const fitHead = headFitOf(job.trainer, parentGraph, wiring)
  progress(2, 'parent package verified')
  const snapshot = await openSnapshot(job.snapshot.folder, job.snapshot.digest)
  if (snapshot.manifest.embeddingLength !== parent.manifest.embedding.length) {
    throw new TrainingError('head-not-linear', 'snapshot and head have embeddings of another length')
  }
  progress(5, `snapshot verified: ${snapshot.rows.length} rows`)

  const seed = `${job.snapshot.digest}/${job.seed}`
  const parentScores = await runHead(
    parentGraph,
    wiring,
    snapshot.rows.map((row) => row.embedding),
  )
  const { operatingPoints } = declaredGatesOf(parent)
  const parentModel = { scores: parentScores, threshold: wiring.thresholdMilli / 1000, operatingPoints }
  const trained = train(snapshot.rows, parentModel, fitHead, seed, progress)
  const { graph: headGraph } = trained.head
  const parity = await assertExported(
    trained.head,
    wiring,
    trained.heldOut.map((row) => row.embedding),
  )
  progress(95, `export compared on ${parity.cases} instances: ${parity.largestDifference.toExponential(2)}`)

  const sitesLeftOut = leaveSitesOut(snapshot.rows, parentScores, fitHead, seed, progress)
  return { headGraph, report: reportOf(job, parent, { ...trained.measured, sitesLeftOut }, parity, headGraph) }
}
