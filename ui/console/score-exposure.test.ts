import { beforeEach, describe, expect, it } from 'vitest'
import { rememberShown, type Shelf, wereShown } from './score-exposure.ts'

describe('what was on the screen', () => {
  const kept = new Map<string, string>()
  const shelf: Shelf = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }

  beforeEach(() => kept.clear())

  it('is remembered by study and by nothing else', () => {
    rememberShown(['aa', 'bb'], shelf)
    rememberShown(['bb', 'cc'], shelf)
    expect(['aa', 'bb', 'cc', 'dd'].map((study) => wereShown(study, shelf))).toEqual([true, true, true, false])
    expect([...kept.values()]).toEqual(['aa bb cc'])
  })

  it('is empty in a new tab', () => {
    expect(wereShown('', shelf)).toBe(false)
    expect(wereShown('aa', shelf)).toBe(false)
  })

  it('forgets the oldest first when there is too much', () => {
    rememberShown(['first', ...Array.from({ length: 20_000 }, (_, place) => `s${place}`)], shelf)
    expect(wereShown('first', shelf)).toBe(false)
    expect(wereShown('s19999', shelf)).toBe(true)
  })
})
