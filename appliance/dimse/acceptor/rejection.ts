import type { RejectionCause } from '../ports.ts'
import type { Rejection } from '../upper-layer/pdu.ts'

/** PS3.8 9.3.4, table 9-21: source and reason of each cause. A cause without a reason of its own gives none. */
const SOURCE_AND_REASON: Readonly<Record<RejectionCause, Pick<Rejection, 'source' | 'reason'>>> = {
  'called-ae-title': { source: 1, reason: 7 },
  'calling-ae-title': { source: 1, reason: 3 },
  address: { source: 1, reason: 1 },
  certificate: { source: 1, reason: 1 },
  limit: { source: 3, reason: 2 },
  busy: { source: 3, reason: 1 },
}

/** Protocol version without bit 0 (PS3.8 9.3.2): ACSE, protocol-version-not-supported. */
export const PROTOCOL_VERSION_NOT_SUPPORTED: Rejection = { result: 1, source: 2, reason: 2 }
/** Another application context than DICOM's: application-context-name-not-supported. */
export const APPLICATION_CONTEXT_NOT_SUPPORTED: Rejection = { result: 1, source: 1, reason: 2 }

/** The A-ASSOCIATE-RJ for a decision of the caller policy. */
export function rejectionFor(why: RejectionCause, transient: boolean): Rejection {
  return { result: transient ? 2 : 1, ...SOURCE_AND_REASON[why] }
}
