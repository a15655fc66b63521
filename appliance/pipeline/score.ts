import type { ModelPackage } from '@leadglass/models'
import { type Lane, ScoringError, type ScoringOutcome, type ScoringPool, selectModels } from '../scoring/index.ts'
import { type Outcome, outcomesOfJob } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'

/** Longest time that one model may take for one revision, however many files it has. */
const LONGEST_MS = 600_000

/** Raised when the pool cannot take work now; the revision waits and is tried again. */
export class ScoringUnavailable extends Error {}

/** Scores the prepared instances with every active model that fits each. */
export async function scorePrepared(
  pool: Pick<ScoringPool, 'score'>,
  active: readonly ModelPackage[],
  prepared: readonly PreparedInstance[],
  job: { readonly id: string; readonly lane: Lane },
): Promise<Outcome[]> {
  const choices = active.map((one) => ({ model: one.model, fit: one.manifest.fit }))
  const outcomes: Outcome[] = []
  const files = new Map<string, PreparedInstance[]>()
  for (const instance of prepared) {
    const selection = selectModels(choices, instance.facts)
    if (selection.kind === 'none') {
      const reason = selection.reason === 'no-model' ? 'no-active-model' : selection.reason
      outcomes.push({ kind: 'not-scored', ordinal: instance.ordinal, model: null, reason, quality: {} })
      continue
    }
    if (instance.source.kind === 'withheld') {
      const { reason } = instance.source
      outcomes.push({ kind: 'not-scored', ordinal: instance.ordinal, model: null, reason, quality: {} })
      continue
    }
    for (const model of selection.models) {
      files.set(model.digest, [...(files.get(model.digest) ?? []), instance])
    }
  }
  const jobs = active.flatMap((one) => {
    const instances = files.get(one.digest)
    return instances === undefined ? [] : [runJob(pool, one, instances, job)]
  })
  return [...outcomes, ...(await Promise.all(jobs)).flat()]
}

async function runJob(
  pool: Pick<ScoringPool, 'score'>,
  { model, manifest, folder }: ModelPackage,
  instances: readonly PreparedInstance[],
  job: { readonly id: string; readonly lane: Lane },
): Promise<Outcome[]> {
  let outcome: ScoringOutcome
  try {
    outcome = await pool.score({
      jobId: `${job.id}-${model.digest.slice(0, 12)}`,
      packageFolder: folder,
      model,
      files: instances.flatMap(({ source }) => (source.kind === 'file' ? [source.path] : [])),
      timeoutMs: Math.min(LONGEST_MS, manifest.runtime.timeoutMs * instances.length),
      lane: job.lane,
      memoryMiB: manifest.runtime.memoryMiB,
    })
  } catch (cause) {
    if (cause instanceof ScoringError) throw new ScoringUnavailable(cause.code)
    throw cause
  }
  if (outcome.kind === 'failed' && outcome.reason === 'stopped') throw new ScoringUnavailable('stopped')
  return outcomesOfJob(
    model,
    manifest,
    instances.map((instance) => instance.ordinal),
    outcome,
  )
}
