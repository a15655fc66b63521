import { setTimeout as delay } from 'node:timers/promises'
import { isRetryable } from '@leadglass/sync-agent/foundation'
import { RestError } from './rest-error.ts'

const ATTEMPTS = 4
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

/**
 * Does a repeatable act again while its failure is one that passes: after what the service asks for, or else after a pause
 * that doubles.
 * @throws the failure of the last attempt, or the first that does not pass.
 */
export async function persistently<T>(act: () => Promise<T>, firstPauseMs = FIRST_PAUSE_MS): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      if (attempt === ATTEMPTS || !isRetryable(error)) throw error
      const asked = error instanceof RestError ? error.retryAfterMs : undefined
      await delay(Math.min(LONGEST_PAUSE_MS, asked ?? firstPauseMs * 2 ** (attempt - 1)))
    }
  }
}
