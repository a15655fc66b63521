import { rm } from 'node:fs/promises'
import type { Logger } from '@leadglass/sync-agent/foundation'
import type { HubAudit } from '../audit/index.ts'
import type { Lake } from '../lake/index.ts'
import { trainingCodeDigest } from './code-digest.ts'
import { Cancelled } from './follow-job.ts'
import { type RunRecord, runtimeVersions } from './record.ts'
import type { ReproducedPart, Reproduction, ReproductionStore } from './reproduction-store.ts'
import { runEvent } from './run-events.ts'
import { type RunSteps, resultsOf } from './run-steps.ts'
import type { RunStore } from './run-store.ts'

/** What a reproduction works with. */
export interface ReproduceParts {
  readonly steps: RunSteps
  readonly store: RunStore
  readonly reproductions: ReproductionStore
  readonly lake: Pick<Lake, 'snapshotState'>
  readonly audit: HubAudit
  readonly logger: Logger
  readonly isWanted: () => boolean
}

/**
 * Does a run again from its record, in a folder of its own, and compares what comes out byte by byte, by digest: the
 * head, the report, the package. Registers nothing. How it ended is in the table and in the log; it throws nothing.
 */
export async function reproduce(again: Reproduction, parts: ReproduceParts): Promise<void> {
  const { steps, store, reproductions, lake, logger } = parts
  const run = store.run(again.run)
  const record = run?.record ?? null
  if (run === undefined || record === null) {
    reproductions.end(again.reproduction, 'failed', [], 'the run has no record')
    return
  }
  const end = (
    state: Parameters<ReproductionStore['end']>[1],
    compared: ReproducedPart[],
    reason: string | null,
  ): void => {
    reproductions.end(again.reproduction, state, compared, reason)
    const outcome = state === 'equal' ? 'success' : 'failure'
    const person = { ...run, cause: 'asked' as const, requestedBy: again.requestedBy }
    parts.audit.record(runEvent('training.reproduced', person, outcome, [state]))
  }
  if (lake.snapshotState(record.snapshot) === 'superseded-by-erasure') {
    end('altered-by-erasure', [], 'rows were erased from the dataset since, and may never be used again')
    return
  }
  reproductions.begin(again.reproduction)
  const folder = steps.folderOf(again.reproduction)
  try {
    const now = await redo(record, steps, folder, parts.isWanted)
    const compared = comparedParts(record, now, await circumstances(record))
    const isEqual = compared.every((one) => one.isEqual || !RESULTS.has(one.part))
    const differing = compared.filter((one) => !one.isEqual).map((one) => one.part)
    end(
      isEqual ? 'equal' : 'differs',
      compared,
      differing.length === 0 ? null : `not the same: ${differing.join(', ')}`,
    )
  } catch (error) {
    // A stop of the hub is no end: the reproduction is taken up again at the next start.
    if (error instanceof Cancelled) return
    logger.warn('training.reproduction-failed', { run: again.run })
    end('failed', [], error instanceof Error ? error.message : 'unknown failure')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function redo(
  record: RunRecord,
  steps: RunSteps,
  folder: string,
  isWanted: () => boolean,
): Promise<NonNullable<RunRecord['results']>> {
  const follower = { isWanted, progress: () => undefined, log: () => undefined }
  const report = await steps.train(record, folder, follower)
  if (record.release === null) return resultsOf(report, null)
  return resultsOf(report, await steps.build(record, report, folder, record.release))
}

/** What decides whether a reproduction is equal; the other parts only say why it may not be. */
const RESULTS: ReadonlySet<string> = new Set(['head', 'report', 'package'])

/** Under what a run is done now, beside what it was done under. */
async function circumstances(record: RunRecord): Promise<readonly (readonly [string, string, string])[]> {
  const now = runtimeVersions()
  const { code } = record.job
  return [
    ['code', typeof code === 'string' ? code : '', await trainingCodeDigest()],
    ['node', record.runtime.node, now.node],
    ['onnx-runtime', record.runtime.onnxRuntime, now.onnxRuntime],
    ['platform', `${record.runtime.platform}-${record.runtime.architecture}`, `${now.platform}-${now.architecture}`],
  ]
}

function comparedParts(
  record: RunRecord,
  now: NonNullable<RunRecord['results']>,
  others: readonly (readonly [string, string, string])[],
): ReproducedPart[] {
  const recorded = record.results
  const results = [
    ['head', recorded?.head ?? '', now.head],
    ['report', recorded?.report ?? '', now.report],
    ...(recorded?.package == null ? [] : [['package', recorded.package, now.package ?? ''] as const]),
  ] as const
  return [...results, ...others].map(([part, was, is]) => ({ part, recorded: was, now: is, isEqual: was === is }))
}
