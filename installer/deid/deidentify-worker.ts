import { parentPort, workerData } from 'node:worker_threads'
import { type DeidentifyReport, deidentifyShare, type ShareOptions } from './deidentify-share.ts'

/** What a thread gets. */
export interface WorkerInput {
  readonly files: readonly string[]
  readonly next: Int32Array
  readonly options: ShareOptions
}

/** What a thread says. */
export type WorkerMessage =
  | { readonly kind: 'file'; readonly bytes: number }
  | { readonly kind: 'durable'; readonly marks: readonly string[] }
  | { readonly kind: 'report'; readonly report: DeidentifyReport }

const { files, next, options } = workerData as WorkerInput
const tell = (message: WorkerMessage): void => parentPort?.postMessage(message)
const report = await deidentifyShare(files, next, options, {
  onFile: (bytes) => tell({ kind: 'file', bytes }),
  onDurable: (marks) => tell({ kind: 'durable', marks }),
})
tell({ kind: 'report', report })
