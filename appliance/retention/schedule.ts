import { createTask } from 'node-cron'

/** Calls something at times that a cron expression names. */
export interface Schedule {
  /** @returns what ends it. */
  every(expression: string, timeZone: string, task: () => void): { stop(): Promise<void> }
}

/** The schedule of the host's clock. */
export const cronSchedule: Schedule = {
  every(expression, timeZone, task) {
    const scheduled = createTask(expression, task, {
      timezone: timeZone,
      noOverlap: true,
      unref: true,
      suppressMissedWarning: true,
    })
    void scheduled.start()
    return {
      stop: async () => {
        await scheduled.destroy()
      },
    }
  },
}
