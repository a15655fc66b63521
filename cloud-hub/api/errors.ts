import { CodedError, isCodedError } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'

/** What a request can do wrong. */
export type ApiCode =
  | 'request-invalid'
  | 'not-signed-in'
  | 'sign-in-refused'
  | 'sign-in-paused'
  | 'not-allowed'
  | 'foreign-page'
  | 'foreign-host'
  | 'not-found'
  | 'refused'
  | 'delivery-not-initialised'
  | 'no-leader'

/** A request that is answered with a failure. */
export class ApiError extends CodedError<ApiCode> {
  constructor(code: ApiCode, message: string, nextStep = NEXT_STEP[code]) {
    super(code, 'permanent', { message, effect: 'nothing was changed', nextStep })
  }
}

const NEXT_STEP: Readonly<Record<ApiCode, string>> = {
  'request-invalid': 'correct the request and send it again',
  'not-signed-in': 'sign in first',
  'sign-in-refused': 'check account and password; after five failures the account pauses for fifteen minutes',
  'sign-in-paused': 'wait fifteen minutes, then try again',
  'not-allowed': 'ask a person whose role allows this',
  'foreign-page': 'use the hub’s own pages or the command line',
  'foreign-host': 'use the address under which the hub was set up',
  'not-found': 'check the name or the number',
  refused: 'read the reason, and correct what it names',
  'delivery-not-initialised': 'run the key ceremony of the repository first',
  'no-leader': 'repeat it in a few seconds: another hub takes over',
}

/** HTTP status of each code that has one of its own. Anything else that is coded is 409: understood, and refused. */
const STATUS: Readonly<Record<string, number>> = {
  'request-invalid': 400,
  'not-signed-in': 401,
  'sign-in-refused': 401,
  'sign-in-paused': 429,
  'not-allowed': 403,
  'foreign-page': 403,
  'foreign-host': 421,
  'not-found': 404,
  'unknown-version': 404,
  'run-unknown': 404,
  'model-unknown': 404,
  'trigger-unknown': 404,
  'subject-unknown': 404,
  'delivery-not-initialised': 503,
  'no-leader': 503,
}

/** The answer to a failed request. */
export interface FailureAnswer {
  readonly status: number
  readonly body: {
    readonly error: {
      readonly code: string
      readonly message: string
      readonly effect: string
      readonly nextStep: string
    }
  }
}

/** Words any failure for the one who asked. What is not coded is a defect: it is logged, and its words stay here. */
export function failureAnswer(error: unknown): FailureAnswer {
  const coded = asCoded(error)
  if (coded === undefined) {
    return answer(500, 'unexpected', 'the hub failed in a way that was not foreseen', {
      effect: 'the request may or may not have had an effect',
      nextStep: 'look at the present state, and report this with the hub’s log',
    })
  }
  const { code, message, effect, nextStep } = coded
  return answer(STATUS[code] ?? 409, code, message, { effect, nextStep })
}

function asCoded(error: unknown): CodedError<string> | undefined {
  if (isCodedError(error)) return error
  if (error instanceof z.ZodError) {
    const [issue] = error.issues
    const where = issue === undefined || issue.path.length === 0 ? 'the request' : issue.path.map(String).join('.')
    return new ApiError('request-invalid', `${where} is not as it must be`)
  }
  // Errors of the HTTP layer itself: malformed JSON, too large, wrong media type.
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    if (error.statusCode >= 400 && error.statusCode < 500) return new ApiError('request-invalid', 'the body is refused')
  }
  return undefined
}

function answer(
  status: number,
  code: string,
  message: string,
  rest: { readonly effect: string; readonly nextStep: string },
): FailureAnswer {
  return { status, body: { error: { code, message, ...rest } } }
}
