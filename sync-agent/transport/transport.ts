import type { Acknowledgement, DesiredState } from '../contract/index.ts'
import type { Service } from '../foundation/index.ts'
import type { LinkErrorCode } from './link-error.ts'

/** State of the link to the hub. `code` says why it is down; `null` before the first attempt and after `stop`. */
export type LinkState = { readonly kind: 'up' } | { readonly kind: 'down'; readonly code: LinkErrorCode | null }

/**
 * The way to the hub and back. It tries to connect for ever from `start` to `stop`, and it holds no queue: what it could
 * not hand over, the caller sends again.
 */
export interface Transport extends Service {
  /**
   * Hands one batch over. Calls made one after another arrive in that order.
   * @returns when the broker has taken responsibility (MQTT PUBACK); the hub's own answer comes as an acknowledgement.
   * @throws {TransportError} `link-down` when nothing was sent; `link-lost` when it may or may not have arrived.
   */
  publish(batch: Uint8Array): Promise<void>
  /** Sets who hears the hub's answers. Answers for other devices and malformed ones are dropped before. */
  onAcknowledgement(listener: (answer: Acknowledgement) => void): void
  /** Sets who hears what the hub wants. */
  onDesired(listener: (desired: DesiredState) => void): void
  /** Sets who hears of the link; told at once of the state as it is. */
  onLink(listener: (state: LinkState) => void): void
}
