import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { Candidate, Records } from '../records/index.ts'
import { decisionFrom } from '../rules/index.ts'
import type { RetentionSettings } from '../settings-retention.ts'
import { judgeRetention, type KeptBecause, type RetentionFacts, type RetentionVerdict } from './judge.ts'
import type { Purger } from './purger.ts'
import type { Schedule } from './schedule.ts'

const PAGE = 200
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const LOOK_MS = 30_000
const MOST_LISTED = 500

export interface RetentionDependencies {
  readonly records: Pick<Records, 'retention' | 'transaction'>
  readonly purger: Purger
  readonly settings: () => RetentionSettings
  readonly schedule: Schedule
  /** Every registered instance is in its own file when this resolves. */
  readonly drain: () => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
  readonly onChanged: (studyId: number) => void
}

/** What a run would do, or why not. */
export interface RetentionPlan {
  readonly due: readonly { readonly study: string; readonly rule: string; readonly since: number }[]
  readonly dueCount: number
  readonly dueBytes: number
  readonly kept: Readonly<Partial<Record<KeptBecause, number>>>
  readonly priors: number
  readonly quarantined: number
}

export interface RetentionRun {
  readonly purged: number
  readonly priors: number
  readonly quarantined: number
  /** False when the window closed before everything was done. */
  readonly finished: boolean
}

/** Keeps studies as long as the site's rules say, and no longer. */
export class Retention {
  readonly #dependencies: RetentionDependencies
  #task: { stop(): Promise<void> } | undefined
  #scheduled = ''
  #timer: NodeJS.Timeout | undefined
  #running: Promise<RetentionRun> | undefined
  #stopped = true

  constructor(dependencies: RetentionDependencies) {
    this.#dependencies = dependencies
  }

  /** Finishes what a killed run left, and takes up the schedule. */
  async start(): Promise<void> {
    this.#stopped = false
    this.#dependencies.records.retention.deleteSecurely()
    this.#dependencies.purger.finish()
    await this.#reschedule()
    this.#timer = setInterval(() => {
      this.#reschedule().catch(() => {
        this.#dependencies.logger.error('retention.schedule-failed')
      })
    }, LOOK_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#task?.stop()
    this.#task = undefined
    this.#scheduled = ''
    await this.#running?.catch(() => undefined)
  }

  /** What a run would remove now. Changes nothing. */
  plan(): RetentionPlan {
    const { records, settings, clock } = this.#dependencies
    const due: { study: string; rule: string; since: number }[] = []
    const kept: Partial<Record<KeptBecause, number>> = {}
    let [dueCount, dueBytes] = [0, 0]
    for (const study of this.#everyStudy()) {
      const verdict = this.#judge(study)
      if (verdict.kind === 'kept') {
        kept[verdict.because] = (kept[verdict.because] ?? 0) + 1
        continue
      }
      dueCount += 1
      dueBytes += records.retention.facts(study.studyId)?.bytes ?? 0
      if (due.length < MOST_LISTED) due.push({ study: study.studyPseudonym, rule: verdict.rule, since: verdict.since })
    }
    const { priorsKeepDays, quarantineKeepDays } = settings()
    const count = (days: number | undefined, list: (until: number) => readonly number[]): number =>
      days === undefined ? 0 : list(clock.now() - days * DAY_MS).length
    const priors = count(priorsKeepDays, (until) => records.retention.oldPriors(until, MOST_LISTED))
    const quarantined = count(quarantineKeepDays, (until) => records.retention.oldQuarantine(until, MOST_LISTED))
    return { due, dueCount, dueBytes, kept, priors, quarantined }
  }

  /** Removes what is due, until the window closes. A run that is under way is joined. */
  run(): Promise<RetentionRun> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #work(): Promise<RetentionRun> {
    const { purger, settings, drain, clock, logger, onChanged } = this.#dependencies
    const until = clock.now() + settings().windowMinutes * MINUTE_MS
    // An instance that is still in the landing log would get its file after the study is gone.
    await drain()
    let purged = 0
    let finished = true
    for (const study of this.#everyStudy()) {
      if (this.#stopped || clock.now() >= until) {
        finished = false
        break
      }
      const verdict = this.#judge(study)
      if (verdict.kind === 'kept') continue
      if (!purger.purge(study, verdict.rule, () => this.#judge(study).kind === 'due')) continue
      purged += 1
      onChanged(study.studyId)
      // Between two studies everything else has its turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const priors = this.#forgetPriors()
    const quarantined = this.#forgetQuarantine()
    purger.finish()
    logger.info('retention.ran', { purged, priors, quarantined, finished })
    return { purged, priors, quarantined, finished }
  }

  /** The rows go; their files are nobody's then, and go with `finish`. */
  #forgetPriors(): number {
    const { records, settings, clock } = this.#dependencies
    const { priorsKeepDays } = settings()
    if (priorsKeepDays === undefined) return 0
    const old = records.retention.oldPriors(clock.now() - priorsKeepDays * DAY_MS, MOST_LISTED)
    records.transaction(() => {
      for (const priorId of old) records.retention.forgetPrior(priorId)
    })
    return old.length
  }

  #forgetQuarantine(): number {
    const { records, settings, clock } = this.#dependencies
    const { quarantineKeepDays } = settings()
    if (quarantineKeepDays === undefined) return 0
    const old = records.retention.oldQuarantine(clock.now() - quarantineKeepDays * DAY_MS, MOST_LISTED)
    records.transaction(() => {
      for (const instanceId of old) records.retention.eraseInstance(instanceId, clock.now())
    })
    return old.length
  }

  *#everyStudy(): Generator<Candidate> {
    const { records, settings, clock } = this.#dependencies
    const { rules } = settings()
    if (rules.length === 0) return
    let after = { lastReceivedAt: -1, studyId: -1 }
    for (;;) {
      const page = records.retention.candidates(after, clock.now(), PAGE)
      yield* page
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return
      after = last
    }
  }

  #judge(study: Candidate): RetentionVerdict {
    const { records, settings, clock } = this.#dependencies
    const row = records.retention.facts(study.studyId)
    if (row === undefined) return { kind: 'kept', because: 'still-working', rule: null, until: null }
    const facts: RetentionFacts = {
      ...row,
      modalities: study.modalities.split('\\'),
      callingAeTitles: records.retention.callers(study.studyId),
      processing: decisionFrom(row.decision).processing === 'keep' ? 'keep' : 'score',
      isOpen: row.open > 0,
    }
    return judgeRetention(facts, settings().rules, clock.now())
  }

  async #reschedule(): Promise<void> {
    const { settings, schedule, logger } = this.#dependencies
    const { schedule: expression, timeZone } = settings()
    const wanted = `${expression} ${timeZone}`
    if (wanted === this.#scheduled || this.#stopped) return
    await this.#task?.stop()
    this.#scheduled = wanted
    this.#task = schedule.every(expression, timeZone, () => {
      this.run().catch((cause: unknown) => {
        logger.error('retention.failed', { code: (cause as { code?: string } | null)?.code ?? 'unknown' })
      })
    })
  }
}
