import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type ArchiveEntry, isTaken } from './archives/archive-entry.ts'
import {
  type DeidentifyReport,
  deidentifyShare,
  Share,
  type ShareEvents,
  type ShareOptions,
} from './deidentify-share.ts'
import type { WorkerInput, WorkerMessage } from './deidentify-worker.ts'

export type { DeidentifyReport } from './deidentify-share.ts'

/** How a run is done. */
export interface DeidentifyOptions extends ShareOptions, ShareEvents {
  /** Most threads; as many as there are processors where not given. */
  readonly threads?: number
}

/** Fewer files are done before a second thread has started. */
const FEWEST_FOR_THREADS = 64
const MOST_THREADS = 8
const MOST_READERS = 2

/**
 * De-identifies files, on all processors when there are many. An output is written only after the verifier, which shares
 * no code with the engine, has read it and found nothing of the study's own identifiers. Output names come from the new
 * UIDs, so the result does not depend on which thread took which file.
 */
export async function deidentifyFiles(files: readonly string[], options: DeidentifyOptions): Promise<DeidentifyReport> {
  const { onFile, onDurable, threads: most = availableParallelism(), ...share } = options
  const events = { onFile, onDurable }
  const next = new Int32Array(new SharedArrayBuffer(4))
  // Reading is done in processes, one a thread, and takes most of the time and memory.
  const mostThreads = options.pixels === 'read' ? MOST_READERS : MOST_THREADS
  const threads = files.length < FEWEST_FOR_THREADS ? 1 : Math.min(mostThreads, most)
  const shares = Array.from({ length: threads - 1 }, () => inThread({ files, next, options: share }, events))
  try {
    return mergedReports(await Promise.all([deidentifyShare(files, next, share, events), ...shares]))
  } catch (error) {
    // Nobody takes another file; what is being written is finished.
    Atomics.store(next, 0, files.length)
    await Promise.allSettled(shares)
    throw error
  }
}

/**
 * De-identifies the entries of an archive as they come, on one thread; nothing of them is ever written as it is.
 * @param first number of the first entry in the run.
 */
export async function deidentifyEntries(
  entries: AsyncIterable<ArchiveEntry>,
  first: number,
  options: DeidentifyOptions,
): Promise<DeidentifyReport> {
  const share = new Share(options, options)
  let index = first
  try {
    for await (const entry of entries) {
      if (isTaken(entry)) await share.takeBytes(index, entry.bytes)
      else share.refuse(index, entry.refused)
      index += 1
    }
    return await share.finish()
  } finally {
    await share.close()
  }
}

function inThread(workerData: WorkerInput, { onFile, onDurable }: ShareEvents): Promise<DeidentifyReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./deidentify-worker.ts', import.meta.url), { workerData })
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'file') onFile(message.bytes)
      else if (message.kind === 'durable') onDurable(message.marks)
      else resolve(message.report)
    })
    worker.on('error', reject)
    worker.on('exit', (status) => reject(new Error(`a thread of the de-identification ended early, status ${status}`)))
  })
}

/** One report of several. */
export function mergedReports(reports: readonly DeidentifyReport[]): DeidentifyReport {
  const actions: Record<string, number> = {}
  for (const report of reports)
    for (const [code, count] of Object.entries(report.actions)) actions[code] = (actions[code] ?? 0) + count
  const quarantined = reports.flatMap((report) => report.quarantined).sort((a, b) => a.file - b.file)
  const sum = (pick: (report: DeidentifyReport) => number): number =>
    reports.reduce((total, report) => total + pick(report), 0)
  return {
    files: sum(({ files }) => files),
    deidentified: sum(({ deidentified }) => deidentified),
    skipped: sum(({ skipped }) => skipped),
    bytes: sum(({ bytes }) => bytes),
    actions,
    quarantined,
  }
}

/** True when one folder lies within the other: output among input would be read again. */
export function overlaps(one: string, other: string): boolean {
  const inside = (a: string, b: string): boolean => !relative(a, b).startsWith('..')
  return inside(one, other) || inside(other, one)
}
