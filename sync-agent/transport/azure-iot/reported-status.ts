import type { Clock } from '../../foundation/index.ts'
import type { LinkErrorCode } from '../link-error.ts'
import { diffPatch, type JsonObject } from './json.ts'
import { TWIN_MEMBER } from './twin-answers.ts'

/**
 * What the device reports of itself in its twin: counts and codes, nothing of any study. Only what changed is sent, and
 * not more often than the interval allows, because twin updates are metered.
 */
export class ReportedStatus {
  readonly #clock: Clock
  readonly #intervalMs: number
  #connections = 0
  #batches = 0
  #lastError: LinkErrorCode | null = null
  #desiredVersion = 0
  #stateVersion = 0
  #reported: JsonObject = {}
  #reportedAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock
    this.#intervalMs = intervalMs
  }

  /** The link is up. @param held what the hub has of us: only the difference to that is ever sent. */
  connected(held: JsonObject): void {
    this.#connections += 1
    this.#reported = held
    this.#reportedAt = Number.NEGATIVE_INFINITY
  }

  failed(code: LinkErrorCode): void {
    this.#lastError = code
  }

  published(): void {
    this.#batches += 1
  }

  /** The twin stands at `version`; `state` is the version of the desired state in it, when it is new. */
  seen(version: number, state: number | undefined): void {
    this.#desiredVersion = version
    this.#stateVersion = state ?? this.#stateVersion
  }

  /** What to report now, and what to call when the hub took it; `undefined` when nothing is due. */
  due(): { readonly patch: JsonObject; readonly taken: () => void } | undefined {
    const now = this.#clock.now()
    if (now - this.#reportedAt < this.#intervalMs) return undefined
    const status: JsonObject = {
      schema: 'leadglass.device-link/1',
      connections: this.#connections,
      batches: this.#batches,
      desired: this.#desiredVersion,
      state: this.#stateVersion,
      // The twin has no null, so no error is a word.
      lastError: this.#lastError ?? 'none',
    }
    const patch = diffPatch(this.#reported, status)
    if (patch === undefined) return undefined
    this.#reportedAt = now
    return {
      patch: { [TWIN_MEMBER]: patch },
      taken: () => {
        this.#reported = status
      },
    }
  }
}
