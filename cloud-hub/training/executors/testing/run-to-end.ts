import { setTimeout as delay } from 'node:timers/promises'
import type { JobStatus, TrainingExecutor } from '../port.ts'

const LOOK_MS = 100

/** Asks until a job has ended. @throws after `limitMs`. */
export async function ended(executor: TrainingExecutor, folder: string, limitMs = 240_000): Promise<JobStatus> {
  for (let waited = 0; waited < limitMs; waited += LOOK_MS) {
    const status = await executor.status(folder)
    if (status !== 'running') return status
    await delay(LOOK_MS)
  }
  throw new Error('the job has not ended in time')
}
