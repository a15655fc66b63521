import { CodedError } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  'batch-unknown': {
    message: 'there is no such batch',
    effect: 'nothing was released or refused',
    nextStep: 'take the batch from the list again',
  },
  'batch-decided': {
    message: 'the batch was released or refused already',
    effect: 'nothing was changed',
    nextStep: 'look at the list: it says who decided, and when',
  },
  'batch-changed': {
    message: 'the batch holds more than what was shown',
    effect: 'nothing was released or refused',
    nextStep: 'look at the batch again, and decide on what it holds now',
  },
} as const

export type EgressErrorCode = keyof typeof FAILURES

/** A batch of held envelopes about which nothing can be decided as asked. */
export class EgressError extends CodedError<EgressErrorCode> {
  constructor(code: EgressErrorCode) {
    super(code, 'permanent', FAILURES[code])
  }
}
