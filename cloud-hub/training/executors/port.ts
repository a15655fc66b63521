import type { TrainerLine, TrainingJob } from '../job.ts'

/**
 * How a submitted job stands.
 * - `running`: taken, and not at its end; waiting for a free place counts as running.
 * - `succeeded`: ended by itself and says that its files are complete. Nothing is believed of them yet.
 * - `failed`: ended without a result; the log says why where the job could still say it.
 * - `cancelled`: ended by `cancel`.
 * - `lost`: was under way when the hub or the far side ended, and is gone without a word. May be submitted again.
 * - `unknown`: never submitted from this folder.
 */
export type JobStatus = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'unknown'

/** Files that a job may hand back. Any other name is never read. */
export const RETURNED_FILES = ['head.onnx', 'report.json', 'weights.json'] as const
export type ReturnedFileName = (typeof RETURNED_FILES)[number]

/** Largest file that is taken from a job, in bytes. */
export const MAX_RETURNED_BYTES = 32 * 1024 * 1024

/** One file that came back. It lies in the run's folder under its name. */
export interface ReturnedFile {
  readonly name: ReturnedFileName
  readonly bytes: number
  readonly sha256: string
}

/**
 * Where training runs: this machine, Spark, a cluster. A job is known by the folder of its run, and everything that an
 * executor must remember lies in that folder: a hub that was started anew asks with the same folder and gets the same answer.
 * Whatever comes back is a claim: `reevaluate` decides what it is worth.
 */
export interface TrainingExecutor {
  /** The name by which the configuration chooses it. */
  readonly name: string
  /**
   * Starts a job. A job that is still under way from the same folder is ended first, so that two never write into one.
   * @param folder the run's own, absolute; made when it is missing.
   * @throws {ExecutorError}
   */
  submit(job: TrainingJob, folder: string): Promise<void>
  /** @throws {ExecutorError} where the far side cannot be asked; the job itself may be well. */
  status(folder: string): Promise<JobStatus>
  /** Lines from number `from` (0 is the first) on. Output that is no such line is left out. @throws {ExecutorError} */
  logs(folder: string, from: number): Promise<readonly TrainerLine[]>
  /** Ends the job with everything that it started. Does nothing to a job that has ended. @throws {ExecutorError} */
  cancel(folder: string): Promise<void>
  /** Brings the files of a job that succeeded into the run's folder. @throws {ExecutorError} */
  artifacts(folder: string): Promise<readonly ReturnedFile[]>
}
