import type { Records, WaitingRevision } from '../records/index.ts'
import { chooseTurn, LANE_NUMBERS, LANES } from './lanes.ts'
import type { RuleBook } from './rule-book.ts'
import { isInWindow } from './site-time.ts'

export interface LaneSchedulerDependencies {
  readonly records: Pick<Records, 'revisions' | 'rules'>
  readonly book: Pick<RuleBook, 'active'>
}

/** Serves the lanes of the queue. How often lower lanes were passed over is not kept over a restart. */
export class LaneScheduler {
  readonly #dependencies: LaneSchedulerDependencies
  #passedOver = 0

  constructor(dependencies: LaneSchedulerDependencies) {
    this.#dependencies = dependencies
  }

  /** Takes the revision whose turn it is. Inside the caller's transaction. */
  next(at: number): WaitingRevision | undefined {
    const { records } = this.#dependencies
    const heads = records.rules.heads().flatMap(({ lane, revisionId, waitingSince }) => {
      const name = LANES.find((one) => LANE_NUMBERS[one] === lane)
      return name === undefined ? [] : [{ lane: name, revisionId, waitingSince }]
    })
    const turn = chooseTurn(heads, this.#offPeakIsOpen(at), this.#passedOver)
    if (turn.next === undefined) return undefined
    this.#passedOver = turn.passedOver
    return records.revisions.claim(turn.next.revisionId, at)
  }

  #offPeakIsOpen(at: number): boolean {
    const rules = this.#dependencies.book.active()
    // Without rules nothing is put in this lane; what earlier rules left in it is not to wait for ever.
    if (rules === null) return true
    return rules.file.offPeak.some((window) => isInWindow(window, at, rules.file.timeZone))
  }
}
