import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ModelManifest, parseManifest, readPackage } from '@leadglass/models'
import { canonicalJson, isCodedError, type Logger, type Service, sha256Hex } from '@leadglass/sync-agent/foundation'
import type { HubAudit } from '../audit/index.ts'
import { type Lake, openSnapshot, type Snapshot } from '../lake/index.ts'
import type { ModelVersion, Registry } from '../registry/index.ts'
import { buildCandidate, lineageOf, type NextRelease } from './candidate.ts'
import { trainingCodeDigest } from './code-digest.ts'
import { TrainingError } from './errors.ts'
import type { TrainingExecutor } from './executor.ts'
import { DEFAULT_GATES, type GateLimits } from './gates.ts'
import { backboneDigest, headWiring } from './head-wiring.ts'
import { RUN_FILES, type TrainingJob } from './job.ts'
import { type TrainingReport, trainingReport } from './report.ts'
import type { RunStore, TrainingRun } from './run-store.ts'

const POLL_MS = 200

/** What training works with. */
export interface TrainingDependencies {
  readonly store: RunStore
  readonly lake: Lake
  readonly registry: Registry
  readonly executor: TrainingExecutor
  readonly audit: HubAudit
  readonly logger: Logger
  /** Folder in which each run has its own. */
  readonly folder: string
  readonly gates?: GateLimits
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
}

/**
 * Runs one training after the other: freeze a dataset, train in the executor, judge, build the package, register it as a
 * candidate. Everything is in the table and in the run's folder; a run that a stop interrupted is marked so at the next
 * start and can be started again, from the same or a newer dataset.
 */
export class Training implements Service {
  readonly #with: TrainingDependencies
  #stopping = false
  #working: Promise<void> | undefined
  #current: string | undefined
  /** Runs that are to end; looked at between steps, since a cancellation may come before the executor has the job. */
  readonly #unwanted = new Set<string>()

  constructor(dependencies: TrainingDependencies) {
    this.#with = dependencies
  }

  async start(): Promise<void> {
    this.#stopping = false
    const interrupted = this.#with.store.markInterrupted()
    if (interrupted > 0) this.#with.logger.warn('training.interrupted', { runs: interrupted })
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#current !== undefined) this.#unwanted.add(this.#current)
    await this.#working
    this.#with.store.markInterrupted()
  }

  /** @throws {TrainingError} `model-unknown`, `finding-not-scored`, `head-not-linear`. @returns the run. */
  request(request: TrainingRequest): string {
    const parent = this.#version(request.model, request.version)
    headWiring(manifestOf(parent), request.finding)
    const run = this.#with.store.add({
      finding: request.finding,
      model: request.model,
      parentVersion: parent.model.version,
      parentDigest: parent.model.digest,
      requestedBy: request.requestedBy,
      seed: request.seed,
    })
    this.#wake()
    return run
  }

  /** Starts an interrupted, failed or cancelled run again. @throws {TrainingError} */
  restart(run: string): void {
    if (this.#with.store.run(run) === undefined) throw new TrainingError('run-unknown', 'there is no such run')
    if (!this.#with.store.requeue(run)) throw new TrainingError('run-not-restartable', 'the run has come to its end')
    this.#wake()
  }

  /** Ends a waiting or running run. @throws {TrainingError} `run-unknown`. */
  cancel(run: string): void {
    if (this.#with.store.run(run) === undefined) throw new TrainingError('run-unknown', 'there is no such run')
    if (this.#current === run) this.#unwanted.add(run)
    else this.#with.store.cancelQueued(run)
  }

  /** Resolves when nothing is waiting or running. */
  async settle(): Promise<void> {
    while (this.#working !== undefined) await this.#working
  }

  #wake(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
      // A run may have been queued between the last look and this line.
      if (!this.#stopping && this.#with.store.next() !== undefined) this.#wake()
    })
  }

  async #work(): Promise<void> {
    for (let run = this.#with.store.next(); run !== undefined && !this.#stopping; run = this.#with.store.next()) {
      this.#current = run.run
      await this.#one(run)
      this.#current = undefined
      this.#unwanted.delete(run.run)
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
      const state = cancelled ? 'cancelled' : coded && error.code !== 'trainer-failed' ? 'stopped' : 'failed'
      const reason = error instanceof Error ? error.message : 'unknown failure'
      if (this.#stopping && cancelled) return
      store.change(run.run, { state, reason })
      store.log(run.run, reason)
      this.#record('training.refused', run, 'failure', [coded ? error.code : state])
      logger.warn('training.ended', { run: run.run, state, code: coded ? error.code : 'unexpected' })
    }
  }

  async #through(run: TrainingRun): Promise<void> {
    const { store, registry, folder } = this.#with
    const parentFolder = await registry.packageFolder(run.parentDigest)
    const parent = await readPackage(parentFolder)
    store.change(run.run, { state: 'freezing', progress: 1 })
    const snapshot = await this.#freeze(run, parent.manifest)
    this.#assertWanted(run)
    const runFolder = join(folder, run.run)
    await rm(runFolder, { recursive: true, force: true })
    const report = await this.#train(run, snapshot, parentFolder, runFolder)
    this.#assertWanted(run)
    store.change(run.run, { report })
    const failed = report.gates.filter((gate) => !gate.passed)
    const outcome = failed.length === 0 ? 'success' : 'failure'
    this.#record('evaluation.recorded', run, outcome, [`gates-${report.gates.length}`, `failed-${failed.length}`])
    if (failed.length > 0) {
      const said = failed.map((gate) => `${gate.gate}: ${gate.measured} (limit ${gate.limit})`).join('; ')
      throw new TrainingError('gate-failed', `gates not passed: ${said}`)
    }
    store.change(run.run, { state: 'packaging', progress: 97 })
    const opened = await openSnapshot(snapshot.folder, snapshot.digest)
    const built = await buildCandidate(parent, opened, report, runFolder, this.#next(run, parent.manifest, report))
    const registered = await registry.importPackage(built.folder, run.requestedBy)
    store.change(run.run, { state: 'candidate', progress: 100, candidate: registered.model })
    store.log(run.run, `registered ${registered.model.name} ${registered.model.version} as candidate`)
    this.#record('training.finished', run, 'success')
    const subject = { kind: 'model', id: registered.model.digest } as const
    const actor = { kind: 'system', id: 'hub.training' } as const
    this.#with.audit.record({ event: 'model.registered', actor, subject, outcome: 'success' })
  }

  #assertWanted(run: TrainingRun): void {
    if (this.#unwanted.has(run.run)) throw new Cancelled('the run was cancelled')
  }

  async #freeze(run: TrainingRun, parent: ModelManifest): Promise<Snapshot> {
    const { lake, registry, store, audit } = this.#with
    const versions = registry.versions(run.model)
    const snapshot = await lake.createSnapshot({
      finding: run.finding,
      model: run.model,
      parentDigest: run.parentDigest,
      backboneOf: new Map(versions.map((one) => [one.model.digest, backboneDigest(manifestOf(one))])),
      backbone: backboneDigest(parent),
      embeddingLength: parent.embedding.length,
    })
    store.change(run.run, { snapshot: snapshot.digest })
    const { rows, envelopes } = snapshot.manifest.accounting
    store.log(run.run, `dataset ${snapshot.digest}: ${rows} rows of ${envelopes} envelopes`)
    audit.record({
      event: 'dataset.frozen',
      actor: { kind: 'system', id: 'hub.training' },
      subject: { kind: 'dataset', id: snapshot.digest },
      outcome: 'success',
    })
    return snapshot
  }

  async #train(run: TrainingRun, snapshot: Snapshot, parentFolder: string, runFolder: string): Promise<TrainingReport> {
    const { executor, store } = this.#with
    const job: TrainingJob = {
      schema: 'leadglass.training-job/1',
      run: run.run,
      finding: run.finding,
      snapshot: { folder: snapshot.folder, digest: sha256Hex.parse(snapshot.digest) },
      parent: { folder: parentFolder, digest: sha256Hex.parse(run.parentDigest) },
      code: await trainingCodeDigest(),
      seed: run.seed,
      gates: this.#with.gates ?? DEFAULT_GATES,
    }
    store.change(run.run, { state: 'training', progress: 2 })
    await executor.submit(job, runFolder)
    let seen = 0
    let stopped: { readonly code: string; readonly message: string } | undefined
    for (;;) {
      if (this.#unwanted.has(run.run)) await executor.cancel(run.run)
      const status = await executor.status(run.run)
      for (const line of await executor.logs(run.run, seen)) {
        seen += 1
        if (line.kind === 'progress') store.change(run.run, { progress: line.percent * 0.95 })
        if (line.kind === 'stopped') stopped = line
        if (line.kind !== 'done') store.log(run.run, line.message)
      }
      if (status === 'succeeded') break
      if (status === 'cancelled') throw new Cancelled('the run was cancelled')
      if (status !== 'running') throw trainerFailure(stopped)
      await delay(POLL_MS)
    }
    return trainingReport.parse(JSON.parse(await readFile(join(runFolder, RUN_FILES.report), 'utf8')))
  }

  /**
   * The next free minor version above the parent, and a release counter above every one given so far. A candidate of the
   * same dataset and code that a stop kept from being recorded is this one, and keeps its number.
   */
  #next(run: TrainingRun, parent: ModelManifest, report: TrainingReport): NextRelease {
    const versions = this.#with.registry.versions(run.model)
    const made = lineageOf(report)
    const same = versions.find((one) => canonicalJson(manifestOf(one).lineage) === canonicalJson(made))
    if (same !== undefined) return { version: same.model.version, releaseCounter: same.releaseCounter }
    const [major = 0, minor = 0] = parent.version.split('.').map(Number)
    const minors = versions
      .map((one) => one.model.version.split('.').map(Number))
      .flatMap(([theirMajor, theirMinor]) => (theirMajor === major ? [theirMinor ?? 0] : []))
    const releaseCounter = Math.max(parent.releaseCounter, ...versions.map((one) => one.releaseCounter)) + 1
    return { version: `${major}.${Math.max(minor, ...minors) + 1}.0`, releaseCounter }
  }

  #version(name: string, version: string): ModelVersion {
    const found = this.#with.registry.versions(name).find((one) => one.model.version === version)
    if (found === undefined) throw new TrainingError('model-unknown', `the registry has no ${name} ${version}`)
    return found
  }

  #record(
    event: 'training.started' | 'training.finished' | 'training.refused' | 'evaluation.recorded',
    run: TrainingRun,
    outcome: 'success' | 'failure',
    codes: readonly string[] = [],
  ): void {
    const actor = { kind: 'person', id: run.requestedBy } as const
    this.#with.audit.record({ event, actor, subject: { kind: 'training', id: run.run }, outcome, codes })
  }
}

/** A run that a person or a stop ended. Never leaves this file. */
class Cancelled extends Error {}

function manifestOf(version: ModelVersion): ModelManifest {
  return parseManifest(version.manifestBytes)
}

/** The codes of a trainer that stopped for a reason of the data are kept; anything else is a failure of the trainer. */
function trainerFailure(stopped: { readonly code: string; readonly message: string } | undefined): TrainingError {
  if (stopped === undefined) return new TrainingError('trainer-failed', 'the trainer ended without a result')
  const known = (['too-few-cases', 'export-differs', 'head-not-linear', 'finding-not-scored'] as const).find(
    (code) => code === stopped.code,
  )
  return new TrainingError(known ?? 'trainer-failed', stopped.message)
}
