import type { ModelPackage } from '@leadglass/models'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { ActivationRow, ModelRow, Records } from '../records/index.ts'
import type { GoldenOutcome, ScoringPool } from '../scoring/index.ts'
import type { ActivationSettings } from '../settings-activation.ts'
import {
  type Activation,
  type ActivationEffect,
  type ActivationEvent,
  type ActivationFacts,
  type ActivationState,
  ENDS,
  step,
} from './activation-machine.ts'
import { sweepPackages } from './copy-package.ts'
import { judgeTrial } from './judge-trial.ts'
import type { ModelLibrary } from './model-library.ts'

const TICK_MS = 1000
/** Between two attempts of one version, times the attempts so far. */
const PAUSE_MS = 60_000
/** Ends of a golden run that another run may not come to. */
const PASSING: ReadonlySet<string> = new Set(['timed-out', 'crashed', 'memory', 'stopped'])

/** Why a version is on its way that nobody need decide about any more. */
const ASSIGNED = 'assigned by the hub'

/** What the shadow says of a version. `none`: it does not run there. `moved`: another version came into use meanwhile. */
export type ShadowVerdict =
  | { readonly kind: 'none' | 'gathering' | 'healthy' | 'moved' }
  | { readonly kind: 'broken'; readonly why: string }

/** Versions beside the one in use, as far as activation needs them. */
export interface ShadowPort {
  /** Lets it run beside the version in use. Of one that does already nothing. */
  begin(row: ModelRow, limits: Pick<ActivationSettings, 'shadowStudies' | 'maximumLatencyRatioMilli'>): Promise<void>
  verdict(row: ModelRow, since: number): ShadowVerdict
  /** In the caller's transaction; of one that does not run nothing. */
  end(row: ModelRow): void
}

export interface ActivatorDependencies {
  readonly records: Pick<Records, 'models' | 'deployments' | 'activations' | 'transaction'>
  readonly library: ModelLibrary
  readonly modelsFolder: string
  readonly pool: Pick<ScoringPool, 'runGoldenCases'>
  readonly shadow: ShadowPort
  readonly settings: () => ActivationSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Brings versions into use, one durable step at a time: what a step does and where it leads are one transaction, so a kill
 * finds either the step before or the step after.
 */
export class Activator implements Service {
  readonly #dependencies: ActivatorDependencies
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  /** What is under way, by digest. */
  readonly #proceeding = new Map<string, Promise<void>>()

  constructor(dependencies: ActivatorDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Before anything scores: takes back what was on trial when the process ended without being told to. Only the record is
   * changed, so it takes milliseconds.
   */
  recover(): void {
    const { records, clock, logger } = this.#dependencies
    const isCutOff = records.transaction(() => records.activations.beginRun(clock.now()))
    if (!isCutOff) return
    for (const row of records.activations.open()) {
      const next = this.#write(row, 'restart', 'the appliance restarted without being told to', undefined)
      if (next !== row.state) logger.warn('activation.after-restart', { model: row.name, state: next })
    }
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#running ??= this.tick()
        .catch((cause: unknown) => {
          const code = (cause as { code?: unknown } | null)?.code
          this.#dependencies.logger.error('activation.step-failed', {
            code: typeof code === 'string' ? code : 'unknown',
          })
        })
        .finally(() => {
          this.#running = undefined
        })
    }, TICK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
    const { records } = this.#dependencies
    records.transaction(() => {
      records.activations.endRun()
    })
  }

  /** A version whose bytes arrive; approved anew, it begins from nothing. */
  begin(row: ModelRow): void {
    const { name, digest, releaseCounter } = row
    const known = this.#dependencies.records.activations.find(digest)
    if (known !== undefined && known.releaseCounter >= releaseCounter && !ENDS.includes(stateOf(known))) return
    this.#put(row.name, releaseCounter, { digest, state: 'stage', attempts: 0, previous: null }, null)
    this.#dependencies.logger.info('activation.begun', { model: name, version: row.version })
  }

  /** True from the golden cases on until the end: the kit has nothing to add then. */
  isOnItsWay(digest: string): boolean {
    const row = this.#dependencies.records.activations.find(digest)
    if (row === undefined) return false
    const state = stateOf(row)
    return !ENDS.includes(state) && state !== 'stage' && state !== 'verify'
  }

  /** One event of a version that is on its way; of another nothing. */
  happened(digest: string, event: ActivationEvent, reason: string | null = null): void {
    const row = this.#dependencies.records.activations.find(digest)
    if (row !== undefined) this.#write(row, event, reason, undefined)
  }

  /** One look at everything that is on its way. */
  async tick(): Promise<void> {
    for (const row of this.#dependencies.records.activations.open()) await this.proceed(row.digest)
  }

  /**
   * Goes on with one version as far as it can go now. Once at a time: the watcher and the clock may both ask while golden
   * cases run, and two runs would count, and write, one after the other.
   */
  proceed(digest: string): Promise<void> {
    const before = this.#proceeding.get(digest)
    if (before !== undefined) return before
    const work = this.#go(digest).finally(() => {
      this.#proceeding.delete(digest)
    })
    this.#proceeding.set(digest, work)
    return work
  }

  async #go(digest: string): Promise<void> {
    const { records } = this.#dependencies
    const row = records.activations.find(digest)
    const model = records.models.find(digest)
    if (row === undefined || model === undefined) return
    const now = this.#dependencies.clock.now()
    switch (stateOf(row)) {
      case 'golden':
        return this.#golden(row, model)
      case 'shadow':
        return this.#shadow(row, model)
      case 'trial': {
        const settings = this.#dependencies.settings()
        const verdict = judgeTrial(row, settings, now)
        if (verdict.kind === 'failed') await this.#leave(row, 'failed', verdict.why)
        else if (verdict.kind === 'passed') {
          this.#write(row, 'done', null, undefined)
          await this.#go(digest)
        }
        return
      }
      case 'clean':
        await sweepPackages(this.#dependencies.modelsFolder, this.#keptDigests())
        this.#write(row, 'done', null, undefined)
        return
      case 'waiting':
        if (now - row.enteredAt < PAUSE_MS * row.attempts) return
        this.#write(row, 'retry', null, undefined)
        return this.#go(digest)
      case 'stage':
      case 'verify':
      case 'committed':
      case 'quarantined':
    }
  }

  /**
   * A version that the hub assigned to this site, or one that waits here: its golden cases, the shadow and the trial follow.
   * @returns what became of it so far.
   */
  assign(digest: string): 'in-use' | 'on-its-way' | 'given-up' {
    const { records } = this.#dependencies
    const model = records.models.find(digest)
    if (model?.state === 'active') return 'in-use'
    const row = records.activations.find(digest)
    if (model === undefined || model.state === 'refused' || row?.state === 'quarantined') return 'given-up'
    if (row === undefined || ENDS.includes(stateOf(row))) {
      const activation = { digest, state: 'golden', attempts: 0, previous: null } as const
      this.#put(model.name, model.releaseCounter, activation, ASSIGNED)
    }
    return 'on-its-way'
  }

  /** Of a model with nobody's decision pending: the version waits in its place, verified, until it is assigned. */
  #park(row: ActivationRow, model: ModelRow): void {
    const { records, library } = this.#dependencies
    records.transaction(() => {
      library.stage(model)
      records.activations.put({ ...row, state: 'committed', reason: 'waits for a decision' })
    })
  }

  async #golden(row: ActivationRow, model: ModelRow): Promise<void> {
    const { library, pool, records, clock, settings } = this.#dependencies
    const read = await library.read(row.digest)
    if (read.kind === 'unusable') return this.#refuse(row, 'package-invalid', read.message)
    const golden = await pool.runGoldenCases(library.folderOf(row.digest), read.package.manifest.runtime.memoryMiB)
    if (golden.kind === 'failed') {
      if (PASSING.has(golden.reason)) this.#write(row, 'interrupted', goldenWords(golden), undefined)
      else this.#refuse(row, `golden.${golden.reason}`, goldenWords(golden))
      return
    }
    const isStillMeant = records.transaction(() => {
      // Recalled, stopped or put to use by a person while its golden cases ran: that holds.
      if (records.activations.find(row.digest)?.state !== 'golden') return false
      records.models.put({ ...model, state: 'staged', message: null, changedAt: clock.now() })
      records.deployments.admit(row.digest, clock.now())
      return true
    })
    if (!isStillMeant) return
    this.#tellStaged(model, golden.cases)
    const isArrival = model.message === null && row.reason !== ASSIGNED
    const waits = library.waitsForPerson(model.name) || settings().requiresAssignment
    if (isArrival && waits) return this.#park(row, model)
    this.#write(row, 'done', null, read.package)
  }

  async #shadow(row: ActivationRow, model: ModelRow): Promise<void> {
    const { shadow, settings, library } = this.#dependencies
    const verdict = shadow.verdict(model, row.enteredAt)
    if (verdict.kind === 'none') return shadow.begin(model, settings())
    if (verdict.kind === 'broken') this.#write(row, 'failed', verdict.why, undefined)
    if (verdict.kind === 'moved') this.#write(row, 'interrupted', null, undefined)
    if (verdict.kind !== 'healthy') return
    const read = await library.read(row.digest)
    if (read.kind === 'unusable') this.#refuse(row, 'package-invalid', read.message)
    else this.#write(row, 'done', null, read.package)
  }

  /** Takes a version out of use. The one before is hashed first: what is put to use was read by this process. */
  async #leave(row: ActivationRow, event: ActivationEvent, why: string): Promise<void> {
    const read = row.previous === null ? undefined : await this.#dependencies.library.read(row.previous)
    this.#write(row, event, why, read?.kind === 'package' ? read.package : undefined)
  }

  #refuse(row: ActivationRow, code: string, why: string): void {
    const { records, audit } = this.#dependencies
    records.transaction(() => {
      this.#write(row, 'failed', why, undefined)
      const model = records.models.find(row.digest)
      audit.record({
        event: 'model.refused',
        actor: { kind: 'system', id: 'scoring' },
        subject: { kind: 'model', id: `${row.name}@${model?.version ?? ''}` },
        outcome: 'refused',
        codes: [code],
      })
    })
  }

  /** One step with everything that it does, in one transaction. @returns the state afterwards. */
  #write(before: ActivationRow, event: ActivationEvent, reason: string | null, at: ModelPackage | undefined): string {
    const { records } = this.#dependencies
    return records.transaction(() => {
      const row = records.activations.find(before.digest)
      if (row === undefined || row.state !== before.state) return row?.state ?? before.state
      const { next, effects } = step(activationOf(row), event, this.#facts(row))
      if (next.state === row.state && next.attempts === row.attempts) return row.state
      this.#put(row.name, row.releaseCounter, next, reason)
      for (const effect of effects) this.#apply(effect, next, reason, at)
      if (next.state === 'quarantined' && !effects.some(({ kind }) => kind === 'restore' || kind === 'withdraw')) {
        this.#dependencies.library.setAside(next.digest, 'refused', reason ?? 'It was given up.')
      }
      return next.state
    })
  }

  #apply(effect: ActivationEffect, next: Activation, reason: string | null, at: ModelPackage | undefined): void {
    const { records, library, shadow } = this.#dependencies
    const model = records.models.find(next.digest)
    if (model === undefined) return
    switch (effect.kind) {
      case 'use':
        if (at !== undefined) library.activate(model, at, 'model.activated', null)
        return
      case 'restore':
      case 'withdraw': {
        const why = `Taken out of use: ${reason ?? 'unknown'}.`
        const state = next.state === 'quarantined' ? 'refused' : 'staged'
        library.goBack(model, effect.kind === 'restore' ? effect.digest : undefined, at, state, why)
        return
      }
      case 'end-shadow':
        shadow.end(model)
        return
      case 'begin-shadow': // done by the next look, which hashes the package first
    }
  }

  #put(name: string, releaseCounter: number, next: Activation, reason: string | null): void {
    const { records, clock } = this.#dependencies
    const known = records.activations.find(next.digest)
    // A trial that goes on keeps what it has counted, and its time: a restart must not make it begin anew.
    const goesOn = known?.state === 'trial' && next.state === 'trial' && known.releaseCounter === releaseCounter
    const { runs, errors, enteredAt } = goesOn ? known : { runs: 0, errors: 0, enteredAt: clock.now() }
    records.activations.put({ ...next, name, releaseCounter, reason, runs, errors, enteredAt })
  }

  #facts(row: ActivationRow): ActivationFacts {
    const { records, settings } = this.#dependencies
    const { mostAttempts, shadowStudies } = settings()
    return {
      active: records.models.active().find(({ name }) => name === row.name)?.digest ?? null,
      mayRun: (digest) => records.deployments.isAdmitted(digest),
      mostAttempts,
      shadows: shadowStudies > 0,
    }
  }

  #keptDigests(): ReadonlySet<string> {
    const { records } = this.#dependencies
    return new Set(records.models.all().flatMap(({ digest, state }) => (state === 'refused' ? [] : [digest])))
  }

  #tellStaged({ name, version }: ModelRow, cases: number): void {
    this.#dependencies.audit.recordNow({
      event: 'model.staged',
      actor: { kind: 'system', id: 'scoring' },
      subject: { kind: 'model', id: `${name}@${version}` },
      outcome: 'success',
      codes: [`golden-cases-${cases}`],
    })
  }
}

function stateOf({ state }: ActivationRow): ActivationState {
  return state as ActivationState
}

function activationOf(row: ActivationRow): Activation {
  return { digest: row.digest, state: stateOf(row), attempts: row.attempts, previous: row.previous }
}

function goldenWords(golden: Extract<GoldenOutcome, { kind: 'failed' }>): string {
  return `Its golden cases do not come out on this machine: ${golden.detail}`
}
