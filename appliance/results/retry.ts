import type { InstanceResult } from '../dimse/index.ts'
import { type FailureMeaning, meaningOf } from './failures.ts'

/** What became of one result object. `failed` names a code of `meaningOf`. */
export type SendResult = InstanceResult | { readonly kind: 'failed'; readonly code: string }

/** What the answer of a destination, or its absence, means for a delivery. */
export type DeliveryVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'again' | 'dead'; readonly reason: string; readonly concerns: FailureMeaning['concerns'] }

/** PS3.7 C.5.6, duplicate SOP instance: the destination has this very instance already. */
const DUPLICATE = 'status-0111'

/** Reads what became of one object. Only what the destination refuses for good, or a setting forbids, needs a person. */
export function verdictOf(result: SendResult): DeliveryVerdict {
  if (result.kind === 'accepted') return { kind: 'accepted' }
  const reason = codeOf(result)
  return reason === DUPLICATE ? { kind: 'accepted' } : failedFor(reason)
}

/** The verdict on an object that failed for this reason. */
export function failedFor(reason: string): Exclude<DeliveryVerdict, { kind: 'accepted' }> {
  const { failureClass, concerns } = meaningOf(reason)
  return { kind: failureClass === 'permanent' ? 'dead' : 'again', reason, concerns }
}

/** A DIMSE status or a reason of STOW-RS as a code: `status-a700`. */
export function statusCode(status: number): string {
  return `status-${status.toString(16).padStart(4, '0')}`
}

function codeOf(result: Exclude<SendResult, { kind: 'accepted' }>): string {
  if (result.kind === 'not-sent') return result.error.code
  return result.kind === 'refused' ? statusCode(result.status) : result.code
}

const FIRST_MS = 2000
const LONGEST_MS = 300_000

/**
 * How long to wait after the nth failed attempt: doubling from 2 s to 5 min, and of that between half and all, so that
 * a destination that comes back is not met by everything at once.
 * @param attempts failed attempts so far, from 1. @param chance from 0 to 1.
 */
export function backoffMs(attempts: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(20, Math.max(0, attempts - 1)))
  return Math.round(full / 2 + (full / 2) * chance)
}
