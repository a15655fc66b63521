import { CodedError, type FailureClass } from '../foundation/index.ts'

/**
 * Why there is no link. Every one of them is met by trying again later, for ever: a closed port, a wrong clock or a hub
 * with another certificate must never be taken for a revoked identity. `linkAdvice` says which of them change only when a
 * person does something; those are tried again seldom.
 */
export type LinkErrorCode =
  /** The hub said that key or certificate are not those of this device. */
  | 'credentials-refused'
  /** The hub knows that this is the device, and does not want it: revoked, or held until a person decides. */
  | 'device-not-admitted'
  /** The hub asked to send less. */
  | 'throttled'
  | 'unreachable'
  | 'timed-out'
  | 'hub-certificate-refused'
  | 'identity-refused'
  | 'broker-refused'
  | 'subscription-refused'
  | 'credentials-unreadable'
  | 'closed'

/** A batch that was not handed over. `link-down`: nothing was sent. `link-lost`: it may have arrived. */
export type TransportErrorCode = 'link-down' | 'link-lost'

/** Failure of one `publish`. */
export class TransportError extends CodedError<TransportErrorCode> {
  constructor(code: TransportErrorCode, cause?: unknown) {
    const failureClass: FailureClass = code === 'link-down' ? 'transient' : 'ambiguous'
    super(code, failureClass, {
      message: code === 'link-down' ? 'there is no link to the hub' : 'the link broke before the broker answered',
      effect: 'the batch stays in the outbox',
      nextStep: 'nothing: it is sent again when the link is back, and the hub takes it once',
      cause,
    })
  }
}

/** TLS alerts (RFC 8446 6) that a server sends about the certificate of its client. */
const IDENTITY_ALERT =
  /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|ACCESS_DENIED)|CERTIFICATE_REQUIRED/
/** What Node says when it does not accept the certificate of the server. */
const HUB_CERTIFICATE = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA|CRL_)/

/** The code for whatever a socket, TLS or the MQTT client reports. Decided by codes, not by words. */
export function classifyLinkError(error: unknown): LinkErrorCode {
  if (!(error instanceof Error)) return 'closed'
  const code: unknown = 'code' in error ? error.code : undefined
  // MQTT 3.1.1 3.2.2.3: CONNACK return codes 1 to 5 arrive as numbers.
  if (typeof code === 'number') return 'broker-refused'
  if (typeof code !== 'string') return /timeout/i.test(error.message) ? 'timed-out' : 'closed'
  if (IDENTITY_ALERT.test(code)) return 'identity-refused'
  if (HUB_CERTIFICATE.test(code)) return 'hub-certificate-refused'
  if (code === 'ETIMEDOUT') return 'timed-out'
  return /^E[A-Z]+$/.test(code) || code.startsWith('EAI_') ? 'unreachable' : 'closed'
}
