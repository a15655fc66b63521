import { parentPort, workerData } from 'node:worker_threads'
import { deidentifyShare, type ShareOptions } from './deidentify-share.ts'

/** What a thread gets. */
export interface WorkerInput {
  readonly files: readonly string[]
  readonly next: Int32Array
  readonly options: ShareOptions
}

const { files, next, options } = workerData as WorkerInput
const report = await deidentifyShare(files, next, options, () => parentPort?.postMessage('file'))
parentPort?.postMessage(report)
