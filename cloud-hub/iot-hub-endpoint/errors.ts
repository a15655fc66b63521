import { CodedError } from '@leadglass/sync-agent/foundation'

/** What the endpoint refuses. */
export type EndpointCode =
  | 'device-unknown'
  | 'device-not-connected'
  | 'method-not-subscribed'
  | 'method-timed-out'
  | 'method-too-large'
  | 'twin-too-large'
  | 'twin-malformed'
  | 'upload-unknown'
  | 'upload-too-large'
  | 'upload-malformed'
  | 'too-many-uploads'

const TRANSIENT: ReadonlySet<EndpointCode> = new Set(['device-not-connected', 'too-many-uploads'])
const AMBIGUOUS: ReadonlySet<EndpointCode> = new Set(['method-timed-out'])

/** Something a device or a caller asked of the endpoint that it does not do. */
export class EndpointError extends CodedError<EndpointCode> {
  constructor(code: EndpointCode, message: string) {
    super(code, TRANSIENT.has(code) ? 'transient' : AMBIGUOUS.has(code) ? 'ambiguous' : 'permanent', {
      message,
      effect: 'nothing was changed',
      nextStep: 'check what was asked against the limits in docs/azure-iot.md',
    })
  }
}
