import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seedAudit, seedDrift } from '../testing/seeds/hub-fleet.ts'
import { seedApprovals } from '../testing/seeds/hub-registry.ts'
import { readEvent } from './audit-event.ts'
import { byShift, shares } from './drift-words.ts'
import { isOpen, signoffsOf } from './signoffs.ts'

describe('drift', () => {
  it('comes newest month first, then largest shift, with what cannot be judged last in its month', () => {
    const rows = byShift(seedDrift().features)
    expect(rows).toHaveLength(seedDrift().features.length)
    const months = rows.map(({ month }) => month)
    expect(months).toEqual([...months].sort().reverse())
    const newest = rows.filter(({ month }) => month === months[0])
    expect(newest.at(-1)?.verdict).toBe('too-few')
    expect(newest[0]?.psi).toBe(Math.max(...newest.map(({ psi }) => psi ?? -1)))
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
