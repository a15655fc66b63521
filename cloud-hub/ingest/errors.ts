import { CodedError } from '@leadglass/sync-agent/foundation'

/** What can be wrong with a payload before any envelope in it is looked at. */
export type PayloadCode =
  | 'payload-too-large'
  | 'payload-not-gzip'
  | 'payload-inflates-too-far'
  | 'payload-not-json'
  | 'payload-not-a-batch'
  | 'payload-not-canonical'
  | 'payload-version-unknown'

/** A payload that is refused as a whole: nothing in it was stored and no acknowledgement is sent. */
export class PayloadError extends CodedError<PayloadCode> {}

/** What can be wrong with identities and enrolment. */
export type EnrolmentCode =
  | 'device-name-invalid'
  | 'device-revoked'
  | 'device-held'
  | 'device-cloned'
  | 'device-mismatch'
  | 'authority-missing'
  | 'device-unknown'
  | 'request-malformed'
  | 'invitation-unknown'
  | 'invitation-expired'
  | 'invitation-used'
  | 'enrolment-intercepted'
  | 'clock-off'
  | 'certificate-unknown'
  | 'certificate-superseded'
  | 'too-many-requests'

/** A certificate that cannot be made, and why. */
export class EnrolmentError extends CodedError<EnrolmentCode> {}

/** What can be wrong with the connection to the broker. */
export type BrokerCode = 'broker-unreachable' | 'broker-subscription-refused'

/** The hub cannot listen to its devices. */
export class BrokerError extends CodedError<BrokerCode> {}
