import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkHistory, type InstanceOutcome, isSound } from './check.ts'

const sent = (uid: string, acknowledged = true): InstanceOutcome => ({
  sopInstanceUid: uid,
  contentDigest: `content of ${uid}`,
  acknowledged,
})
const held = (uid: string, contentDigest: string | undefined = `content of ${uid}`) => ({
  sopInstanceUid: uid,
  contentDigest,
})

describe('the check of a history', () => {
  it('finds everything acknowledged that is held as it was sent', () => {
    const verdict = checkHistory([sent('1'), sent('2')], [held('2'), held('1')])
    expect(verdict).toMatchObject({ acknowledged: 2, recovered: 2, lost: [], altered: [], doubled: [] })
    expect(isSound(verdict)).toBe(true)
  })

  it('says which acknowledged instance is missing', () => {
    const verdict = checkHistory([sent('1'), sent('2')], [held('1')])
    expect(verdict).toMatchObject({ acknowledged: 2, recovered: 1, lost: ['2'] })
    expect(isSound(verdict)).toBe(false)
  })

  it('takes an acknowledged instance whose content cannot be read for lost', () => {
    const verdict = checkHistory([sent('1')], [{ sopInstanceUid: '1', contentDigest: undefined }])
    expect(verdict).toMatchObject({ recovered: 0, lost: ['1'] })
    expect(isSound(verdict)).toBe(false)
  })

  it('says which instance is held with another content', () => {
    const verdict = checkHistory([sent('1'), sent('2', false)], [held('1', 'other'), held('2', 'other')])
    expect(verdict).toMatchObject({ recovered: 0, lost: [], altered: ['1', '2'] })
    expect(isSound(verdict)).toBe(false)
  })

  it('says when an instance that was never acknowledged is registered without a content', () => {
    const verdict = checkHistory([sent('1', false)], [{ sopInstanceUid: '1', contentDigest: undefined }])
    expect(verdict.altered).toEqual(['1'])
  })

  it('says which instance is held twice, though both are right', () => {
    const verdict = checkHistory([sent('1')], [held('1'), held('1')])
    expect(verdict).toMatchObject({ recovered: 1, doubled: ['1'] })
    expect(isSound(verdict)).toBe(false)
  })

  it('says when one of two copies is altered', () => {
    expect(checkHistory([sent('1')], [held('1'), held('1', 'other')]).altered).toEqual(['1'])
  })

  it('says what nobody sent', () => {
    const verdict = checkHistory([], [held('9')])
    expect(verdict.unexpected).toEqual(['9'])
    expect(isSound(verdict)).toBe(false)
  })

  it('allows what was never acknowledged to be held or not', () => {
    const verdict = checkHistory([sent('1', false), sent('2', false)], [held('1')])
    expect(verdict).toMatchObject({ acknowledged: 0, keptUnacknowledged: 1, lost: [] })
    expect(isSound(verdict)).toBe(true)
  })

  it('notices whatever one acknowledged instance is taken away', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { minLength: 1 }), fc.nat(), (numbers, choice) => {
        const history = numbers.map((number) => sent(String(number)))
        const missing = String(numbers[choice % numbers.length])
        const rest = history
          .filter((entry) => entry.sopInstanceUid !== missing)
          .map((entry) => held(entry.sopInstanceUid))
        const verdict = checkHistory(history, rest)
        expect(verdict.lost).toEqual([missing])
        expect(verdict.recovered).toBe(numbers.length - 1)
      }),
    )
  })
})
