import type { InstanceResult } from '../dimse/index.ts'

/** What the answer of a destination, or its absence, means for a delivery. */
export type DeliveryVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'again'; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string }

/** PS3.7 C.5.6, duplicate SOP instance: the destination has this very instance already. */
const DUPLICATE = 0x0111

/** Reads what became of one object. Only what the destination refuses for good, or a setting forbids, needs a person. */
export function verdictOf(result: InstanceResult): DeliveryVerdict {
  if (result.kind === 'accepted') return { kind: 'accepted' }
  if (result.kind === 'not-sent') {
    const { code, failureClass } = result.error
    return failureClass === 'permanent' ? { kind: 'dead', reason: code } : { kind: 'again', reason: code }
  }
  if (result.status === DUPLICATE) return { kind: 'accepted' }
  const reason = `status-${result.status.toString(16).padStart(4, '0')}`
  return result.failureClass === 'permanent' ? { kind: 'dead', reason } : { kind: 'again', reason }
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
