import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { glob, matches } from './matching.ts'

describe('attribute matching (PS3.4 C.2.2.2)', () => {
  it.each([
    ['uid', '1.2\\1.3', '1.3', true],
    ['uid', '1.2', '1.22', false],
    ['uid', '', '1.2', true],
    ['date', '20260101-20260131', '20260131', true],
    ['date', '20260101-20260131', '20260201', false],
    ['date', '-20260131', '19990101', true],
    ['date', '20260131-', '20260130', false],
    ['date', '20260102', '20260102', true],
    ['date', '20260102', '', false],
    ['time', '1000-12', '125959.99', true],
    ['time', '10', '101500', true],
    ['time', '10:15', '101500', true],
    ['name', 'doe^*', 'DOE^JANE', true],
    ['name', 'DOE', 'DOE^', true],
    ['name', 'DOE', 'DOER', false],
    ['text', 'A?1', 'AB1', true],
    ['text', 'A', 'a', false],
    ['text', '*', '', true],
    ['text', '?', '', false],
  ] as const)('%s key %j on %j: %j', (kind, key, value, expected) => {
    expect(matches(kind, key, value)).toBe(expected)
  })

  it('globs as the plain definition does', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
    const plain = (pattern: string, value: string): boolean => {
      const [first, rest] = [pattern[0], pattern.slice(1)]
      if (first === undefined) return value === ''
      if (first === '*') return plain(rest, value) || (value !== '' && plain(pattern, value.slice(1)))
      return value !== '' && (first === '?' || first === value[0]) && plain(rest, value.slice(1))
    }
    fc.assert(
      fc.property(few, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, value) => {
        expect(glob(pattern, value)).toBe(plain(pattern, value))
      }),
      { numRuns: 2000 },
    )
  })

  it('does not blow up on a hostile pattern', () => {
    const started = performance.now()
    expect(glob(`${'*a'.repeat(5000)}b`, 'a'.repeat(20_000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(3000)
  })
})
