import type { ModelPackage } from '@leadglass/models'
import type { ScoringPool } from '../scoring/index.ts'
import type { ChosenModel, ModelUse } from './model-choice.ts'
import type { Outcome } from './outcomes.ts'
import type { PreparedInstance } from './prepared-instance.ts'
import type { FindPriors } from './prior-image.ts'
import { type ModelRun, planWork, runWork, type WorkJob, type WorkPlan } from './score.ts'

/** What the chosen versions made of a revision. */
export interface ChosenScores {
  readonly outcomes: readonly Outcome[]
  readonly uses: readonly ModelUse[]
  /** The versions that scored in the end. */
  readonly packages: readonly ModelPackage[]
}

/**
 * Scores a revision with the chosen versions. Where one that is on trial fails, the version in use scores instead, all of
 * the revision: a study has one version from end to end, and an answer.
 * @param plan what `planWork` made of the chosen versions. @throws {ScoringUnavailable}
 */
export async function scoreChosen(
  pool: Pick<ScoringPool, 'score'>,
  chosen: readonly ChosenModel[],
  plan: WorkPlan,
  prepared: readonly PreparedInstance[],
  job: WorkJob,
  findPriors: FindPriors | undefined,
): Promise<ChosenScores> {
  const runs = await Promise.all(plan.works.map((work) => runWork(pool, work, job)))
  const runOf = new Map<string, ModelRun>(runs.map((run) => [run.work.package.digest, run]))
  const failed = new Map<string, { readonly chosen: ChosenModel; readonly run: ModelRun }>()
  const final = chosen.map((one): ChosenModel => {
    const run = runOf.get(one.package.digest)
    if (run?.failure === undefined || one.fallback === undefined) return one
    failed.set(one.fallback.digest, { chosen: one, run })
    return { ...one, package: one.fallback, arm: 'champion', candidateId: null, fallback: undefined }
  })
  const packages = final.map((one) => one.package)
  if (failed.size === 0) {
    return { outcomes: [...plan.outcomes, ...runs.flatMap((run) => run.outcomes)], uses: usesOf(), packages }
  }
  const again = await planWork(packages, prepared, findPriors)
  const missing = again.works.filter((work) => !runOf.has(work.package.digest))
  for (const run of await Promise.all(missing.map((work) => runWork(pool, work, job)))) {
    runOf.set(run.work.package.digest, run)
  }
  const outcomes = again.works.flatMap((work) => runOf.get(work.package.digest)?.outcomes ?? [])
  return { outcomes: [...again.outcomes, ...outcomes], uses: usesOf(), packages }

  function usesOf(): ModelUse[] {
    return final.flatMap((one): ModelUse[] => {
      const run = runOf.get(one.package.digest)
      const before = failed.get(one.package.digest)
      if (run === undefined) return []
      return [{ chosen: one, run, ...(before === undefined ? {} : { failed: before }) }]
    })
  }
}
