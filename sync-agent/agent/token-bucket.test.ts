import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

describe('the token bucket', () => {
  it('limits nothing until it is told a rate, and nothing again without one', () => {
    const bucket = new TokenBucket()
    bucket.take(1e9)
    expect(bucket.mayTake(0)).toBe(true)
    bucket.limit(1000, 0)
    bucket.take(10_000)
    expect(bucket.mayTake(0)).toBe(false)
    bucket.limit(null, 0)
    expect(bucket.mayTake(0)).toBe(true)
  })

  it('keeps the average whatever is sent when, within two seconds of rate and one batch', () => {
    const sizes = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 200_000 }), wait: fc.nat(5000) }), {
      minLength: 1,
    })
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 1_000_000 }), sizes, (rate, steps) => {
        const bucket = new TokenBucket()
        bucket.limit(rate, 0)
        let [now, sent, largest] = [0, 0, 0]
        for (const { bytes, wait } of steps) {
          now += wait
          if (!bucket.mayTake(now)) continue
          bucket.take(bytes)
          sent += bytes
          largest = Math.max(largest, bytes)
          expect(sent).toBeLessThanOrEqual((now / 1000) * rate + 2 * rate + largest)
        }
      }),
    )
  })

  it('never holds back for ever: what is owed is paid off at the rate', () => {
    const bucket = new TokenBucket()
    bucket.limit(1000, 0)
    bucket.take(200_000)
    expect(bucket.mayTake(197_000)).toBe(false)
    expect(bucket.mayTake(199_000)).toBe(true)
  })
})
