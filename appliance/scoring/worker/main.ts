import { sealNetwork } from '../../workers/index.ts'
import { type WorkerReply, type WorkerRequest, workerReply, workerRequest } from '../messages.ts'
import { BatchGroup, takesBatches } from './batch.ts'
import { explainFile } from './explain-file.ts'
import { runGolden } from './golden-cases.ts'
import { ModelCache } from './model-cache.ts'
import { type LoadedModel, loadModel, releaseModel } from './model-sessions.ts'
import { ModelFailure, scoreFile } from './score-file.ts'
import { scoreRow } from './score-row.ts'
import { scoreSeries } from './score-series.ts'

sealNetwork()

const cache = new ModelCache()

/** Requests come one at a time; a second one before the first has ended waits for it. */
let work: Promise<void> = Promise.resolve()

process.on('message', (message) => {
  const request = workerRequest.parse(message)
  work = work.then(() => serve(request))
})
// Without its owner a worker has no reason to be.
process.on('disconnect', () => process.exit(0))
reply({ kind: 'ready' })

async function serve(request: WorkerRequest): Promise<void> {
  if (request.kind === 'score') await score(request)
  else if (request.kind === 'explain') await explain(request)
  else await golden(request)
}

async function score(request: Extract<WorkerRequest, { kind: 'score' }>): Promise<void> {
  const { jobId } = request
  const model = await load(jobId, () => cache.get(request.packageFolder, request.model, request.execution))
  if (model === undefined) return
  try {
    if (request.row !== undefined) {
      reply({ kind: 'instance', jobId, outcome: await scoreRow(model, request.row) })
    } else if (model.package.manifest.kind === 'volume-3d') {
      for (const outcome of await scoreSeries(model, request.files, request.limits, request.labelMaps)) {
        reply({ kind: 'instance', jobId, outcome })
      }
    } else if ((request.execution?.batch ?? 1) > 1 && takesBatches(model)) {
      await scoreInBatches(model, request, request.execution?.batch ?? 1)
    } else {
      for (const [instance, path] of request.files.entries()) {
        const prior = request.priors?.[instance] ?? undefined
        const outcome = await scoreFile(model, path, instance, request.limits, prior)
        reply({ kind: 'instance', jobId, outcome })
      }
    }
    reply({ kind: 'completed', jobId, provider: model.provider })
  } catch (error) {
    if (!(error instanceof ModelFailure)) throw error
    reply({ kind: 'failed', jobId, reason: 'model-failed', detail: describe(error.cause) })
  }
}

/** A group of files at a time; each reports for itself. */
async function scoreInBatches(
  model: LoadedModel,
  { jobId, files, limits }: Extract<WorkerRequest, { kind: 'score' }>,
  size: number,
): Promise<void> {
  for (let from = 0; from < files.length; from += size) {
    const paths = files.slice(from, from + size)
    const group = new BatchGroup(model, paths.length)
    const ends = await Promise.allSettled(
      paths.map(async (path, i) => {
        let hasRun = false
        const together = (values: Float32Array): ReturnType<BatchGroup['run']> => {
          hasRun = true
          return group.run(values)
        }
        const outcome = await scoreFile({ ...model, together }, path, from + i, limits).finally(() => {
          if (!hasRun) group.skip()
        })
        reply({ kind: 'instance', jobId, outcome })
      }),
    )
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}

async function explain(request: Extract<WorkerRequest, { kind: 'explain' }>): Promise<void> {
  const { jobId } = request
  const model = await load(jobId, () => cache.get(request.packageFolder, request.model, request.execution))
  if (model === undefined) return
  try {
    reply({ kind: 'explained', jobId, outcome: await explainFile(model, request) })
  } catch (error) {
    if (!(error instanceof ModelFailure)) throw error
    reply({ kind: 'failed', jobId, reason: 'model-failed', detail: describe(error.cause) })
  }
}

async function golden(request: Extract<WorkerRequest, { kind: 'golden' }>): Promise<void> {
  const { jobId } = request
  const model = await load(jobId, () => loadModel(request.packageFolder, request.execution))
  if (model === undefined) return
  try {
    const run = await runGolden(model)
    // A model that passes is about to be used: its sessions stay, warm.
    if (run.withinTolerance) await cache.keep(model)
    else await releaseModel(model)
    reply({ kind: 'golden', jobId, ...run, provider: model.provider })
  } catch (error) {
    await releaseModel(model)
    reply({ kind: 'failed', jobId, reason: 'model-failed', detail: describe(error) })
  }
}

async function load(jobId: string, from: () => Promise<LoadedModel>): Promise<LoadedModel | undefined> {
  try {
    return await from()
  } catch (error) {
    reply({ kind: 'failed', jobId, reason: 'package-invalid', detail: describe(error) })
    return undefined
  }
}

/** The message of an error, cut to what a reply may hold. Errors here speak of packages and graphs, not of patients. */
function describe(error: unknown): string {
  return (error instanceof Error ? error.message : 'unknown').slice(0, 500)
}

function reply(message: WorkerReply): void {
  process.send?.(workerReply.parse(message))
}
