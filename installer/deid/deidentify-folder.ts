import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type DeidentifyReport, deidentifyShare, type ShareOptions } from './deidentify-share.ts'
import type { WorkerInput } from './deidentify-worker.ts'

export type { DeidentifyReport } from './deidentify-share.ts'

/** How a run is done. */
export interface DeidentifyOptions extends ShareOptions {
  readonly onFile: (done: number) => void
}

/** Fewer files are done before a second thread has started. */
const FEWEST_FOR_THREADS = 64
const MOST_THREADS = 8

/**
 * De-identifies files, on all processors when there are many. An output is written only after the verifier, which shares
 * no code with the engine, has read it and found nothing of the study's own identifiers. Output names come from the new
 * UIDs, so the result does not depend on which thread took which file.
 */
export async function deidentifyFiles(files: readonly string[], options: DeidentifyOptions): Promise<DeidentifyReport> {
  const { onFile, ...share } = options
  const next = new Int32Array(new SharedArrayBuffer(4))
  let done = 0
  const count = (): void => onFile(++done)
  const threads = files.length < FEWEST_FOR_THREADS ? 1 : Math.min(MOST_THREADS, availableParallelism())
  const shares = Array.from({ length: threads - 1 }, () => inThread({ files, next, options: share }, count))
  try {
    return merged(await Promise.all([deidentifyShare(files, next, share, count), ...shares]))
  } catch (error) {
    // Nobody takes another file; what is being written is finished.
    Atomics.store(next, 0, files.length)
    await Promise.allSettled(shares)
    throw error
  }
}

function inThread(workerData: WorkerInput, onFile: () => void): Promise<DeidentifyReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./deidentify-worker.ts', import.meta.url), { workerData })
    worker.on('message', (message: DeidentifyReport | 'file') => {
      if (message === 'file') onFile()
      else resolve(message)
    })
    worker.on('error', reject)
    worker.on('exit', (status) => reject(new Error(`a thread of the de-identification ended early, status ${status}`)))
  })
}

function merged(reports: readonly DeidentifyReport[]): DeidentifyReport {
  const actions: Record<string, number> = {}
  for (const report of reports)
    for (const [code, count] of Object.entries(report.actions)) actions[code] = (actions[code] ?? 0) + count
  const quarantined = reports.flatMap((report) => report.quarantined).sort((a, b) => a.file - b.file)
  const sum = (pick: (report: DeidentifyReport) => number): number =>
    reports.reduce((total, report) => total + pick(report), 0)
  return {
    files: sum(({ files }) => files),
    deidentified: sum(({ deidentified }) => deidentified),
    actions,
    quarantined,
  }
}

/** True when one folder lies within the other: output among input would be read again. */
export function overlaps(one: string, other: string): boolean {
  const inside = (a: string, b: string): boolean => !relative(a, b).startsWith('..')
  return inside(one, other) || inside(other, one)
}
