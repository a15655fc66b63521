import { describe, expect, it } from 'vitest'
import { commandOf, nextRow, type Place, SHORTCUTS } from './shortcuts.ts'

const PLACES: readonly Place[] = ['text', 'control', 'row', 'page']
const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
})

describe('the shortcut table', () => {
  it('gives each key one meaning', () => {
    const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('never acts while somebody writes, nor with a key that belongs to the browser', () => {
    for (const key of SHORTCUTS.flatMap((shortcut) => shortcut.keys)) {
      expect(commandOf(press(key), 'text')).toBeUndefined()
      for (const held of ['ctrlKey', 'metaKey', 'altKey'] as const) {
        expect(PLACES.map((place) => commandOf(press(key, { [held]: true }), place))).toEqual(
          PLACES.map(() => undefined),
        )
      }
    }
  })

  it('moves rows with letters from anywhere, with arrows only from rows and the bare page', () => {
    expect(commandOf(press('j'), 'control')).toBe('next-row')
    expect(commandOf(press('k'), 'page')).toBe('previous-row')
    expect(commandOf(press('ArrowDown'), 'row')).toBe('next-row')
    expect(commandOf(press('ArrowDown'), 'control')).toBeUndefined()
  })

  it('leaves Enter and Escape to the browser, and unknown keys alone', () => {
    expect(['Enter', 'Escape', 'q'].map((key) => commandOf(press(key), 'row'))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('the next row', () => {
  it('starts at the first and stops at both ends', () => {
    expect(nextRow(-1, 5, -1)).toBe(0)
    expect(nextRow(0, 5, -1)).toBe(0)
    expect(nextRow(3, 5, 1)).toBe(4)
    expect(nextRow(4, 5, 1)).toBe(4)
  })
})
