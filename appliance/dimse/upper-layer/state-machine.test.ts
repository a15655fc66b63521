import { describe, expect, it } from 'vitest'
import { type AssociationState, type ProtocolEvent, type Reaction, reactionTo } from './state-machine.ts'

const EVENTS: readonly ProtocolEvent[] = [
  'associate-request',
  'associate-accept',
  'associate-reject',
  'data',
  'release-request',
  'release-response',
  'abort',
  'invalid',
]

/** PS3.8 table 9-10: every cell that is not one of these is an abort. */
const EXCEPTIONS: Readonly<Record<AssociationState, Partial<Record<ProtocolEvent, Reaction>>>> = {
  'awaiting-request': { 'associate-request': 'indicate', abort: 'close' },
  'awaiting-answer': { 'associate-accept': 'indicate', 'associate-reject': 'indicate', abort: 'indicate' },
  established: { data: 'indicate', 'release-request': 'indicate', abort: 'indicate' },
  'awaiting-release-response': {
    data: 'indicate',
    'release-request': 'answer-release',
    'release-response': 'indicate',
    abort: 'indicate',
  },
  'release-collision': { 'release-response': 'indicate', abort: 'indicate' },
}

describe('the state machine of PS3.8 9.2', () => {
  for (const [state, exceptions] of Object.entries(EXCEPTIONS)) {
    it.each(EVENTS)(`${state}: %s`, (event) => {
      const otherwise = state === 'awaiting-request' ? 'abort-as-user' : 'abort-as-provider'
      expect(reactionTo(state as AssociationState, event)).toBe(exceptions[event] ?? otherwise)
    })
  }
})
