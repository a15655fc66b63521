import type { Clock } from '@leadglass/sync-agent/foundation'
import type { ModelLibrary } from '../activation/index.ts'
import type { AuditSink } from '../egress/index.ts'
import type { BackfillCount, BackfillJobRow, Records } from '../records/index.ts'
import { isInWindow, timeZone } from '../rules/index.ts'
import { BackfillError } from './errors.ts'
import { parseWindow, secondsLeft } from './window.ts'

/** Who asks, as it stands in the audit log. */
export interface Actor {
  readonly kind: 'person' | 'system'
  readonly id: string
}

/** What a backfill is to do. */
export interface BackfillRequest {
  /** `name`, or `name@version`: a model in use. */
  readonly model: string
  /** Study dates as in (0008,0020), both included; a study without a date belongs to no range. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly modality?: string | undefined
  readonly window: string
  /** Of the window; of the site's rules, or UTC, unless told. */
  readonly zone?: string | undefined
  readonly deliver: boolean
}

/** A job with how far it is. */
export interface BackfillProgress {
  readonly job: BackfillJobRow
  readonly counts: readonly BackfillCount[]
  readonly done: number
  /** Whether its window is open now. */
  readonly open: boolean
  /** Seconds by the clock on the wall; null while nothing is known. */
  readonly secondsLeft: number | null
}

export interface BackfillDeskDependencies {
  readonly records: Pick<Records, 'backfills' | 'transaction'>
  readonly library: Pick<ModelLibrary, 'active'>
  /** The zone of the site's rules; undefined without rules. */
  readonly siteZone: () => string | undefined
  readonly audit: AuditSink
  readonly clock: Clock
  /** There may be work now. */
  readonly onChanged: () => void
}

/** Where people start, watch and stop backfills. Every act is in the record before it has an effect. */
export class BackfillDesk {
  readonly #dependencies: BackfillDeskDependencies

  constructor(dependencies: BackfillDeskDependencies) {
    this.#dependencies = dependencies
  }

  /** Makes a job over the studies that the box knows now. @throws {BackfillError} `backfill-model`, `backfill-window`. */
  start(request: BackfillRequest, actor: Actor): BackfillProgress {
    const { records, library, siteZone, clock, onChanged } = this.#dependencies
    const [name, version] = request.model.split('@')
    const found = library
      .active()
      .find(({ model }) => model.name === name && (version === undefined || model.version === version))
    // A model of tables scores what other models gave, never a study by itself.
    if (found === undefined || found.manifest.kind === 'tabular') throw new BackfillError('backfill-model')
    const window = parseWindow(request.window)
    const zone = request.zone ?? siteZone() ?? 'UTC'
    if (window === undefined || !timeZone.safeParse(zone).success) throw new BackfillError('backfill-window')
    const jobId = records.transaction(() => {
      const made = records.backfills.insert({
        modelName: found.model.name,
        modelVersion: found.model.version,
        modelDigest: found.model.digest,
        fromDate: request.from ?? null,
        toDate: request.to ?? null,
        modality: request.modality ?? null,
        windowFrom: window.from,
        windowTo: window.to,
        zone,
        deliver: request.deliver ? 1 : 0,
        createdAt: clock.now(),
        createdBy: actor.id,
      })
      this.#record(made, found.model, actor, ['started', ...(request.deliver ? ['deliver'] : [])])
      return made
    })
    onChanged()
    return this.find(jobId)
  }

  /** Newest first. */
  list(limit: number): readonly BackfillProgress[] {
    return this.#dependencies.records.backfills.jobs(limit).map((job) => this.#progress(job))
  }

  /** @throws {BackfillError} `backfill-unknown`. */
  find(jobId: number): BackfillProgress {
    const job = this.#dependencies.records.backfills.job(jobId)
    if (job === undefined) throw new BackfillError('backfill-unknown')
    return this.#progress(job)
  }

  /**
   * Pauses, resumes or cancels. A study in hand is finished or forgotten as a whole.
   * @throws {BackfillError} `backfill-unknown`, `backfill-ended`.
   */
  change(jobId: number, act: 'pause' | 'resume' | 'cancel', actor: Actor): BackfillProgress {
    const { records, clock, onChanged } = this.#dependencies
    const { job } = this.find(jobId)
    const state = { pause: 'paused', resume: 'running', cancel: 'cancelled' } as const
    if (job.state === state[act]) throw new BackfillError('backfill-ended')
    records.transaction(() => {
      if (!records.backfills.setState(jobId, state[act], null, clock.now())) throw new BackfillError('backfill-ended')
      this.#record(jobId, { name: job.modelName, version: job.modelVersion }, actor, [act])
    })
    onChanged()
    return this.find(jobId)
  }

  #record(
    jobId: number,
    { name, version }: { readonly name: string; readonly version: string },
    actor: Actor,
    codes: readonly string[],
  ): void {
    this.#dependencies.audit.record({
      event: 'backfill.changed',
      actor,
      subject: { kind: 'model', id: `${name}@${version}` },
      outcome: 'success',
      codes: [`job-${jobId}`, ...codes],
    })
  }

  #progress(job: BackfillJobRow): BackfillProgress {
    const counts = this.#dependencies.records.backfills.counts(job.jobId)
    const done = counts.reduce((sum, { studies }) => sum + studies, 0)
    const ms = counts.reduce((sum, one) => sum + one.ms, 0)
    const window = { from: job.windowFrom, to: job.windowTo }
    const ended = job.state === 'finished' || job.state === 'cancelled'
    // A study that was purged since the start is not met any more: the end says so, the estimate only comes nearer.
    const left = ended ? 0 : Math.max(0, job.total - done)
    return {
      job,
      counts,
      done,
      open: isInWindow(window, this.#dependencies.clock.now(), job.zone),
      secondsLeft: secondsLeft(left, { studies: done, ms }, window),
    }
  }
}
