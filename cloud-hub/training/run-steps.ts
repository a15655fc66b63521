import { join } from 'node:path'
import { type ModelManifest, type ModelPackage, parseManifest, readPackage } from '@leadglass/models'
import { canonicalJson, digestOf, sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { type Lake, openSnapshot } from '../lake/index.ts'
import type { ModelVersion, Registry } from '../registry/index.ts'
import { buildCandidate, lineageOf, type NextRelease } from './candidate.ts'
import { trainingCodeDigest } from './code-digest.ts'
import { TrainingError } from './errors.ts'
import type { TrainingExecutor } from './executors/index.ts'
import { followJob, type JobFollower } from './follow-job.ts'
import { DEFAULT_GATES, type GateLimits } from './gates.ts'
import { backboneDigest } from './head-wiring.ts'
import { type TrainingJob, trainingJob } from './job.ts'
import { type RunRecord, runtimeVersions } from './record.ts'
import type { TrainingReport } from './report.ts'
import type { TrainingRun } from './run-store.ts'

/** What the steps of a run work with. */
export interface RunStepParts {
  readonly lake: Pick<Lake, 'createSnapshot' | 'folderOf' | 'snapshotState'>
  readonly registry: Registry
  /** Where runs may train; the first is the one of runs that name none. */
  readonly executors: readonly TrainingExecutor[]
  /** Folder in which each run has its own. */
  readonly folder: string
  readonly gates?: GateLimits
}

/** A dataset that was fixed now, or by an earlier attempt of the same run. */
export interface Frozen {
  readonly record: RunRecord
  /** What was counted; null when the dataset is the one of an earlier attempt. */
  readonly rows: { readonly rows: number; readonly envelopes: number } | null
}

/** The steps from labels to a package. Each follows from the record alone, whichever process takes it. */
export class RunSteps {
  readonly #with: RunStepParts

  constructor(parts: RunStepParts) {
    this.#with = parts
  }

  /** The package that a run improves. */
  async parent(digest: string): Promise<ModelPackage> {
    return readPackage(await this.#with.registry.packageFolder(digest))
  }

  /**
   * Fixes the dataset. A run that was under way before goes on from its own, so that labels that came since do not make
   * a second candidate of it; unless rows were erased from that one, which nothing may be trained from any more.
   * @throws {LakeError}
   */
  async freeze(run: TrainingRun, parent: ModelManifest): Promise<Frozen> {
    const { lake, registry } = this.#with
    if (run.record !== null && lake.snapshotState(run.record.snapshot) === 'intact')
      return { record: run.record, rows: null }
    const versions = registry.versions(run.model)
    const snapshot = await lake.createSnapshot({
      finding: run.finding,
      model: run.model,
      parentDigest: run.parentDigest,
      backboneOf: new Map(versions.map((one) => [one.model.digest, backboneDigest(manifestOf(one))])),
      backbone: backboneDigest(parent),
      embeddingLength: parent.embedding.length,
    })
    const { snapshot: _snapshot, parent: _parent, ...job } = await this.#job(run, snapshot.digest, snapshot.folder)
    const record: RunRecord = {
      schema: 'leadglass.run-record/1',
      executor: run.executor,
      runtime: runtimeVersions(),
      job: z.record(z.string(), z.json()).parse(job),
      snapshot: sha256Hex.parse(snapshot.digest),
      parent: sha256Hex.parse(run.parentDigest),
      release: null,
      results: null,
    }
    return { record, rows: snapshot.manifest.accounting }
  }

  /**
   * Trains as the record says.
   * @param folder holds the trainer's results afterwards.
   * @throws {TrainingError} `executor-unknown` when the hub is not set up for it any more.
   */
  async train(record: RunRecord, folder: string, follower: JobFollower): Promise<TrainingReport> {
    const { registry, lake } = this.#with
    const executor = this.executor(record.executor)
    const job = trainingJob.parse({
      ...record.job,
      // What trains is what is installed: a code that has changed since shows as a difference, never as the old one.
      code: await trainingCodeDigest(),
      snapshot: { folder: lake.folderOf(record.snapshot), digest: record.snapshot },
      parent: { folder: await registry.packageFolder(record.parent), digest: record.parent },
    })
    return followJob(executor, job, folder, follower)
  }

  /** Builds the package of a candidate in `folder`, from what the trainer left there. */
  async build(record: RunRecord, report: TrainingReport, folder: string, release: NextRelease): Promise<ModelPackage> {
    const opened = await openSnapshot(this.#with.lake.folderOf(record.snapshot), sha256Hex.parse(record.snapshot))
    return buildCandidate(await this.parent(record.parent), opened, report, folder, release)
  }

  /**
   * The next free minor version above the parent, and a release counter above every one given so far. A candidate of the
   * same dataset and code that a stop kept from being recorded is this one, and keeps its number.
   */
  nextRelease(model: string, parent: ModelManifest, report: TrainingReport): NextRelease {
    const versions = this.#with.registry.versions(model)
    const made = canonicalJson(lineageOf(report))
    const same = versions.find((one) => canonicalJson(manifestOf(one).lineage) === made)
    if (same !== undefined) return { version: same.model.version, releaseCounter: same.releaseCounter }
    const [major = 0, minor = 0] = parent.version.split('.').map(Number)
    const minors = versions
      .map((one) => one.model.version.split('.').map(Number))
      .flatMap(([theirMajor, theirMinor]) => (theirMajor === major ? [theirMinor ?? 0] : []))
    const releaseCounter = Math.max(parent.releaseCounter, ...versions.map((one) => one.releaseCounter)) + 1
    return { version: `${major}.${Math.max(minor, ...minors) + 1}.0`, releaseCounter }
  }

  /** An executor by its name; the default one without. @throws {TrainingError} `executor-unknown`. */
  executor(name?: string): TrainingExecutor {
    const { executors } = this.#with
    const found = name === undefined ? executors[0] : executors.find((one) => one.name === name)
    if (found !== undefined) return found
    throw new TrainingError('executor-unknown', `the hub has no executor ${name ?? 'at all'}`)
  }

  /** Where a run has its files. */
  folderOf(run: string): string {
    return join(this.#with.folder, run)
  }

  async #job(run: TrainingRun, digest: string, folder: string): Promise<TrainingJob> {
    return {
      schema: 'leadglass.training-job/1',
      run: run.run,
      finding: run.finding,
      snapshot: { folder, digest: sha256Hex.parse(digest) },
      parent: {
        folder: await this.#with.registry.packageFolder(run.parentDigest),
        digest: sha256Hex.parse(run.parentDigest),
      },
      code: await trainingCodeDigest(),
      seed: run.seed,
      ...(run.trainer === null ? {} : { trainer: run.trainer }),
      gates: this.#with.gates ?? DEFAULT_GATES,
    }
  }
}

/** The manifest of a registered version. */
export function manifestOf(version: ModelVersion): ModelManifest {
  return parseManifest(version.manifestBytes)
}

/** What a run gave, by digests. */
export function resultsOf(report: TrainingReport, built: ModelPackage | null): NonNullable<RunRecord['results']> {
  return {
    head: report.head.sha256,
    report: digestOf(canonicalJson(report)),
    package: built === null ? null : sha256Hex.parse(built.digest),
  }
}
