import { createTask, type ScheduledTask } from 'node-cron'

const MINUTE_MS = 60_000
/** A hub that was away for longer looks back so far only; one missed time is enough to fire. */
const LONGEST_LOOK_MS = 7 * 86_400_000

/** Whether a time of a cron expression lies between two looks. Asks the expression; nothing is ever scheduled. */
export class ScheduleTimes {
  readonly #tasks = new Map<string, ScheduledTask>()

  /** True when a whole minute that the expression names lies in `(after, until]`; both milliseconds since 1970. */
  isDue(expression: string, timeZone: string, after: number, until: number): boolean {
    const task = this.#task(expression, timeZone)
    const from = Math.max(after, until - LONGEST_LOOK_MS)
    for (let minute = (Math.floor(from / MINUTE_MS) + 1) * MINUTE_MS; minute <= until; minute += MINUTE_MS) {
      if (task.match(new Date(minute))) return true
    }
    return false
  }

  #task(expression: string, timeZone: string): ScheduledTask {
    const key = `${timeZone} ${expression}`
    const known = this.#tasks.get(key) ?? createTask(expression, () => undefined, { timezone: timeZone })
    this.#tasks.set(key, known)
    return known
  }
}
