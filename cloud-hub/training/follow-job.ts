import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { canonicalJson } from '@leadglass/sync-agent/foundation'
import { TrainingError } from './errors.ts'
import { reevaluate, type TrainingExecutor } from './executors/index.ts'
import { RUN_FILES, type TrainingJob } from './job.ts'
import type { TrainingReport } from './report.ts'

const POLL_MS = 200
/** How often a job that is gone without a word is handed over again. */
const MOST_SUBMISSIONS = 3

/** A run that a person or a stop ended. */
export class Cancelled extends Error {
  constructor() {
    super('the run was cancelled')
  }
}

/** Who follows a job. */
export interface JobFollower {
  /** False once the job is to end. */
  isWanted(): boolean
  /** @param percent 0 to 100. */
  progress(percent: number): void
  log(message: string): void
}

/**
 * Hands a job to an executor and follows it to its end. A job that is under way or done from the same folder, because an
 * earlier process of the hub handed it over, is followed and not begun anew.
 * @param folder where the executor leaves what the job gives; emptied when the job is begun.
 * @returns the hub's own report.
 * @throws {Cancelled} and {TrainingError} with the code that the trainer gave, or `trainer-failed`.
 */
export async function followJob(
  executor: TrainingExecutor,
  job: TrainingJob,
  folder: string,
  follower: JobFollower,
): Promise<TrainingReport> {
  if (!(await isUnderWay(executor, job, folder))) await begin(executor, job, folder)
  let submissions = 1
  let seen = 0
  let stopped: { readonly code: string; readonly message: string } | undefined
  for (;;) {
    if (!follower.isWanted()) await executor.cancel(folder)
    const status = await executor.status(folder)
    for (const line of await executor.logs(folder, seen)) {
      seen += 1
      if (line.kind === 'progress') follower.progress(line.percent)
      if (line.kind === 'stopped') stopped = line
      if (line.kind !== 'done') follower.log(line.message)
    }
    if (status === 'succeeded') break
    if (status === 'lost' && submissions < MOST_SUBMISSIONS) {
      follower.log('the job is gone without a word; it is begun anew')
      await begin(executor, job, folder)
      submissions += 1
      seen = 0
      continue
    }
    if (status === 'cancelled') throw new Cancelled()
    if (status !== 'running') throw trainerFailure(stopped)
    await delay(POLL_MS)
  }
  await executor.artifacts(folder)
  // Whatever trained, and wherever: the hub measures what came back itself.
  return reevaluate(job, folder)
}

async function begin(executor: TrainingExecutor, job: TrainingJob, folder: string): Promise<void> {
  await executor.cancel(folder)
  await rm(folder, { recursive: true, force: true })
  await executor.submit(job, folder)
}

/** True when the executor has exactly this job in this folder, and it has not failed. */
async function isUnderWay(executor: TrainingExecutor, job: TrainingJob, folder: string): Promise<boolean> {
  const written = await readFile(join(folder, RUN_FILES.job), 'utf8').catch(() => undefined)
  if (written !== canonicalJson(job)) return false
  const status = await executor.status(folder)
  return status === 'running' || status === 'succeeded'
}

/** The codes of a trainer that stopped for a reason of the data are kept; anything else is a failure of the trainer. */
function trainerFailure(stopped: { readonly code: string; readonly message: string } | undefined): TrainingError {
  if (stopped === undefined) return new TrainingError('trainer-failed', 'the trainer ended without a result')
  const known = (['too-few-cases', 'export-differs', 'head-not-linear', 'finding-not-scored'] as const).find(
    (code) => code === stopped.code,
  )
  return new TrainingError(known ?? 'trainer-failed', stopped.message)
}
