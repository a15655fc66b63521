import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import type { ModelLibrary } from '../activation/index.ts'
import { ScoringUnavailable } from '../pipeline/index.ts'
import type { BackfillJobRow } from '../records/index.ts'
import { isInWindow } from '../rules/index.ts'
import { type BackfillWork, backfillStudy } from './backfill-study.ts'

const LOOK_MS = 2000
/** A model that fails on so many studies in a row fails on all of them: a person is to look. */
const MOST_FAILURES_IN_A_ROW = 10

export interface BackfillRunnerDependencies extends BackfillWork {
  readonly library: Pick<ModelLibrary, 'active'>
  /** False while the disk or the queue is under pressure. */
  readonly mayWork: () => boolean
  readonly onStudy: (studyId: number) => void
  /** Results may wait for destinations. */
  readonly onDeliveries: () => void
  readonly logger: Logger
}

/**
 * Works on running backfills, oldest first, one study at a time, while their window is open. The cursor in the record is
 * the only memory: a start goes on where the last transaction ended.
 */
export class BackfillRunner implements Service {
  readonly #dependencies: BackfillRunnerDependencies
  #timer: NodeJS.Timeout | undefined
  #stopped = true
  #busy: Promise<void> | undefined

  constructor(dependencies: BackfillRunnerDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#stopped = false
    this.#timer = setInterval(() => {
      this.wake()
    }, LOOK_MS)
    this.wake()
  }

  /** Takes no further study and waits for the one in hand. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#busy
  }

  /** Looks for work now. */
  wake(): void {
    if (this.#stopped || this.#busy !== undefined) return
    this.#busy = this.#work()
      .catch((cause: unknown) => {
        const code = (cause as { code?: unknown } | null)?.code
        this.#dependencies.logger.error('backfill.failed', { code: typeof code === 'string' ? code : 'unknown' })
      })
      .finally(() => {
        this.#busy = undefined
      })
  }

  async #work(): Promise<void> {
    for (let job = this.#due(); job !== undefined; job = this.#due()) {
      const studyId = this.#dependencies.records.backfills.next(job)
      if (studyId === undefined) this.#end(job, 'finished', null)
      else if (!(await this.#one(job, studyId))) return
    }
  }

  /** The job to be worked on; read anew for each study, so that a pause or the end of the window counts at once. */
  #due(): BackfillJobRow | undefined {
    const { records, clock, mayWork } = this.#dependencies
    if (this.#stopped || !mayWork()) return undefined
    return records.backfills
      .running()
      .find((job) => isInWindow({ from: job.windowFrom, to: job.windowTo }, clock.now(), job.zone))
  }

  /** @returns false when the box cannot go on now. */
  async #one(job: BackfillJobRow, studyId: number): Promise<boolean> {
    const { records, library, onStudy, onDeliveries } = this.#dependencies
    const model = library.active().find(({ digest }) => digest === job.modelDigest)
    if (model === undefined) {
      this.#end(job, 'paused', 'model-not-active')
      return true
    }
    try {
      await backfillStudy(job, model, studyId, this.#dependencies)
    } catch (cause) {
      if (cause instanceof ScoringUnavailable) return false
      throw cause
    }
    onStudy(studyId)
    if (job.deliver === 1) onDeliveries()
    const last = records.backfills.lastOutcomes(job.jobId, MOST_FAILURES_IN_A_ROW)
    if (last.length === MOST_FAILURES_IN_A_ROW && last.every((outcome) => outcome === 'failed')) {
      this.#end(job, 'paused', 'model-failing')
    }
    return true
  }

  #end(job: BackfillJobRow, state: 'finished' | 'paused', reason: string | null): void {
    const { records, audit, clock } = this.#dependencies
    records.transaction(() => {
      if (!records.backfills.setState(job.jobId, state, reason, clock.now())) return
      audit.record({
        event: 'backfill.changed',
        actor: { kind: 'system', id: 'scoring' },
        subject: { kind: 'model', id: `${job.modelName}@${job.modelVersion}` },
        outcome: state === 'finished' ? 'success' : 'failure',
        codes: [`job-${job.jobId}`, state, ...(reason === null ? [] : [reason])],
      })
    })
  }
}
