import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DimseError } from '../dimse/index.ts'
import { backoffMs, verdictOf } from './retry.ts'

describe('what an answer means for a delivery', () => {
  it.each([
    ['accepted', { kind: 'accepted', status: 0 }, 'accepted'],
    ['out of resources', { kind: 'refused', status: 0xa700, comment: '', failureClass: 'transient' }, 'again'],
    ['not the SOP class', { kind: 'refused', status: 0x0122, comment: '', failureClass: 'permanent' }, 'dead'],
    ['has it already', { kind: 'refused', status: 0x0111, comment: '', failureClass: 'permanent' }, 'accepted'],
    ['is down', { kind: 'not-sent', error: new DimseError('connection-refused', 'x') }, 'again'],
    ['broke off', { kind: 'not-sent', error: new DimseError('connection-lost', 'x') }, 'again'],
    ['does not know us', { kind: 'not-sent', error: new DimseError('association-rejected-permanent', 'x') }, 'dead'],
  ] as const)('%s', (_name, result, expected) => {
    expect(verdictOf(result).kind).toBe(expected)
  })

  it('waits longer each time, between 1 s and 5 min', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, chance) => {
        const wait = backoffMs(attempts, chance)
        expect(wait).toBeGreaterThanOrEqual(1000)
        expect(wait).toBeLessThanOrEqual(300_000)
        expect(backoffMs(attempts + 1, chance)).toBeGreaterThanOrEqual(wait)
      }),
    )
  })
})
