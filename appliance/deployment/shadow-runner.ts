import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { RevisionCorrections } from '../corrections/index.ts'
import {
  type ModelRun,
  type PriorImages,
  planWork,
  prepareRevision,
  runWork,
  ScoringUnavailable,
} from '../pipeline/index.ts'
import type { CandidateRow, Records, ShadowJobRow, WaitingRevision } from '../records/index.ts'
import { decisionAbout } from '../rules/index.ts'
import type { ScoringPool } from '../scoring/index.ts'
import { countPairs, countRun, type VersionScore } from './count-pairs.ts'
import type { DeploymentCounter } from './counter.ts'
import type { Tally } from './figures.ts'
import type { InForce } from './in-force.ts'

const POLL_MS = 1000
const AGAIN_MS = 5000
const MOST_ATTEMPTS = 3

export interface ShadowDependencies {
  readonly records: Records
  readonly inForce: Pick<InForce, 'packageOf'>
  readonly counter: DeploymentCounter
  /** Workers of their own, so that a version that hangs takes none from live work. Started at the first job. */
  readonly pool: Pick<ScoringPool, 'start' | 'stop' | 'score'>
  readonly prepare: Parameters<typeof prepareRevision>[0]
  readonly corrections: Pick<RevisionCorrections, 'overlayOf'>
  readonly priorImages: PriorImages
  /** False while live work waits or runs, or the box is under pressure: what nobody waits for rests. */
  readonly mayWork: () => boolean
  /** Of the shadow alone. */
  readonly workFolder: string
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Runs versions on studies whose result is committed, one at a time and only while nothing else is to do, to compare them.
 * What it finds goes into counts and nowhere else. The work is in the record, so a restart goes on with it.
 */
export class ShadowRunner implements Service {
  readonly #dependencies: ShadowDependencies
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #isPoolUp = false

  constructor(dependencies: ShadowDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.wake(), POLL_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    // Ends the job in hand as well, which is then done again after the next start.
    if (this.#isPoolUp) await this.#dependencies.pool.stop()
    this.#isPoolUp = false
    await this.#working
  }

  /** Looks for work now; settles when nothing more is to be done. */
  wake(): Promise<void> {
    if (this.#timer === undefined) return Promise.resolve()
    this.#working ??= this.#workThrough()
      .catch((cause: unknown) => {
        this.#dependencies.logger.error('deployment.shadow-failed', { code: codeOf(cause) })
      })
      .finally(() => {
        this.#working = undefined
      })
    return this.#working
  }

  async #workThrough(): Promise<void> {
    const { records, clock, mayWork } = this.#dependencies
    while (this.#timer !== undefined && mayWork()) {
      const job = records.deployments.dueShadow(clock.now())
      if (job === undefined) return
      await this.#attempt(job)
    }
  }

  async #attempt(job: ShadowJobRow): Promise<void> {
    const { records, clock, logger } = this.#dependencies
    try {
      await this.#run(job)
    } catch (cause) {
      const isOwn = !(cause instanceof ScoringUnavailable)
      logger.warn('deployment.shadow-attempt-failed', { candidate: job.candidateId, code: codeOf(cause) })
      records.transaction(() => {
        if (isOwn && job.attempts + 1 >= MOST_ATTEMPTS) records.deployments.dropShadow(job.jobId)
        else records.deployments.postponeShadow(job.jobId, isOwn, clock.now() + AGAIN_MS)
      })
    }
  }

  async #run(job: ShadowJobRow): Promise<void> {
    const { records, inForce } = this.#dependencies
    const candidate = records.deployments.candidate(job.candidateId)
    const revision = records.revisions.work(job.revisionId)
    const use = records.deployments.uses(job.revisionId).find((one) => one.name === candidate?.name)
    const isMoot = candidate?.state !== 'running' || records.revisions.isSuperseded(job.revisionId)
    if (candidate === undefined || revision === undefined || use === undefined || isMoot) return this.#drop(job)
    const wanted = use.digest === candidate.digest ? candidate.championDigest : candidate.digest
    if (use.digest !== candidate.digest && use.digest !== candidate.championDigest) return this.#drop(job)
    const [base, other] = [inForce.packageOf(candidate.championDigest), inForce.packageOf(candidate.digest)]
    const found = wanted === candidate.digest ? other : base
    // What may not run, runs nowhere: the next study stops such a version.
    if (base === undefined || other === undefined || found === undefined) return this.#drop(job)
    const run = await this.#score(revision, found, job)
    if (run === undefined) return this.#drop(job)
    const live = this.#liveScores(job.revisionId, use.digest)
    const shadow = run.scores
    const codes = new Set(other.manifest.outputs.map(({ code }) => code))
    const shared = new Set(base.manifest.outputs.map(({ code }) => code).filter((code) => codes.has(code)))
    const [champion, tried] = wanted === candidate.digest ? [live, shadow] : [shadow, live]
    const tallies: Tally[] = run.failure === undefined ? [...countPairs(base, champion, tried, shared)] : []
    // The time of the version in use counts where it is live; here it would be compared with itself.
    if (wanted === candidate.digest) tallies.push(...countRun('candidate', run.failure !== undefined, run.ms))
    this.#finish(job, candidate, tallies)
  }

  /** Scores a revision again; undefined when nothing of it can be had any more. */
  async #score(
    revision: WaitingRevision,
    found: NonNullable<ReturnType<InForce['packageOf']>>,
    job: ShadowJobRow,
  ): Promise<(Pick<ModelRun, 'failure' | 'ms'> & { readonly scores: readonly VersionScore[] }) | undefined> {
    const { records, prepare, corrections, priorImages, pool, workFolder } = this.#dependencies
    const folder = join(workFolder, `job-${job.jobId}`)
    await this.#startPool()
    try {
      const instances = records.revisions.instances(revision.revisionId)
      const overlay = corrections.overlayOf(revision.studyId)
      const { prepared } = await prepareRevision(prepare, instances, folder, overlay)
      if (prepared.length === 0) return undefined
      const plan = await planWork([found], prepared, priorImages.finder(revision, folder))
      const [work] = plan.works
      if (work === undefined) return { failure: undefined, ms: undefined, scores: [] }
      const { outcomes, failure, ms } = await runWork(pool, work, { id: `shadow-${job.jobId}`, lane: 'off-peak' })
      const scores = outcomes.flatMap((outcome) =>
        outcome.kind === 'scored' ? outcome.scores.map((score) => ({ ...score, ordinal: outcome.ordinal })) : [],
      )
      return { failure, ms, scores }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async #startPool(): Promise<void> {
    if (this.#isPoolUp) return
    await mkdir(this.#dependencies.workFolder, { recursive: true, mode: 0o750 })
    await this.#dependencies.pool.start()
    this.#isPoolUp = true
  }

  #liveScores(revisionId: number, digest: string): readonly VersionScore[] {
    const { studies } = this.#dependencies.records
    const results = new Map(
      studies
        .results(revisionId)
        .filter((result) => result.modelDigest === digest)
        .map((result) => [result.resultId, result.ordinal]),
    )
    return studies.scores(revisionId).flatMap(({ resultId, code, value, above }) => {
      const ordinal = results.get(resultId)
      return ordinal === undefined ? [] : [{ ordinal, code, value, above: above === 1 }]
    })
  }

  #drop({ jobId }: ShadowJobRow): void {
    const { records } = this.#dependencies
    records.transaction(() => {
      records.deployments.dropShadow(jobId)
    })
  }

  #finish({ jobId, revisionId }: ShadowJobRow, { candidateId }: CandidateRow, tallies: readonly Tally[]): void {
    const { records, counter } = this.#dependencies
    const isLocal =
      decisionAbout(records, revisionId).profile === 'local-only' ||
      records.pixels.egressBlock(revisionId) !== undefined
    records.transaction(() => {
      records.deployments.dropShadow(jobId)
      counter.add(candidateId, tallies, !isLocal)
    })
  }
}

function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code
  if (typeof code === 'string') return code
  return cause instanceof Error ? cause.name : 'unknown'
}
