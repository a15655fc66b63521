import type { KeyObject } from 'node:crypto'
import type { ModelPackage } from '@leadglass/models'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { HaltedModel, ModelLibrary } from '../activation/index.ts'
import type { ChosenModel, ModelChoice, ModelUse } from '../pipeline/index.ts'
import type { CandidateRow, Records, WaitingRevision } from '../records/index.ts'
import { slotOf } from './assign.ts'
import { countRun } from './count-pairs.ts'
import type { DeploymentCounter } from './counter.ts'
import { inputsOf } from './inputs.ts'
import { holdsSlot, type SlotRange } from './slots.ts'

/** Work in the shadow that may wait for one version; beyond it studies are not compared. */
const MOST_WAITING = 5000

export interface InForceDependencies {
  readonly records: Pick<Records, 'deployments' | 'activations' | 'transaction'>
  readonly library: Pick<ModelLibrary, 'active' | 'halted' | 'read'>
  readonly counter: DeploymentCounter
  /** See `assignmentKey`. */
  readonly key: KeyObject
  /** How a UID stands in the record of what was used. */
  readonly pseudonymOfUid: (uid: string) => string
  readonly clock: Clock
  readonly logger: Logger
}

/** The versions in force: the one in use of each model, and those that run beside it. */
export class InForce implements ModelChoice {
  readonly #dependencies: InForceDependencies
  /** Packages of versions beside those in use, each hashed by this process. */
  readonly #held = new Map<string, ModelPackage>()

  constructor(dependencies: InForceDependencies) {
    this.#dependencies = dependencies
  }

  /** Hashes the packages of versions that run. After the library has started. */
  async start(): Promise<void> {
    const { records, library } = this.#dependencies
    for (const { model } of library.active()) {
      for (const { digest } of records.deployments.running(model.name)) await this.hold(digest)
    }
  }

  async stop(): Promise<void> {
    this.#held.clear()
  }

  /** Reads and hashes a package, and keeps it at hand. @returns undefined when it is not the one that was approved. */
  async hold(digest: string): Promise<ModelPackage | undefined> {
    const read = await this.#dependencies.library.read(digest)
    if (read.kind === 'unusable') {
      this.#dependencies.logger.error('deployment.package-damaged', { digest })
      return undefined
    }
    this.#held.set(digest, read.package)
    return read.package
  }

  /** A package that may run now: hashed by this process, and approved still. */
  packageOf(digest: string): ModelPackage | undefined {
    const { records, library } = this.#dependencies
    if (!records.deployments.isAdmitted(digest)) return undefined
    return library.active().find((one) => one.digest === digest) ?? this.#held.get(digest)
  }

  halted(): readonly HaltedModel[] {
    return this.#dependencies.library.halted()
  }

  choose(study: Pick<WaitingRevision, 'studyId' | 'studyInstanceUid'>): readonly ChosenModel[] {
    const { records, library, key } = this.#dependencies
    return library.active().map((champion): ChosenModel => {
      const { name } = champion.model
      const live = this.#valid(name, champion.digest).filter(({ role }) => role !== 'shadow')
      const deploymentId = records.deployments.inForce(name)
      const inUse = {
        package: champion,
        arm: 'champion',
        candidateId: null,
        deploymentId,
        fallback: undefined,
      } as const
      if (live.length === 0) return inUse
      const before = records.deployments.armOf(study.studyId, name)
      if (before === champion.digest) return inUse
      const slot = slotOf(key, name, study.studyInstanceUid)
      const candidate =
        live.find(({ digest }) => digest === before) ?? live.find((one) => holdsSlot(slotsOf(one), slot))
      const found = candidate === undefined ? undefined : this.packageOf(candidate.digest)
      if (candidate === undefined || found === undefined) return inUse
      const arm = candidate.role === 'canary' ? 'canary' : 'arm'
      return { package: found, arm, candidateId: candidate.candidateId, deploymentId, fallback: champion }
    })
  }

  written(revision: WaitingRevision, uses: readonly ModelUse[], leaves: boolean): void {
    const { records, counter } = this.#dependencies
    for (const { chosen, run, failed } of uses) {
      const { name, version, digest } = chosen.package.model
      const running = records.deployments.running(name)
      const { deploymentId, arm } = chosen
      const inputs = inputsOf(run.work, this.#dependencies.pseudonymOfUid, failed)
      records.deployments.putArm(revision.studyId, name, digest)
      records.deployments.insertUse(revision.revisionId, { name, version, digest, deploymentId, arm, inputs })
      const hasFailed = run.failure !== undefined
      records.activations.count(digest, 1, hasFailed ? 1 : 0)
      if (chosen.candidateId !== null) {
        counter.add(chosen.candidateId, countRun('candidate', hasFailed, run.ms), leaves)
      } else {
        for (const { candidateId } of running) counter.add(candidateId, countRun('champion', hasFailed, run.ms), leaves)
      }
      const failedId = failed?.chosen.candidateId ?? null
      if (failedId !== null) counter.add(failedId, countRun('candidate', true, undefined), leaves)
      if (!run.outcomes.some(({ kind }) => kind === 'scored') || failed !== undefined) continue
      // Of a version on trial the one in use runs afterwards, of the one in use those in the shadow do.
      for (const { candidateId, role } of records.deployments.running(name)) {
        const isCompared = chosen.candidateId === null ? role === 'shadow' : candidateId === chosen.candidateId
        if (isCompared) this.#ask(revision.revisionId, candidateId)
      }
    }
  }

  #ask(revisionId: number, candidateId: number): void {
    const { records, clock, logger } = this.#dependencies
    if (records.deployments.waitingShadow(candidateId) < MOST_WAITING) {
      records.deployments.askShadow(revisionId, candidateId, clock.now())
    } else logger.warn('deployment.shadow-full', { candidate: candidateId })
  }

  /** The versions that may run beside this one; those that may no more are stopped. */
  #valid(name: string, championDigest: string): readonly CandidateRow[] {
    const { records, counter } = this.#dependencies
    return records.deployments.running(name).filter((candidate) => {
      const fault = this.#faultOf(candidate, championDigest)
      if (fault === undefined) return true
      records.transaction(() => {
        counter.stop(candidate, 'stopped', fault, [fault], { kind: 'system', id: 'scoring' })
      })
      return false
    })
  }

  #faultOf(candidate: CandidateRow, championDigest: string): string | undefined {
    if (candidate.championDigest !== championDigest) return 'another-version-in-use'
    if (!this.#dependencies.records.deployments.isAdmitted(candidate.digest)) return 'not-approved'
    return this.packageOf(candidate.digest) === undefined ? 'package-damaged' : undefined
  }
}

function slotsOf({ slots }: CandidateRow): readonly SlotRange[] {
  return JSON.parse(slots) as SlotRange[]
}
