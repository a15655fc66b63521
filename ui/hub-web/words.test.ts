import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seedDrift } from '../testing/seeds/hub-drift.ts'
import { seedAudit } from '../testing/seeds/hub-fleet.ts'
import { seedApprovals } from '../testing/seeds/hub-registry.ts'
import { readEvent } from './audit-event.ts'
import { byShift, meaningOf, shares, siteOf, windowWords } from './drift-words.ts'
import { isOpen, signoffsOf } from './signoffs.ts'

describe('drift', () => {
  it('comes newest window first, then largest shift, with what cannot be judged last in its window', () => {
    const rows = byShift(seedDrift().features)
    expect(rows).toHaveLength(seedDrift().features.length)
    const windows = rows.map(({ window }) => window.from)
    expect(windows).toEqual([...windows].sort().reverse())
    const newest = rows.filter(({ window }) => window.from === windows[0])
    expect(newest.at(-1)?.verdict).toBe('too-few')
    expect(newest[0]?.level).toBe(Math.max(...newest.map(({ level }) => level ?? -1)))
  })

  it('says what a shift means where an index says less', () => {
    const [row] = seedDrift().features
    if (row === undefined) throw new Error('no row')
    expect(meaningOf(row)).toBe('21.0 % above the operating point, now 28.0 %')
    expect(meaningOf({ ...row, positives: null })).toBe('q 1.0')
    expect(meaningOf({ ...row, positives: null, quantiles: [120.4, 180, null] })).toBe('120 ms / 180 ms / –')
    expect(meaningOf({ ...row, positives: null, q: null })).toBe('–')
    expect(meaningOf({ ...row, referenceOf: 'site' })).toContain('now 28.0 %, against its first windows')
  })

  it('names windows of whole days by their days, and sites by their names', () => {
    const window = { from: '2026-11-21T00:00:00.000Z', to: '2026-11-22T00:00:00.000Z' }
    expect(windowWords(window)).toBe('2026-11-21 to 2026-11-22')
    expect(windowWords({ ...window, to: '2026-11-21T06:00:00.000Z' })).toBe('2026-11-21 00:00 to 2026-11-21 06:00')
    expect([siteOf('*'), siteOf('box-1')]).toEqual(['all sites', 'box-1'])
  })

  it('compares shares, which sum to one unless nothing was counted', () => {
    expect(shares([0, 0])).toEqual([0, 0])
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1 }), (counts) => {
        const sum = shares(counts).reduce((total, share) => total + share, 0)
        expect(sum).toBeCloseTo(counts.some((count) => count > 0) ? 1 : 0, 9)
      }),
    )
  })
})

describe('sign-offs', () => {
  const [open, published] = seedApprovals()

  it('name everybody who must sign, signed or not', () => {
    expect(open && signoffsOf(open).map(({ person, signature }) => [person, signature !== undefined])).toEqual([
      ['clinical-1', false],
      ['technical-1', true],
    ])
    expect(published && signoffsOf(published).every(({ signature }) => signature !== undefined)).toBe(true)
  })

  it('do not take a signature in another role for the one asked for, and still show it', () => {
    const [asked] = open?.signoffs ?? []
    const [signature] = open?.signatures ?? []
    if (asked === undefined || signature === undefined) throw new Error('the seed has a signature')
    const found = signoffsOf({ signoffs: [asked], signatures: [{ ...signature, person: asked.person }] })
    expect(found.map((one) => [one.role, one.signature !== undefined])).toEqual([
      ['clinical', false],
      ['technical', true],
    ])
  })

  it('are awaited only while the approval is open', () => {
    expect((['submitted', 'partially-signed'] as const).every(isOpen)).toBe(true)
    expect((['approved', 'published', 'rejected', 'withdrawn'] as const).some(isOpen)).toBe(false)
  })
})

describe('entries of a log', () => {
  it('are read leniently, and what cannot be read is said so', () => {
    const events = seedAudit('hub').entries.map(({ event }) => readEvent(event))
    expect(events.filter((event) => event === undefined)).toHaveLength(1)
    expect(readEvent({ ...(seedAudit('hub').entries[0]?.event as object), newMember: 1 })).toBeDefined()
    expect(readEvent('text')).toBeUndefined()
  })
})
