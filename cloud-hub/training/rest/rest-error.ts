import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

/** How a call of another service fails. */
export type RestCode =
  | 'unreachable'
  | 'throttled'
  | 'credentials-refused'
  | 'not-found'
  | 'conflict'
  | 'refused'
  | 'answer-invalid'

/** After `unreachable` the act may have happened: whoever calls makes each of its acts repeatable. */
const MEANING: Readonly<Record<RestCode, readonly [FailureClass, string]>> = {
  unreachable: ['ambiguous', 'wait; it is tried again. If it stays so, check address, certificate and network'],
  throttled: ['transient', 'wait; it is tried again'],
  'credentials-refused': ['permanent', 'put a valid token into the token file of this service'],
  'not-found': ['permanent', 'check the names in the settings of this service'],
  conflict: ['permanent', 'look at the service for something of the same name'],
  refused: ['permanent', 'compare the settings with what the service expects; its status is in the message'],
  'answer-invalid': ['permanent', 'check that the address leads to the service that is configured, and its version'],
}

/** A call of another service that failed. Never holds a token, nor what was sent. */
export class RestError extends CodedError<RestCode> {
  /** How long the service asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** The service's own code, where it is a plain word; else empty. */
  readonly word: string

  constructor(code: RestCode, message: string, more: { cause?: unknown; retryAfterMs?: number; word?: string } = {}) {
    const [failureClass, nextStep] = MEANING[code]
    super(code, failureClass, { message, effect: 'nothing was changed here', nextStep, cause: more.cause })
    this.retryAfterMs = more.retryAfterMs
    this.word = more.word ?? ''
  }
}
