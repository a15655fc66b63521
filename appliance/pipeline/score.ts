import type { ModelPackage } from '@leadglass/models'
import { type Lane, ScoringError, type ScoringOutcome, type ScoringPool, selectModels } from '../scoring/index.ts'
import { chooseSeries, seriesFactsOf } from './choose-series.ts'
import { type NotScored, type Outcome, outcomesOfJob } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'
import { type FindPriors, type PriorImage, pairedWith } from './prior-image.ts'

/** Longest time that one model may take for one revision, however many files it has. */
const LONGEST_MS = 600_000

/** Ends of single instances that say that the model failed, and nothing of the image. */
const FAILURES: ReadonlySet<string> = new Set(['not-finite', 'internal-error'])

/** Raised when the pool cannot take work now; the revision waits and is tried again. */
export class ScoringUnavailable extends Error {}

/** What one model is given of a revision. */
export interface ModelWork {
  readonly package: ModelPackage
  readonly instances: readonly PreparedInstance[]
  /** Of each instance the image of an earlier study; absent for a model that is given none. */
  readonly priors?: readonly (PriorImage | null)[]
  /** Of a model of tables: its row, instead of files; null is NaN. */
  readonly row?: readonly (number | null)[]
  /** Why there is no earlier study, for a model that can do without. */
  readonly noPrior?: string
}

/** How the work on a revision is done. */
export interface WorkJob {
  readonly id: string
  readonly lane: Lane
  /** Somebody wants the voxels of segments, and not their volumes alone. */
  readonly segments?: boolean
}

/** What every model is given, and what nothing is given to. */
export interface WorkPlan {
  readonly works: readonly ModelWork[]
  readonly outcomes: readonly Outcome[]
}

/** The end of one model's work. */
export interface ModelRun {
  readonly work: ModelWork
  readonly outcomes: readonly Outcome[]
  /** Why it counts as failed; undefined for a run that went well. */
  readonly failure: string | undefined
  /** Of one file. */
  readonly ms: number | undefined
}

/** Decides which instances each model is given: those that fit, of the series that it asks for, with its earlier study. */
export async function planWork(
  given: readonly ModelPackage[],
  prepared: readonly PreparedInstance[],
  findPriors?: FindPriors,
): Promise<WorkPlan> {
  // Tables are scored afterwards, of what the others gave (`scoreTables`).
  const active = given.filter((one) => one.manifest.kind !== 'tabular')
  const choices = active.map((one) => ({ model: one.model, fit: one.manifest.fit }))
  const outcomes: Outcome[] = []
  const fitting = new Map<string, PreparedInstance[]>()
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
      fitting.set(model.digest, [...(fitting.get(model.digest) ?? []), instance])
    }
  }
  const works: ModelWork[] = []
  for (const one of active) {
    const selected = ofSeries(one, fitting.get(one.digest) ?? [])
    outcomes.push(...selected.left)
    if (selected.instances.length === 0) continue
    const work = await withPriors({ package: one, instances: selected.instances }, findPriors)
    if ('package' in work) works.push(work)
    else outcomes.push(...work)
  }
  return { works, outcomes }
}

/** Runs one model's work. @throws {ScoringUnavailable} when the workers cannot take it now. */
export async function runWork(pool: Pick<ScoringPool, 'score'>, work: ModelWork, job: WorkJob): Promise<ModelRun> {
  const { model, manifest, folder } = work.package
  let outcome: ScoringOutcome
  try {
    outcome = await pool.score({
      jobId: `${job.id}-${model.digest.slice(0, 12)}`,
      packageFolder: folder,
      model,
      files:
        work.row === undefined
          ? work.instances.flatMap(({ source }) => (source.kind === 'file' ? [source.path] : []))
          : [],
      ...(work.row === undefined ? {} : { row: work.row }),
      ...(work.priors === undefined ? {} : { priors: work.priors.map((prior) => prior?.source.path ?? null) }),
      timeoutMs: Math.min(LONGEST_MS, manifest.runtime.timeoutMs * work.instances.length),
      lane: job.lane,
      labelMaps: job.segments === true && manifest.outputs.some((output) => output.segment !== undefined),
      memoryMiB: manifest.runtime.memoryMiB,
    })
  } catch (cause) {
    if (cause instanceof ScoringError) throw new ScoringUnavailable(cause.code)
    throw cause
  }
  if (outcome.kind === 'failed' && outcome.reason === 'stopped') throw new ScoringUnavailable('stopped')
  const ordinals = work.instances.map((instance) => instance.ordinal)
  const outcomes = outcomesOfJob(model, manifest, ordinals, outcome)
  const ms = outcome.kind === 'completed' ? outcome.ms : undefined
  return {
    work,
    outcomes,
    failure: outcome.kind === 'failed' ? outcome.reason : failureAmong(outcomes),
    ms: ms === undefined ? undefined : ms / Math.max(1, work.instances.length),
  }
}

/** The images of earlier studies that a model is given, each once. */
export function priorsOf({ priors }: ModelWork): readonly PriorImage[] {
  return [...new Set((priors ?? []).filter((prior) => prior !== null))]
}

/** The earlier image that each model was given with each instance. */
export function priorsGiven(
  uses: readonly { readonly run: ModelRun }[],
): (modelDigest: string, ordinal: number) => PriorImage | undefined {
  return (modelDigest, ordinal) => {
    const work = uses.find(({ run }) => run.work.package.digest === modelDigest)?.run.work
    return work?.priors?.[work.instances.findIndex((instance) => instance.ordinal === ordinal)] ?? undefined
  }
}

/** Scores the prepared instances with every model that fits each. @throws {ScoringUnavailable} */
export async function scorePrepared(
  pool: Pick<ScoringPool, 'score'>,
  active: readonly ModelPackage[],
  prepared: readonly PreparedInstance[],
  job: { readonly id: string; readonly lane: Lane },
): Promise<Outcome[]> {
  const plan = await planWork(active, prepared)
  const runs = await Promise.all(plan.works.map((work) => runWork(pool, work, job)))
  return [...plan.outcomes, ...runs.flatMap((run) => run.outcomes)]
}

function failureAmong(outcomes: readonly Outcome[]): string | undefined {
  const failed = outcomes.find(
    (one) =>
      one.kind === 'not-scored' &&
      (FAILURES.has(one.reason.split('.')[0] ?? '') || one.reason.startsWith('model-failed')),
  )
  return failed?.kind === 'not-scored' ? failed.reason : undefined
}

/** The instances of the series that the model asks for; the others are not scored by it, and say so. */
function ofSeries(
  { model, manifest: { series: rule } }: ModelPackage,
  fitting: readonly PreparedInstance[],
): { readonly instances: readonly PreparedInstance[]; readonly left: readonly NotScored[] } {
  if (rule === undefined || fitting.length === 0) return { instances: fitting, left: [] }
  const bySeries = new Map<string, PreparedInstance[]>()
  for (const instance of fitting) {
    const uid = instance.seriesInstanceUid
    bySeries.set(uid, [...(bySeries.get(uid) ?? []), instance])
  }
  const counted = [...bySeries].flatMap(([uid, [first, ...others]]) =>
    first === undefined ? [] : [{ ...seriesFactsOf(first.header, uid), instances: 1 + others.length }],
  )
  const chosen = chooseSeries(rule, counted)
  const reason = chosen === undefined ? 'no-series' : 'series-not-selected'
  const isChosen = (instance: PreparedInstance): boolean => instance.seriesInstanceUid === chosen?.seriesInstanceUid
  const left = fitting
    .filter((instance) => !isChosen(instance))
    .map(({ ordinal }): NotScored => ({ kind: 'not-scored', ordinal, model, reason, quality: {} }))
  return { instances: fitting.filter(isChosen), left }
}

/** Adds the earlier study that the model asks for. @returns outcomes instead, where it cannot do without. */
async function withPriors(work: ModelWork, find: FindPriors | undefined): Promise<ModelWork | readonly NotScored[]> {
  const { model, manifest } = work.package
  if (manifest.priors === undefined) return work
  const found = (await find?.(work.package, work.instances)) ?? { kind: 'none', reason: 'not-fetched' }
  if (found.kind === 'found') {
    return { ...work, priors: work.instances.map((instance) => pairedWith(instance, found.images) ?? null) }
  }
  if (!manifest.priors.required) return { ...work, priors: work.instances.map(() => null), noPrior: found.reason }
  return work.instances.map(({ ordinal }) => ({ kind: 'not-scored', ordinal, model, reason: 'no-prior', quality: {} }))
}
