import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatAge,
  formatBytes,
  formatInstant,
  formatInterval,
  formatZone,
  shorten,
  showControls,
  wordsOf,
} from './format.ts'

describe('formatting for people', () => {
  it('shows an instant in the zone of the reader, with every part in two digits', () => {
    const local = new Date(2026, 0, 2, 3, 4, 5)
    expect(formatInstant(local.toISOString())).toBe('2026-01-02 03:04:05')
  })

  it('names the zone by its distance from UTC', () => {
    expect(formatZone(-60)).toBe('UTC+01:00')
    expect(formatZone(0)).toBe('UTC+00:00')
    expect(formatZone(210)).toBe('UTC−03:30')
  })

  it('shows bytes in the largest unit that leaves at least one', () => {
    expect([0, 1023, 1024, 1536, 412_316_860_416, 2 ** 60].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '1.5 KiB',
      '384.0 GiB',
      '1048576.0 TiB',
    ])
  })

  it('shows an age rounded down', () => {
    expect([0, 59.9, 97.4, 3_600, 19_260, 183_600].map(formatAge)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '1 h 0 min',
      '5 h 21 min',
      '2 d 3 h',
    ])
  })

  it('shows an interval only when both ends are known', () => {
    expect(formatInterval(0.9488, 0.9049, 0.9926)).toBe('0.949 (0.905–0.993)')
    expect(formatInterval(0.094, null, 0.1)).toBe('0.094')
  })

  it('shortens what is longer than twelve characters', () => {
    expect(shorten('0123456789ab')).toBe('0123456789ab')
    expect(shorten('0123456789abc')).toBe('0123456789ab…')
  })

  it('reads a code as words', () => {
    expect(wordsOf('stopped-by-gate')).toBe('stopped by gate')
  })

  it('shows every character that would turn or hide what follows, and keeps all others', () => {
    expect(showControls('A\u202EB\u2066C\u0007D')).toBe('A\uFFFDB\uFFFDC\uFFFDD')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (words) => {
        const shown = showControls(words)
        expect(shown).toHaveLength(words.length)
        expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
        const kept = [...shown].every((character) => character === '\uFFFD' || words.includes(character))
        expect(kept).toBe(true)
      }),
    )
  })
})
