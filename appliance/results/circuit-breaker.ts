/**
 * What the queue does towards one destination:
 * - `closed`: results are sent.
 * - `open`: the destination failed again and again, or refuses us: nothing is sent until `until`.
 * - `half-open`: the wait is over; the destination is asked whether it is there, then one result is tried.
 */
export type CircuitState =
  | { readonly kind: 'closed'; readonly failures: number }
  | {
      readonly kind: 'open' | 'half-open'
      readonly since: number
      readonly until: number
      readonly reason: string
      readonly trips: number
    }

/** Passes in a row in which the destination took nothing before the circuit opens. */
export const FAILURES_BEFORE_OPEN = 5
/** The first wait of an open circuit, doubled by each probe that fails. */
const FIRST_OPEN_MS = 30_000
export const LONGEST_OPEN_MS = 600_000

/** The circuit before anything is known. */
export const CLOSED: CircuitState = { kind: 'closed', failures: 0 }

/** What may be done now, and the state from here on. */
export function admitted(
  state: CircuitState,
  now: number,
): { readonly may: 'send' | 'probe' | 'wait'; readonly state: CircuitState } {
  if (state.kind === 'closed') return { may: 'send', state }
  if (state.kind === 'open' && now < state.until) return { may: 'wait', state }
  return { may: 'probe', state: { ...state, kind: 'half-open' } }
}

/**
 * The state after a failure that concerns the destination.
 * @param permanent a person must change something: trying on at once would only make dead letters.
 * @param chance from 0 to 1: of the wait between half and all is taken.
 */
export function afterFailure(
  state: CircuitState,
  failure: { readonly reason: string; readonly permanent: boolean },
  now: number,
  chance: number,
): CircuitState {
  const { reason, permanent } = failure
  if (state.kind === 'closed' && !permanent && state.failures + 1 < FAILURES_BEFORE_OPEN)
    return { kind: 'closed', failures: state.failures + 1 }
  const trips = state.kind === 'closed' ? 1 : state.trips + 1
  const since = state.kind === 'closed' ? now : state.since
  const full = Math.min(LONGEST_OPEN_MS, FIRST_OPEN_MS * 2 ** Math.min(20, trips - 1))
  return { kind: 'open', since, until: now + Math.round(full / 2 + (full / 2) * chance), reason, trips }
}
