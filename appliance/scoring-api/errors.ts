import { CodedError } from '@leadglass/sync-agent/foundation'

/** Refusals of the scoring interface: HTTP status, what it means, what to do. */
const REFUSALS = {
  unauthorised: [
    401,
    'the request has no token that is in force',
    'ask the site for one: leadglass scoring token create',
  ],
  'bad-request': [400, 'the query is not of the form that this address asks for', 'compare it with the description'],
  'model-unknown': [404, 'no model in use has that name and version', 'take one from /scoring/v1/models'],
  'too-large': [413, 'the body is larger than this interface takes', 'send fewer or smaller objects in a request'],
  'media-type': [
    415,
    'the body is of a type that this interface does not take',
    'send application/dicom, multipart/related of it, or image/png',
  ],
  'multipart-malformed': [422, 'the body is not multipart/related as its header says', 'compare it with RFC 2387'],
  unreadable: [422, 'an object cannot be read', 'check that it is whole, and a DICOM Part 10 file or a grey PNG'],
  'not-deidentified': [
    422,
    'an object does not say that it is de-identified, or still holds identifying attributes',
    'de-identify it (PS3.15 annex E); the answer names the attributes',
  ],
  'pixels-may-identify': [
    422,
    'an object may show identities in its pixels',
    'clean the pixels and say so in (0012,0064) with 113101',
  ],
  'kind-unsupported': [
    422,
    'this model does not take single images',
    'send the study by DICOM; models of tables and series are run there',
  ],
  busy: [429, 'as many requests are in hand as this interface takes', 'try again after the seconds in Retry-After'],
  'queue-full': [429, 'the scoring queue of the box is full', 'try again after the seconds in Retry-After'],
  'too-slow': [408, 'the body did not arrive in time', 'send it faster, or fewer objects at once'],
  'model-failed': [
    502,
    'the model failed on this input and its worker was replaced',
    'send other input; the site can test the package',
  ],
  'timed-out': [
    504,
    'the model took longer than it may and was stopped',
    'send other input; the site can test the package',
  ],
  unavailable: [503, 'the box does not score now', 'try again later'],
  internal: [500, 'the request failed in the box', 'tell the site; its log has the code'],
} as const satisfies Record<string, readonly [number, string, string]>

export type ScoringApiErrorCode = keyof typeof REFUSALS

/** An attribute that keeps an object out: where it stands and what it is called, never what it says. */
export interface NamedAttribute {
  /** `(0010,0010)`; within sequences `(0040,0275)>(0040,0007)`. */
  readonly tag: string
  readonly name: string
}

/** A refusal. `attributes` and `object` (its position in the request) only where an object is at fault. */
export class ScoringApiError extends CodedError<ScoringApiErrorCode> {
  readonly status: number
  readonly attributes: readonly NamedAttribute[]
  readonly object: number | undefined

  constructor(
    code: ScoringApiErrorCode,
    at: { readonly object?: number; readonly attributes?: readonly NamedAttribute[] } = {},
  ) {
    const [status, message, nextStep] = REFUSALS[code]
    const isLater = status === 429 || status === 503
    super(code, isLater ? 'transient' : 'permanent', {
      message,
      effect: 'nothing was scored and nothing is kept',
      nextStep,
    })
    this.status = status
    this.attributes = at.attributes ?? []
    this.object = at.object
  }
}
