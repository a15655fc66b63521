import type { LinkErrorCode } from '../link-error.ts'

/** What Node says when it does not accept the certificate of the server, as the SDK passes it on. */
const HUB_CERTIFICATE = /certificate|unable to (?:verify|get)|TLS not authorized/i
/** TLS alerts (RFC 8446 6) about the certificate of the client. */
const IDENTITY_ALERT = /alert (?:bad certificate|unsupported certificate|certificate|unknown ca|access denied)/i
/** What the SDK puts in front of whatever made the first connection fail. */
const FIRST_CONNECTION = /Failure on first connection \(Not authorized\): /

/**
 * The code for a failure that the SDK reports. Only its words can tell: the first connection fails with an
 * `UnauthorizedError` that has lost the code of the socket, and a closed port, an untrusted certificate and a wrong key
 * are all one class. None of them is ever taken for a revoked identity.
 */
export function classifySdkError(error: unknown): LinkErrorCode {
  if (!(error instanceof Error)) return 'closed'
  const words = error.message.replace(FIRST_CONNECTION, '')
  if (IDENTITY_ALERT.test(words)) return 'identity-refused'
  if (HUB_CERTIFICATE.test(words)) return 'hub-certificate-refused'
  // MQTT 3.1.1 3.2.2.3, in the words of the MQTT client below the SDK.
  if (/Connection refused: |Not authorized|Bad username or password|Identifier rejected/.test(words)) {
    return 'broker-refused'
  }
  if (/ETIMEDOUT|timed? ?out|timeout/i.test(words)) return 'timed-out'
  return /\b(?:E[A-Z]{4,}|EAI_[A-Z]+)\b/.test(words) ? 'unreachable' : 'closed'
}
