import type { CompletionReason } from '../records/index.ts'
import type { Settings } from '../settings.ts'

/** What is known of a revision that may still grow. Times are milliseconds since 1970. */
export interface Gathering {
  readonly openedAt: number
  readonly lastInstanceAt: number
  /** Associations that sent to it and are still open. */
  readonly openAssociations: number
  /** It was found open when the process started: whether its associations ended in order is not known. */
  readonly found: boolean
}

/**
 * Decides whether a revision is complete, and by which sign. C-STORE itself never says so (PS3.4 B.1), so the signs are
 * weighed: the associations that sent to it have ended and it was quiet; or it was quiet for long although one is open;
 * or it has taken too long.
 */
export function judgeCompleteness(
  gathering: Gathering,
  timers: Settings['assembly'],
  now: number,
): CompletionReason | undefined {
  // A clock that went backwards must not hold a study for ever: count from now.
  const quiet = Math.max(0, now - gathering.lastInstanceAt)
  if (gathering.openAssociations === 0 && quiet >= timers.quietMs) {
    return gathering.found ? 'restart' : 'association-end-and-quiet'
  }
  if (quiet >= timers.idleMs) return 'quiet-timer'
  if (now - gathering.openedAt >= timers.capMs) return 'cap'
  return undefined
}
