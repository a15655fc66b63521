import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { STREAMS, type StreamName } from '../contract/index.ts'
import { chooseStream, MAX_PASSED_OVER, type PassedOver } from './stream-choice.ts'

describe('whose turn it is', () => {
  it('is audit before everything else', () => {
    expect(chooseStream(new Set(['health', 'features', 'audit']), {})?.stream).toBe('audit')
    expect(chooseStream(new Set(['health', 'drift']), {})?.stream).toBe('drift')
    expect(chooseStream(new Set(), {})).toBeUndefined()
  })

  it('comes to every waiting stream within a bounded number of turns', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom<StreamName>(...STREAMS), { minLength: 1 }), (waiting) => {
        let passedOver: PassedOver = {}
        const lastTurn = new Map<StreamName, number>(waiting.map((stream) => [stream, 0]))
        for (let turn = 1; turn <= 200; turn++) {
          const choice = chooseStream(new Set(waiting), passedOver)
          if (choice === undefined) return false
          passedOver = choice.passedOver
          lastTurn.set(choice.stream, turn)
          for (const last of lastTurn.values())
            expect(turn - last).toBeLessThanOrEqual(MAX_PASSED_OVER + STREAMS.length)
        }
        return true
      }),
    )
  })

  it('gives audit most of the turns all the same', () => {
    let passedOver: PassedOver = {}
    let audit = 0
    for (let turn = 0; turn < 1000; turn++) {
      const choice = chooseStream(new Set(STREAMS), passedOver)
      passedOver = choice?.passedOver ?? {}
      if (choice?.stream === 'audit') audit += 1
    }
    expect(audit).toBeGreaterThan(700)
  })
})
