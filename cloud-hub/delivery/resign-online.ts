import { type Clock, isCodedError, type Logger, type Service } from '@leadglass/sync-agent/foundation'
import type { RepositoryState } from './repository-state.ts'
import type { RepositoryWriter } from './repository-writer.ts'

const DAY_MS = 86_400_000

/** How long the timestamp stands before it is signed anew. */
const REFRESH_AFTER_MS = DAY_MS
/** How often the age is looked at. */
const LOOK_EVERY_MS = 10 * 60_000
/** Days before the end of validity at which custodians and approvers are reminded. */
export const REMINDER_DAYS = 30

/** Keeps timestamp and snapshot fresh; only people can renew the rest, and they are reminded. */
export class OnlineResigner implements Service {
  readonly #writer: RepositoryWriter
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #onSigned: () => void
  readonly #onFailure: (code: string) => void
  #timer: NodeJS.Timeout | undefined

  /** @param options `onSigned` is told after each renewal, `onFailure` why one did not take place. */
  constructor(options: {
    readonly writer: RepositoryWriter
    readonly clock: Clock
    readonly logger: Logger
    readonly onSigned?: () => void
    readonly onFailure?: (code: string) => void
  }) {
    this.#writer = options.writer
    this.#clock = options.clock
    this.#logger = options.logger
    this.#onSigned = options.onSigned ?? (() => undefined)
    this.#onFailure = options.onFailure ?? (() => undefined)
  }

  async start(): Promise<void> {
    await this.look()
    this.#timer ??= setInterval(() => void this.look(), LOOK_EVERY_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** One look. Never throws: a repository that cannot be refreshed now is looked at again. @returns true when signed. */
  async look(): Promise<boolean> {
    try {
      const state = await this.#writer.state()
      for (const { role, days } of dueReminders(state, this.#clock.now())) {
        this.#logger.warn('delivery.renewal-due', { role, days })
      }
      if (!isTimestampDue(state, this.#clock.now())) return false
      await this.#writer.refreshOnline()
      this.#logger.info('delivery.timestamp-signed')
      this.#onSigned()
      return true
    } catch (error) {
      const reason = isCodedError(error) ? error.code : 'unexpected'
      this.#logger.error('delivery.refresh-failed', { reason })
      this.#onFailure(reason)
      return false
    }
  }
}

/** Roles that people must renew soon, and the days that remain (negative when past). */
export function dueReminders(state: RepositoryState, nowMs: number): { role: string; days: number }[] {
  const roles = [
    ['root', state.root.metadata.signed.expires],
    ['targets', state.targets.metadata.signed.expires],
    ['approved-models', state.approvedModels?.metadata.signed.expires],
  ] as const
  return roles.flatMap(([role, expires]) => {
    if (expires === undefined) return []
    const days = Math.floor((Date.parse(expires) - nowMs) / DAY_MS)
    return days < REMINDER_DAYS ? [{ role, days }] : []
  })
}

function isTimestampDue(state: RepositoryState, nowMs: number): boolean {
  const { expires } = state.timestamp.metadata.signed
  const validity = Date.parse(expires) - nowMs
  if (validity < 14 * DAY_MS - REFRESH_AFTER_MS) return true
  try {
    state.root.metadata.verifyDelegate('timestamp', state.timestamp.metadata)
    state.root.metadata.verifyDelegate('snapshot', state.snapshot.metadata)
    return false
  } catch {
    return true // a crash between a new root and its first timestamp
  }
}
