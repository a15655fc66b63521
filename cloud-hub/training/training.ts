import type { ModelReference } from '@leadglass/sync-agent/contract'
import { type Clock, isCodedError, type Logger, type Service } from '@leadglass/sync-agent/foundation'
import type { HubAudit } from '../audit/index.ts'
import { TrainingError } from './errors.ts'
import { Cancelled, type JobFollower } from './follow-job.ts'
import { assertReplaceable, headWiring } from './head-wiring.ts'
import { type RunRecord, runtimeVersions } from './record.ts'
import type { TrainingReport } from './report.ts'
import { reproduce } from './reproduce.ts'
import type { ReproductionStore } from './reproduction-store.ts'
import { type RunEvent, runEvent } from './run-events.ts'
import { manifestOf, type RunStepParts, RunSteps, resultsOf } from './run-steps.ts'
import type { NewRun, RunStore, TrainingRun } from './run-store.ts'
import type { TrainerChoice } from './trainers/choice.ts'

/** Who acts when nobody asked. Author of the candidates of such runs, and no account: it can sign nothing. */
export const TRAINING_SYSTEM = 'hub.training'

/** Until the next try after what happens to a run could not be written down. */
const AGAIN_MS = 30_000

/** What training works with. */
export interface TrainingDependencies extends RunStepParts {
  readonly store: RunStore
  readonly reproductions: ReproductionStore
  /** Number of the newest label of a finding in the inbox; 0 where there is none. */
  readonly newestLabel: (finding: string) => number
  readonly audit: HubAudit
  readonly clock: Clock
  readonly logger: Logger
}

/** What is asked for: retrain the score of `finding` of this model version. */
export interface TrainingRequest {
  readonly finding: string
  readonly model: string
  readonly version: string
  /** Decides the split and the folds; 1 to 200 characters. */
  readonly seed: string
  /** Who asks; the author of the candidate, who may never approve it. */
  readonly requestedBy: string
  /** Name of the executor; the hub's first one when left out. */
  readonly executor?: string
  /** How the head is fitted; around its parent's when left out. */
  readonly trainer?: TrainerChoice
}

/**
 * Runs one training after the other: freeze a dataset, train in the executor, judge, build the package, register it as a
 * candidate. Everything is in the table and in the run's folder; a run that was under way when the hub ended goes on by
 * itself at the next start, from the same dataset.
 */
export class Training implements Service {
  readonly #with: TrainingDependencies
  readonly #steps: RunSteps
  #stopping = false
  #working: Promise<void> | undefined
  #current: string | undefined
  /** Runs that are to end; looked at between steps, since a cancellation may come before the executor has the job. */
  readonly #unwanted = new Set<string>()

  constructor(dependencies: TrainingDependencies) {
    this.#with = dependencies
    this.#steps = new RunSteps(dependencies)
  }

  async start(): Promise<void> {
    this.#stopping = false
    const { store, reproductions, logger } = this.#with
    const { taken, given } = store.takeUp('unasked')
    const again = reproductions.takeUp()
    if (taken + given + again > 0) logger.warn('training.taken-up', { taken, given, again })
    this.wake()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#current !== undefined) this.#unwanted.add(this.#current)
    await this.#working
    this.#unwanted.clear()
    this.#with.store.takeUp('ordered')
    this.#with.reproductions.takeUp()
  }

  /** @throws {TrainingError} `model-unknown`, `finding-not-scored`, `head-not-linear`, `executor-unknown`. @returns the run. */
  request(request: TrainingRequest): string {
    const run = this.#with.store.add({ ...this.plan(request), cause: 'asked', labelMark: null })
    this.wake()
    return run
  }

  /** What a request comes to, checked, without anything being started. @throws {TrainingError} as `request`. */
  plan(request: TrainingRequest): Omit<NewRun, 'cause' | 'labelMark'> {
    const { finding, model, version, requestedBy, seed } = request
    const parent = this.#with.registry.versions(model).find((one) => one.model.version === version)
    if (parent === undefined) throw new TrainingError('model-unknown', `the registry has no ${model} ${version}`)
    assertReplaceable(headWiring(manifestOf(parent), finding), request.trainer)
    const executor = this.#steps.executor(request.executor).name
    return {
      finding,
      model,
      parentVersion: version,
      parentDigest: parent.model.digest,
      requestedBy,
      seed,
      executor,
      trainer: request.trainer ?? null,
    }
  }

  /** Starts an interrupted, failed or cancelled run again, from its own dataset where it had one. @throws {TrainingError} */
  restart(run: string): void {
    if (this.#with.store.run(run) === undefined) throw new TrainingError('run-unknown', 'there is no such run')
    if (!this.#with.store.requeue(run)) throw new TrainingError('run-not-restartable', 'the run has come to its end')
    this.wake()
  }

  /** Ends a waiting or running run. @throws {TrainingError} `run-unknown`. */
  cancel(run: string): void {
    if (this.#with.store.run(run) === undefined) throw new TrainingError('run-unknown', 'there is no such run')
    if (this.#current === run) this.#unwanted.add(run)
    else this.#with.store.cancelQueued(run)
  }

  /** Does a run again from its record, when its turn comes. @throws {TrainingError} @returns the reproduction. */
  reproduce(run: string, requestedBy: string): string {
    const found = this.#with.store.run(run)
    if (found === undefined) throw new TrainingError('run-unknown', 'there is no such run')
    if (found.record?.results == null)
      throw new TrainingError('run-not-recorded', 'the run has no record of its results')
    const reproduction = this.#with.reproductions.add(run, requestedBy)
    this.wake()
    return reproduction
  }

  /** Resolves when nothing is waiting or running. */
  async settle(): Promise<void> {
    while (this.#working !== undefined) await this.#working
  }

  /** Looks for waiting work; to be called after work was added to the tables. */
  wake(): void {
    if (this.#stopping) return
    this.#working ??= this.#work().then(
      () => {
        this.#working = undefined
        // Something may have been queued between the last look and this line.
        if (this.#with.store.next() !== undefined || this.#with.reproductions.next() !== undefined) this.wake()
      },
      (error: unknown) => {
        this.#working = undefined
        // What happens to a run could not be written down, as on a full disk: the run waits, and so does this.
        this.#with.logger.error('training.not-recorded', { code: isCodedError(error) ? error.code : 'unexpected' })
        setTimeout(() => this.wake(), AGAIN_MS).unref()
      },
    )
  }

  async #work(): Promise<void> {
    const { store, reproductions } = this.#with
    while (!this.#stopping) {
      const run = store.next()
      const again = run === undefined ? reproductions.next() : undefined
      this.#current = run?.run ?? again?.reproduction
      if (run !== undefined) await this.#one(run)
      else if (again !== undefined)
        await reproduce(again, { ...this.#with, steps: this.#steps, isWanted: this.#wanted(again.reproduction) })
      else return
      this.#unwanted.delete(this.#current ?? '')
      this.#current = undefined
    }
  }

  async #one(run: TrainingRun): Promise<void> {
    const { store, logger } = this.#with
    this.#record('training.started', run, 'success')
    try {
      await this.#through(run)
    } catch (error) {
      const coded = isCodedError(error)
      const cancelled = error instanceof Cancelled
      if (this.#stopping && cancelled) return
      const state = cancelled ? 'cancelled' : coded && error.code !== 'trainer-failed' ? 'stopped' : 'failed'
      const reason = error instanceof Error ? error.message : 'unknown failure'
      store.change(run.run, { state, reason })
      store.log(run.run, reason)
      this.#record('training.refused', run, 'failure', [coded ? error.code : state])
      logger.warn('training.ended', { run: run.run, state, code: coded ? error.code : 'unexpected' })
    }
  }

  async #through(run: TrainingRun): Promise<void> {
    const { store, registry } = this.#with
    const registered = registry.version(run.record?.results?.package ?? '')
    // A kill came after the registration and before it was noted: with newer code the same run would give another package.
    if (registered !== undefined) {
      this.#finish(run, registered.model)
      return
    }
    const isWanted = this.#wanted(run.run)
    const parent = await this.#steps.parent(run.parentDigest)
    store.change(run.run, { state: 'freezing', progress: 1 })
    const record = await this.#freeze(run, parent.manifest)
    if (!isWanted()) throw new Cancelled()
    store.change(run.run, { state: 'training', progress: 2 })
    const folder = this.#steps.folderOf(run.run)
    const report = await this.#steps.train(record, folder, this.#follower(run.run, isWanted))
    if (!isWanted()) throw new Cancelled()
    // Under what it trained in the end: an update of the hub may have come between two attempts.
    const trained = { ...record, runtime: runtimeVersions(), job: { ...record.job, code: report.code } }
    store.change(run.run, { report, record: { ...trained, results: resultsOf(report, null) } })
    this.#assertGates(run, report)
    store.change(run.run, { state: 'packaging', progress: 97 })
    const release = this.#steps.nextRelease(run.model, parent.manifest, report)
    const built = await this.#steps.build(trained, report, folder, release)
    store.change(run.run, { record: { ...trained, release, results: resultsOf(report, built) } })
    this.#finish(run, (await registry.importPackage(built.folder, run.requestedBy)).model)
  }

  #finish(run: TrainingRun, candidate: ModelReference): void {
    const { store, audit } = this.#with
    store.change(run.run, { state: 'candidate', progress: 100, candidate })
    store.log(run.run, `registered ${candidate.name} ${candidate.version} as candidate`)
    this.#record('training.finished', run, 'success', [`version-${candidate.version.replaceAll('.', '-')}`])
    const subject = { kind: 'model', id: candidate.digest } as const
    const actor = { kind: 'system', id: TRAINING_SYSTEM } as const
    audit.record({ event: 'model.registered', actor, subject, outcome: 'success' })
  }

  async #freeze(run: TrainingRun, parent: Parameters<RunSteps['freeze']>[1]): Promise<RunRecord> {
    const { store, audit, newestLabel } = this.#with
    // Read before the rows are: a label that comes in between is in the dataset and counts as new, never the other way round.
    const labelMark = newestLabel(run.finding)
    const { record, rows } = await this.#steps.freeze(run, parent)
    if (rows === null) {
      store.log(run.run, `goes on from dataset ${record.snapshot}`)
      return record
    }
    store.change(run.run, { snapshot: record.snapshot, record, labelMark })
    store.log(run.run, `dataset ${record.snapshot}: ${rows.rows} rows of ${rows.envelopes} envelopes`)
    audit.record({
      event: 'dataset.frozen',
      actor: { kind: 'system', id: TRAINING_SYSTEM },
      subject: { kind: 'dataset', id: record.snapshot },
      outcome: 'success',
    })
    return record
  }

  #assertGates(run: TrainingRun, report: TrainingReport): void {
    const failed = report.gates.filter((gate) => !gate.passed)
    const outcome = failed.length === 0 ? 'success' : 'failure'
    this.#record('evaluation.recorded', run, outcome, [`gates-${report.gates.length}`, `failed-${failed.length}`])
    if (failed.length === 0) return
    const said = failed.map((gate) => `${gate.gate}: ${gate.measured} (limit ${gate.limit})`).join('; ')
    throw new TrainingError('gate-failed', `gates not passed: ${said}`)
  }

  #follower(run: string, isWanted: () => boolean): JobFollower {
    const { store } = this.#with
    return {
      isWanted,
      progress: (percent) => store.change(run, { progress: percent * 0.95 }),
      log: (message) => store.log(run, message),
    }
  }

  #wanted(id: string): () => boolean {
    return () => !this.#unwanted.has(id)
  }

  #record(event: RunEvent, run: TrainingRun, outcome: 'success' | 'failure', codes: readonly string[] = []): void {
    this.#with.audit.record(runEvent(event, run, outcome, codes))
  }
}
