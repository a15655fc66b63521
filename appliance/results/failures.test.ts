import { describe, expect, it } from 'vitest'
import { LISTED_CODES, meaningOf } from './failures.ts'
import { failedFor } from './retry.ts'

describe('what a failure means', () => {
  it.each([
    ['association-rejected-permanent', 'permanent', 'destination'],
    ['association-rejected-transient', 'transient', 'destination'],
    ['connection-refused', 'transient', 'destination'],
    ['tls-failed', 'transient', 'destination'],
    ['timed-out', 'ambiguous', 'destination'],
    ['no-presentation-context', 'permanent', 'object'],
    ['status-a700', 'transient', 'destination'],
    ['status-a7ff', 'transient', 'destination'],
    ['status-0213', 'transient', 'destination'],
    ['status-0110', 'transient', 'object'],
    ['status-0122', 'permanent', 'object'],
    ['status-a900', 'permanent', 'object'],
    ['status-c123', 'permanent', 'object'],
    ['status-0124', 'permanent', 'destination'],
    ['status-7777', 'permanent', 'object'],
    ['http-unreachable', 'transient', 'destination'],
    ['http-lost', 'ambiguous', 'destination'],
    ['http-401', 'permanent', 'destination'],
    ['http-413', 'permanent', 'object'],
    ['http-429', 'transient', 'destination'],
    ['http-503', 'transient', 'destination'],
    ['http-507', 'transient', 'destination'],
    ['http-599', 'ambiguous', 'destination'],
    ['http-302', 'permanent', 'destination'],
    ['http-418', 'permanent', 'object'],
    ['something-else', 'permanent', 'object'],
  ] as const)('%s is %s and concerns the %s', (reason, failureClass, concerns) => {
    expect(meaningOf(reason)).toMatchObject({ failureClass, concerns })
    expect(failedFor(reason).kind).toBe(failureClass === 'permanent' ? 'dead' : 'again')
  })

  it('has words of advice for every code that it lists, and knows every status', () => {
    for (const code of LISTED_CODES) expect(meaningOf(code).nextStep.length, code).toBeGreaterThan(5)
    for (let status = 0; status <= 0xffff; status += 1)
      expect(meaningOf(`status-${status.toString(16).padStart(4, '0')}`).nextStep).not.toBe('')
  })
})
