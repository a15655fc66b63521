import type { DriftRules } from './rules.ts'

const HOUR_MS = 3_600_000
/** An alert is raised when so many of the last windows were over the limit. */
const NEEDED = 2
const LOOKED_AT = 3

/**
 * What a window says of one thing that is watched, as a share of its limit (`level`) and whether chance is ruled out.
 * `too-few`: nothing is said, and the window does not count.
 */
export type Reading =
  | { readonly kind: 'too-few' }
  | { readonly kind: 'measured'; readonly level: number; readonly isSignificant: boolean }

/**
 * `quiet`: nothing is wrong, or not for long enough. `firing`: an alert was raised and its cause is still there, whether
 * or not a person has settled it.
 */
export interface WatchState {
  readonly phase: 'quiet' | 'firing'
  /** Whether each of the last windows that said something was over, oldest first; three at most. */
  readonly recent: readonly boolean[]
  /** Begin of the last window that was looked at; each is looked at once, in order. */
  readonly window: string | null
  /** When the last alert was raised, in milliseconds. */
  readonly raisedAt: number | null
}

/** `raise`: a new alert. `still`: the cause of the alert is there in another window. `clear`: it is gone. */
export type WatchAct = 'none' | 'raise' | 'still' | 'clear'

/** The state of what was never looked at. */
export const UNWATCHED: WatchState = { phase: 'quiet', recent: [], window: null, raisedAt: null }

/**
 * Takes one window. Raised when two of the last three windows were over, this one among them, and the last alert is longer
 * ago than the cool-down; cleared below `clearAt` of the limit. In between nothing changes (hysteresis).
 * @param window its begin, as an ISO instant; a window at or before the last one changes nothing. @param now in milliseconds.
 */
export function step(
  state: WatchState,
  window: string,
  reading: Reading,
  now: number,
  rules: Pick<DriftRules, 'clearAt' | 'coolDownHours'>,
): { readonly state: WatchState; readonly act: WatchAct } {
  if (state.window !== null && window <= state.window) return { state, act: 'none' }
  if (reading.kind === 'too-few') return { state: { ...state, window }, act: 'none' }
  const isOver = reading.level >= 1 && reading.isSignificant
  const recent = [...state.recent, isOver].slice(-LOOKED_AT)
  if (state.phase === 'firing') {
    if (reading.level >= rules.clearAt) return { state: { ...state, window, recent }, act: isOver ? 'still' : 'none' }
    return { state: { ...state, phase: 'quiet', window, recent: [] }, act: 'clear' }
  }
  const isCool = state.raisedAt === null || now - state.raisedAt >= rules.coolDownHours * HOUR_MS
  if (!isOver || recent.filter(Boolean).length < NEEDED || !isCool) {
    return { state: { ...state, window, recent }, act: 'none' }
  }
  return { state: { phase: 'firing', window, recent, raisedAt: now }, act: 'raise' }
}
