import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ACTIVATION_STATES,
  type Activation,
  type ActivationEvent,
  type ActivationFacts,
  beginActivation,
  ENDS,
  step,
} from './activation-machine.ts'

const EVENTS: readonly ActivationEvent[] = ['done', 'failed', 'interrupted', 'restart', 'recalled', 'retry']
const OLD = 'old'
const NEW = 'new'
const MOST = 3

/** A box as far as the machine can change it: what is durable, and nothing else. */
interface Box {
  activation: Activation
  active: string | null
  readonly recalled: Set<string>
  shadows: boolean
}

const facts = (box: Box): ActivationFacts => ({
  active: box.active,
  mayRun: (digest) => !box.recalled.has(digest),
  mostAttempts: MOST,
  shadows: box.shadows,
})

/** One event, committed whole or not at all; what it put to use, if anything. */
function happens(box: Box, event: ActivationEvent, isCommitted = true): string | undefined {
  if (event === 'recalled' && isCommitted) box.recalled.add(NEW)
  const { next, effects } = step(box.activation, event, facts(box))
  if (!isCommitted) return undefined
  box.activation = next
  let used: string | undefined
  for (const effect of effects) {
    if (effect.kind === 'use' || effect.kind === 'restore') {
      box.active = effect.digest
      used = effect.digest
    } else if (effect.kind === 'withdraw') box.active = null
  }
  return used
}

const anyEvent = fc.constantFrom(...EVENTS)
const crash = fc.constantFrom('none', 'before', 'after')
const history = fc.array(fc.tuple(anyEvent, crash, fc.boolean()), { maxLength: 60 })

describe('the way of a version into use', () => {
  it('goes through every step in order when nothing fails', () => {
    const box: Box = { activation: beginActivation(NEW), active: OLD, recalled: new Set(), shadows: true }
    const seen = ['stage']
    for (let i = 0; i < 6; i += 1) {
      happens(box, 'done')
      seen.push(box.activation.state)
    }
    expect(seen).toEqual(['stage', 'verify', 'golden', 'shadow', 'trial', 'clean', 'committed'])
    expect(box.active).toBe(NEW)
  })

  it('skips the shadow for the first version of a model', () => {
    const box: Box = { activation: beginActivation(NEW), active: null, recalled: new Set(), shadows: true }
    for (let i = 0; i < 3; i += 1) happens(box, 'done')
    expect(box.activation.state).toBe('trial')
  })

  it('holds, whatever happens and wherever it crashes', () => {
    fc.assert(
      fc.property(history, fc.boolean(), fc.boolean(), (events, hasOld, shadows) => {
        const box: Box = {
          activation: beginActivation(NEW),
          active: hasOld ? OLD : null,
          recalled: new Set(),
          shadows,
        }
        for (const [event, cut, recallsOld] of events) {
          if (recallsOld && event === 'failed') box.recalled.add(OLD)
          const used = happens(box, event, cut !== 'before')
          // Nothing recalled is ever put to use, least of all by going back.
          if (used !== undefined) expect(box.recalled.has(used)).toBe(false)
          if (cut !== 'none') {
            const restored = happens(box, 'restart')
            if (restored !== undefined) expect(box.recalled.has(restored)).toBe(false)
          }
          expect(ACTIVATION_STATES).toContain(box.activation.state)
          expect(box.activation.attempts).toBeLessThanOrEqual(MOST)
          // The new version scores only in a state that says so.
          if (box.active === NEW) expect(['trial', 'clean', 'committed']).toContain(box.activation.state)
          // A site that had a version that may run has one.
          if (hasOld && !box.recalled.has(OLD)) expect(box.active).not.toBeNull()
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('after a restart in trial the version before scores, from every way into the trial', () => {
    for (const shadows of [true, false]) {
      const box: Box = { activation: beginActivation(NEW), active: OLD, recalled: new Set(), shadows }
      while (box.activation.state !== 'trial') happens(box, 'done')
      expect(happens(box, 'restart')).toBe(OLD)
      expect(box.activation).toMatchObject({ state: 'waiting', attempts: 1 })
    }
  })

  it('counts every restart in the trial of a first version, lets it score until the last, and then has none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<ActivationEvent>('restart', 'interrupted', 'retry'), { maxLength: 20 }),
        (events) => {
          const box: Box = { activation: beginActivation(NEW), active: null, recalled: new Set(), shadows: true }
          while (box.activation.state !== 'trial') happens(box, 'done')
          let restarts = 0
          for (const event of events) {
            happens(box, event)
            if (event === 'restart') restarts += 1
            const isOver = restarts >= MOST
            expect(box.activation.attempts).toBe(Math.min(restarts, MOST))
            expect(box.activation.state).toBe(isOver ? 'quarantined' : 'trial')
            expect(box.active).toBe(isOver ? null : NEW)
          }
        },
      ),
    )
  })

  it('gives up after so many attempts, and no event brings the version back', () => {
    const box: Box = { activation: beginActivation(NEW), active: OLD, recalled: new Set(), shadows: false }
    for (let attempt = 0; attempt < MOST; attempt += 1) {
      happens(box, 'retry')
      while (box.activation.state !== 'trial') happens(box, 'done')
      happens(box, 'restart')
    }
    expect(box.activation.state).toBe('quarantined')
    fc.assert(
      fc.property(fc.array(anyEvent), (events) => {
        for (const event of events) happens(box, event)
        expect(box.activation.state).toBe('quarantined')
        expect(box.active).toBe(OLD)
      }),
    )
  })

  it('never goes back after the commit', () => {
    for (const event of EVENTS) {
      const committed: Activation = { digest: NEW, state: 'committed', attempts: 0, previous: OLD }
      const box: Box = { activation: committed, active: NEW, recalled: new Set(), shadows: true }
      happens(box, event)
      expect(box.active).toBe(NEW)
    }
    expect(ENDS).toEqual(['committed', 'quarantined'])
  })

  it('has no version at all rather than a recalled one', () => {
    const box: Box = { activation: beginActivation(NEW), active: OLD, recalled: new Set(), shadows: false }
    while (box.activation.state !== 'trial') happens(box, 'done')
    box.recalled.add(OLD)
    happens(box, 'failed')
    expect(box.active).toBeNull()
  })
})
