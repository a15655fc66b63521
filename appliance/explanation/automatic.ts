import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import type { ExplanationDesk } from './desk.ts'

const EVERY_MS = 10_000
const AT_ONCE = 8
/** After a start, so many of the newest results are looked at again. */
const LOOK_BACK = 500

export interface AutomaticDependencies {
  readonly records: Pick<Records, 'explanations'>
  readonly desk: Pick<ExplanationDesk, 'make'>
  /** False while the site does not want it, or the box has better to do. */
  readonly wanted: () => boolean
  readonly logger: Logger
}

/** Makes a heat map of every score above its operating point, one after the other, when the site wants that. */
export class AutomaticExplanations implements Service {
  readonly #dependencies: AutomaticDependencies
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> | undefined
  #stopped = true
  #after: number | undefined

  constructor(dependencies: AutomaticDependencies) {
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#stopped = false
    this.#timer = setInterval(() => this.wake(), EVERY_MS)
  }

  /** Waits for the one that is being made. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    await this.#work
  }

  /** Looks for scores to explain now. */
  wake(): void {
    if (this.#stopped || this.#work !== undefined || !this.#dependencies.wanted()) return
    this.#work = this.#run().finally(() => {
      this.#work = undefined
    })
  }

  async #run(): Promise<void> {
    const { records, desk, wanted, logger } = this.#dependencies
    this.#after ??= Math.max(0, records.explanations.newestResult() - LOOK_BACK)
    for (;;) {
      const due = records.explanations.unexplained(this.#after, AT_ONCE)
      if (due.length === 0) return
      for (const { resultId, studyId, ordinal, modelDigest, code } of due) {
        if (this.#stopped || !wanted()) return
        // One that fails is not tried again by itself: it would fail for ever.
        this.#after = Math.max(this.#after, resultId)
        const score = { instance: ordinal, model: modelDigest, code, frame: null, method: 'occlusion' } as const
        await desk.make(studyId, score, { kind: 'system', id: 'scoring' }).catch((cause: unknown) => {
          const code = (cause as { readonly code?: unknown } | null)?.code
          logger.warn('explanation.not-made', { code: typeof code === 'string' ? code : 'unknown' })
        })
      }
    }
  }
}
