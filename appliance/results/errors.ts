import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  /** A destination over HTTP did not say whether it has an object. */
  'destination-unreached': {
    failureClass: 'transient',
    effect: 'whether the result is there is not known',
    nextStep: 'check that the service runs; it is asked again by itself',
  },
  /** A destination over HTTP does not answer this kind of question. */
  'destination-refused': {
    failureClass: 'permanent',
    effect: 'whether the result is there is not known',
    nextStep: 'let the service be searched, or choose "confirm": "store"',
  },
} as const satisfies Record<string, { failureClass: FailureClass; effect: string; nextStep: string }>

/** A destination that was asked over HTTP whether it keeps a result. */
export class DestinationError extends CodedError<keyof typeof FAILURES> {
  constructor(code: keyof typeof FAILURES, message: string) {
    const { failureClass, effect, nextStep } = FAILURES[code]
    super(code, failureClass, { message, effect, nextStep })
  }
}
