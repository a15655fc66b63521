import type { FailureClass } from '@leadglass/sync-agent/foundation'
import { STATUS } from '../message/commands.ts'

/** Processing failure (PS3.7 C.5.11): the peer's own trouble. */
const PROCESSING_FAILURE = 0x0110

/**
 * What the status of a C-STORE-RSP means (PS3.4 table B.2-1, PS3.7 annex C). Success and the warnings (0001, Bxxx,
 * 0107, 0116) count as accepted: the peer has the instance. Out of resources may pass; everything else needs a person.
 */
export function classifyStoreStatus(status: number): 'accepted' | FailureClass {
  if (status === STATUS.success || status === 0x0001 || status === 0x0107 || status === 0x0116) return 'accepted'
  if (status >>> 12 === 0xb) return 'accepted'
  if (status >>> 8 === 0xa7 || status === PROCESSING_FAILURE) return 'transient'
  return 'permanent'
}
