/**
 * Where a version is on its way into use, after Mender's states (Download, Install, Commit, Cleanup).
 * - `stage`: its bytes are being copied and hashed.
 * - `verify`: the package is read and judged.
 * - `golden`: its golden cases run in a worker.
 * - `shadow`: it runs beside the version in use, on live studies whose result is out already.
 * - `trial`: it scores; the version before is kept, and comes back at the first bad sign.
 * - `clean`: it stays; what it replaced is being tidied up. There is no way back from here by itself.
 * - `committed`: done.
 * - `waiting`: it was taken out of use and is tried again.
 * - `quarantined`: it is not tried again until it is approved anew.
 */
export const ACTIVATION_STATES = [
  'stage',
  'verify',
  'golden',
  'shadow',
  'trial',
  'clean',
  'committed',
  'waiting',
  'quarantined',
] as const
export type ActivationState = (typeof ACTIVATION_STATES)[number]

/** States from which nothing goes on by itself. */
export const ENDS: readonly ActivationState[] = ['committed', 'quarantined']

/**
 * What happened. `restart` is a start after a stop that nobody ordered: a crash, a kill, a power cut. `interrupted` says
 * nothing about the version: a busy or stopping machine.
 */
export type ActivationEvent = 'done' | 'failed' | 'interrupted' | 'restart' | 'recalled' | 'retry'

/** One version on its way. */
export interface Activation {
  readonly digest: string
  readonly state: ActivationState
  /** Times that it was taken back or broke off; bounded. */
  readonly attempts: number
  /** The version that was in use when the trial began, to go back to. */
  readonly previous: string | null
}

/** What holds at this moment, read in the transaction that writes the step. */
export interface ActivationFacts {
  /** The version in use of this model. */
  readonly active: string | null
  /** Verified here as approved, not refused since, not recalled. */
  readonly mayRun: (digest: string) => boolean
  readonly mostAttempts: number
  /** Whether versions run in the shadow first. The first version of a model has nothing to be compared with. */
  readonly shadows: boolean
}

/** What is to be done in the same transaction as the step; each can be done again. */
export type ActivationEffect =
  | { readonly kind: 'begin-shadow' }
  | { readonly kind: 'end-shadow' }
  /** Score with this version from the next study on. */
  | { readonly kind: 'use'; readonly digest: string }
  /** Go back to this version. */
  | { readonly kind: 'restore'; readonly digest: string }
  /** No version of the model is left that may run. */
  | { readonly kind: 'withdraw' }

export interface ActivationStep {
  readonly next: Activation
  readonly effects: readonly ActivationEffect[]
}

/** A version whose bytes arrive. */
export function beginActivation(digest: string): Activation {
  return { digest, state: 'stage', attempts: 0, previous: null }
}

/**
 * The next step. Total: an event that says nothing in a state changes nothing. Failure or an unordered restart in `trial`
 * goes back, as in Mender; after `clean` nothing goes back by itself, because a rollback after commit would undo a version
 * for a fault that is not its own.
 */
export function step(now: Activation, event: ActivationEvent, facts: ActivationFacts): ActivationStep {
  if (ENDS.includes(now.state)) return stay(now)
  if (event === 'recalled') return leave(now, facts, 'quarantined')
  switch (now.state) {
    case 'stage':
      if (event === 'done') return to(now, 'verify')
      return event === 'failed' ? to(now, 'quarantined') : stay(now)
    case 'verify':
      if (event === 'done') return to(now, 'golden')
      if (event === 'failed') return to(now, 'quarantined')
      return event === 'restart' ? to(now, 'stage') : stay(now)
    case 'golden':
      if (event === 'done') return afterGolden(now, facts)
      if (event === 'failed') return to(now, 'quarantined')
      return event === 'retry' ? stay(now) : again(now, facts, 'golden')
    case 'shadow':
      if (event === 'done') return enterTrial(now, facts, [{ kind: 'end-shadow' }])
      if (event === 'failed') return leave(now, facts, 'quarantined')
      // Another version came into use meanwhile: what was compared says nothing any more.
      return event === 'interrupted' ? to(now, 'golden', [{ kind: 'end-shadow' }]) : stay(now)
    case 'trial':
      if (event === 'done') return to(now, 'clean')
      if (event === 'failed') return back(now, facts)
      if (event === 'restart') return canRestore(now, facts) ? back(now, facts) : goOn(now, facts)
      return stay(now)
    case 'clean':
      return event === 'done' ? to(now, 'committed') : stay(now)
    case 'waiting':
      return event === 'retry' ? to(now, 'golden') : stay(now)
    case 'committed':
    case 'quarantined':
      return stay(now)
  }
}

function afterGolden(now: Activation, facts: ActivationFacts): ActivationStep {
  const { active, shadows, mayRun } = facts
  const isCompared = shadows && active !== null && active !== now.digest && mayRun(active)
  return isCompared ? to(now, 'shadow', [{ kind: 'begin-shadow' }]) : enterTrial(now, facts, [])
}

function enterTrial(now: Activation, facts: ActivationFacts, before: readonly ActivationEffect[]): ActivationStep {
  if (!facts.mayRun(now.digest)) return to(now, 'quarantined', before)
  const previous = facts.active === now.digest ? now.previous : facts.active
  return to({ ...now, previous }, 'trial', [...before, { kind: 'use', digest: now.digest }])
}

function canRestore({ digest, previous }: Activation, { mayRun }: ActivationFacts): boolean {
  return previous !== null && previous !== digest && mayRun(previous)
}

/** Out of use, to the version before if that may still run: never onto one that was recalled or refused. */
function back(now: Activation, facts: ActivationFacts): ActivationStep {
  const attempts = now.attempts + 1
  return leave({ ...now, attempts }, facts, attempts >= facts.mostAttempts ? 'quarantined' : 'waiting')
}

/**
 * Without a version to go back to the model goes on scoring, and the restart counts: stopping it at once would leave the
 * site with none for a power cut, and never stopping it would let a version that ends the appliance do so for ever.
 */
function goOn(now: Activation, facts: ActivationFacts): ActivationStep {
  // Another version scores since: the restart says nothing about this one.
  if (facts.active !== now.digest) return stay(now)
  const attempts = now.attempts + 1
  const counted = { ...now, attempts }
  return attempts >= facts.mostAttempts ? leave(counted, facts, 'quarantined') : to(counted, 'trial')
}

function leave(now: Activation, facts: ActivationFacts, state: ActivationState): ActivationStep {
  if (now.state === 'shadow') return to(now, state, [{ kind: 'end-shadow' }])
  if (now.state !== 'trial' || facts.active !== now.digest) return to(now, state)
  const { previous } = now
  return previous !== null && canRestore(now, facts)
    ? to(now, state, [{ kind: 'restore', digest: previous }])
    : to(now, state, [{ kind: 'withdraw' }])
}

function again(now: Activation, facts: ActivationFacts, state: ActivationState): ActivationStep {
  const attempts = now.attempts + 1
  return to({ ...now, attempts }, attempts >= facts.mostAttempts ? 'quarantined' : state)
}

function to(now: Activation, state: ActivationState, effects: readonly ActivationEffect[] = []): ActivationStep {
  return { next: { ...now, state }, effects }
}

function stay(now: Activation): ActivationStep {
  return { next: now, effects: [] }
}
