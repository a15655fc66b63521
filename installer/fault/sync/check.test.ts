import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHistory, type HistoryEntry, type HubHistory, isSound, positionOf } from './check.ts'

const STREAMS = ['audit', 'labels', 'health']

/** A source that sealed so many on each of three streams. */
function sealed(each: number): HistoryEntry[] {
  return STREAMS.flatMap((stream) =>
    Array.from({ length: each }, (_, i) => ({
      device: 'box-01',
      epoch: 1,
      stream,
      sequence: i + 1,
      digest: `digest ${stream} ${i}`,
      content: `content ${stream} ${i}`,
    })),
  )
}

function hubOf(effects: readonly HistoryEntry[], orphans = 0): HubHistory {
  return { effects, unreadable: [], orphans, duplicatesDropped: 0 }
}

const verdictOf = (source: readonly HistoryEntry[], hub: HubHistory) =>
  checkHistory(source, hub, new Map(source.map((one) => [positionOf(one), one.digest])), new Set())

describe('the check of a history', () => {
  it('finds nothing when everything took effect once, in any order of streams', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(STREAMS, { minLength: 3 }), fc.integer({ min: 1, max: 20 }), (order, each) => {
        const source = sealed(each)
        const effects = order.flatMap((stream) => source.filter((one) => one.stream === stream))
        expect(isSound(verdictOf(source, hubOf(effects)))).toBe(true)
      }),
    )
  })

  it('sees any effect that is missing, as lost and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 29 }), (at) => {
        const source = sealed(10)
        const verdict = verdictOf(source, hubOf(source.toSpliced(at, 1)))
        expect(verdict.lost).toEqual([positionOf(source[at] as HistoryEntry)])
        expect(verdict.doubled).toEqual([])
      }),
    )
  })

  it('sees any effect that took place twice, at its own position or at another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 29 }), fc.boolean(), (at, elsewhere) => {
        const source = sealed(10)
        const one = source[at] as HistoryEntry
        const again = elsewhere ? { ...one, sequence: 11, digest: 'another' } : one
        const verdict = verdictOf(source, hubOf([...source, again]))
        expect(verdict.doubled).toEqual([positionOf(again)])
        expect(verdict.lost).toEqual([])
      }),
    )
  })

  it('sees rows of effects that belong to no envelope', () => {
    const source = sealed(3)
    expect(verdictOf(source, hubOf(source, 2)).doubled).toHaveLength(2)
  })

  it('tells what was altered from what was never sealed', () => {
    const source = sealed(2)
    const [first, ...rest] = source
    const altered = { ...(first as HistoryEntry), digest: 'x', content: 'x' }
    const stranger = { ...(first as HistoryEntry), stream: 'drift', digest: 'y', content: 'y' }
    const verdict = verdictOf(source, hubOf([altered, ...rest, stranger]))
    expect(verdict.altered).toEqual([positionOf(altered)])
    expect(verdict.unexpected).toEqual([positionOf(stranger)])
    expect(verdict.doubled).toEqual([])
  })

  it('sees two effects of a stream in the wrong order, and what a source told and then forgot', () => {
    const source = sealed(2)
    const [a, b, ...rest] = source as [HistoryEntry, HistoryEntry, ...HistoryEntry[]]
    expect(verdictOf(source, hubOf([b, a, ...rest])).outOfOrder).not.toEqual([])
    const told = new Map([...source, { ...a, sequence: 9 }].map((one) => [positionOf(one), one.digest]))
    expect(checkHistory(source, hubOf(source), told, new Set()).forgotten).toEqual(['box-01/1/audit/9'])
  })

  it('counts as recovered what a fault caught and what is there in the end', () => {
    const source = sealed(2)
    const caught = new Set([positionOf(source[0] as HistoryEntry), 'box-01/1/audit/77'])
    expect(checkHistory(source, hubOf(source), new Map(), caught).recovered).toBe(1)
  })
})
