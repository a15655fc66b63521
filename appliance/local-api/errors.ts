import { CodedError, type FailureClass } from '@leadglass/sync-agent/foundation'

const FAILURES = {
  'not-signed-in': {
    status: 401,
    message: 'nobody is signed in',
    effect: 'nothing was read or changed',
    nextStep: 'sign in and try again',
  },
  'sign-in-refused': {
    status: 401,
    message: 'account and password do not belong together',
    effect: 'nobody was signed in',
    nextStep: 'check both; after five failures in a row the account rests for fifteen minutes',
  },
  'account-locked': {
    status: 429,
    message: 'the account rests after too many failures',
    effect: 'nobody was signed in',
    nextStep: 'wait fifteen minutes, or ask the site administrator',
  },
  'not-allowed': {
    status: 403,
    message: 'this account may not do that',
    effect: 'nothing was changed; the attempt is recorded',
    nextStep: 'ask somebody with the role that the manual names for this act',
  },
  'foreign-origin': {
    status: 403,
    message: 'the request comes from a page of another address',
    effect: 'nothing was changed',
    nextStep: 'open the console at its own address and try again',
  },
  'bad-request': {
    status: 400,
    message: 'the request does not have the form that this address asks for',
    effect: 'nothing was read or changed',
    nextStep: 'compare the request with the interface description',
  },
  'not-found': {
    status: 404,
    message: 'there is nothing under this name',
    effect: 'nothing was read or changed',
    nextStep: 'take the name from the list again',
  },
  'not-labelled-yet': {
    status: 409,
    message: 'the study has no complete revision yet',
    effect: 'no label was recorded',
    nextStep: 'wait until the study is complete and try again',
  },
  'no-earlier-version': {
    status: 409,
    message: 'there is no earlier version to go back to',
    effect: 'the model in use is unchanged',
    nextStep: 'approve another version at the hub',
  },
  internal: {
    status: 500,
    message: 'the request failed inside the appliance',
    effect: 'it may not have been carried out',
    nextStep: 'look at the state of the study again; if it repeats, send the log to support',
  },
} as const satisfies Record<string, { status: number; message: string; effect: string; nextStep: string }>

/** The closed set of failures of the local interface. */
export type LocalApiErrorCode = keyof typeof FAILURES

/** A failure that is answered with its HTTP status. */
export class LocalApiError extends CodedError<LocalApiErrorCode> {
  readonly status: number

  constructor(code: LocalApiErrorCode) {
    const { status, message, effect, nextStep } = FAILURES[code]
    const failureClass: FailureClass = code === 'internal' ? 'ambiguous' : 'permanent'
    super(code, failureClass, { message, effect, nextStep })
    this.status = status
  }
}
