import type { LinkErrorCode } from '../link-error.ts'

/** What Node says when it does not accept the certificate of the server, as the SDK passes it on. */
const HUB_CERTIFICATE = /certificate|unable to (?:verify|get)|TLS not authorized/i
/** TLS alerts (RFC 8446 6) about the certificate of the client. */
const IDENTITY_ALERT = /alert (?:bad certificate|unsupported certificate|certificate|unknown ca|access denied)/i
/** What the SDK puts in front of whatever made the first connection fail. */
const FIRST_CONNECTION = /Failure on first connection \(Not authorized\): /

/** Errors of the SDK by which a hub asks for less; the names are those of its own classes. */
const THROTTLED = /Throttling|QuotaExceeded|ServiceUnavailable|QueueDepthExceeded/

/**
 * The code for a failure that the SDK reports. Only its words can tell: the first connection fails with an
 * `UnauthorizedError` that has lost the code of the socket, and a closed port, an untrusted certificate and a wrong key
 * are all one class. A revoked device hears the same as one with a wrong key; `HubProbe` tells them apart.
 */
export function classifySdkError(error: unknown): LinkErrorCode {
  if (!(error instanceof Error)) return 'closed'
  const words = error.message.replace(FIRST_CONNECTION, '')
  if (IDENTITY_ALERT.test(words)) return 'identity-refused'
  if (HUB_CERTIFICATE.test(words)) return 'hub-certificate-refused'
  if (THROTTLED.test(error.name) || THROTTLED.test(words)) return 'throttled'
  // MQTT 3.1.1 3.2.2.3, in the words of the MQTT client below the SDK: return codes 2, 4 and 5, then the others.
  if (/Not authorized|Bad username or password|Identifier rejected/.test(words)) return 'credentials-refused'
  if (/Connection refused: /.test(words)) return 'broker-refused'
  if (/ETIMEDOUT|timed? ?out|timeout/i.test(words)) return 'timed-out'
  return /\b(?:E[A-Z]{4,}|EAI_[A-Z]+)\b/.test(words) ? 'unreachable' : 'closed'
}
