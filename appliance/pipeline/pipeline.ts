import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { Records, WaitingRevision } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { ScoringUnavailable } from './score.ts'

const IDLE_MS = 1000
const AGAIN_MS = 2000

/** A revision that brought down or failed this many runs is not tried again by itself. */
const MOST_ATTEMPTS = 5

/** Failures of the machine, not of the revision: they do not count as its attempts. */
const OUT_OF_RESOURCES = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EMFILE',
  'ENOMEM',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_BUSY',
])

export interface PipelineDependencies {
  readonly records: Pick<Records, 'revisions' | 'transaction'>
  /** Takes the next revision of the queue, inside a transaction; undefined when none is to be worked on now. */
  readonly next: (at: number) => WaitingRevision | undefined
  readonly process: (revision: WaitingRevision) => Promise<void>
  readonly audit: Pick<AuditSink, 'record'>
  readonly settings: CurrentSettings
  readonly clock: Clock
  readonly logger: Logger
  /** Told whenever a study may have another state. */
  readonly onChanged: (studyId: number) => void
}

/** Takes waiting revisions one after the other, a few at a time, until none waits. */
export class Pipeline {
  readonly #dependencies: PipelineDependencies
  readonly #inFlight = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #stopped = true
  #pausedUntil = 0

  constructor(dependencies: PipelineDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#stopped = false
    this.#timer = setInterval(() => {
      this.wake()
    }, IDLE_MS)
    this.wake()
  }

  /** Takes nothing more and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await Promise.all(this.#inFlight)
  }

  /** Looks for work now. */
  wake(): void {
    const { records, next, settings, clock, logger } = this.#dependencies
    try {
      while (!this.#stopped && this.#inFlight.size < settings().limits.studiesInFlight) {
        if (clock.now() < this.#pausedUntil) return
        const revision = records.transaction(() => next(clock.now()))
        if (revision === undefined) return
        this.#launch(revision)
      }
    } catch (cause) {
      logger.error('pipeline.claim-failed', { code: codeOf(cause) })
    }
  }

  #launch(revision: WaitingRevision): void {
    const { onChanged } = this.#dependencies
    onChanged(revision.studyId)
    const work = this.#run(revision).finally(() => {
      this.#inFlight.delete(work)
      onChanged(revision.studyId)
      this.wake()
    })
    this.#inFlight.add(work)
  }

  async #run(revision: WaitingRevision): Promise<void> {
    const { process, clock, logger } = this.#dependencies
    try {
      if (revision.attempts > MOST_ATTEMPTS) {
        this.#giveUp(revision)
        return
      }
      await process(revision)
    } catch (cause) {
      const unavailable = cause instanceof ScoringUnavailable || OUT_OF_RESOURCES.has(codeOf(cause))
      logger.error('pipeline.revision-failed', {
        study: revision.studyPseudonym,
        attempt: revision.attempts,
        code: codeOf(cause),
      })
      this.#pausedUntil = clock.now() + AGAIN_MS
      this.#putBack(revision, !unavailable)
    }
  }

  /** What brings the work down each time is tried no more; that it was not scored, and why, is in the record. */
  #giveUp({ revisionId, studyId, studyPseudonym }: WaitingRevision): void {
    const { records, audit, clock } = this.#dependencies
    const reason = 'too-many-attempts'
    records.transaction(() => {
      if (!records.revisions.finish(revisionId, 'failed', reason, clock.now())) return
      const subject = { kind: 'study', id: studyPseudonym } as const
      const actor = { kind: 'system', id: 'scoring' } as const
      audit.record({ event: 'study.not-scored', actor, subject, outcome: 'failure', codes: [reason] }, studyId)
    })
  }

  #putBack(revision: WaitingRevision, counts: boolean): void {
    const { records, logger } = this.#dependencies
    try {
      records.transaction(() => records.revisions.putBack(revision.revisionId, counts))
    } catch (cause) {
      // It stays `running` in the record; the next start takes it up.
      logger.error('pipeline.put-back-failed', { code: codeOf(cause) })
    }
  }
}

function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code
  if (typeof code === 'string') return code
  return cause instanceof Error ? cause.name : 'unknown'
}
