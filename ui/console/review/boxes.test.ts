import { describe, expect, it } from 'vitest'
import { boxAfterKey, boxBetween, middleBox, within } from './boxes.ts'

const SIZE = { width: 100, height: 50 }
const BOX = { left: 10, top: 10, width: 20, height: 10 }
const key = (name: string, shiftKey = false, altKey = false) => ({ key: name, shiftKey, altKey })

describe('boxes over a picture', () => {
  it('move and grow by keys and stay inside', () => {
    expect(boxAfterKey(BOX, key('ArrowRight'), SIZE)).toEqual({ ...BOX, left: 11 })
    expect(boxAfterKey(BOX, key('ArrowLeft', true), SIZE)).toEqual({ ...BOX, left: 0 })
    expect(boxAfterKey(BOX, key('ArrowDown', true, true), SIZE)).toEqual({ ...BOX, height: 30 })
    expect(boxAfterKey(BOX, key('ArrowUp', true, true), SIZE)).toEqual({ ...BOX, height: 1 })
    expect(boxAfterKey(BOX, key('a'), SIZE)).toBeUndefined()
  })

  it('are drawn from any corner to any other', () => {
    expect(boxBetween([30.2, 20.9], [10.7, 5.1], SIZE)).toEqual({ left: 10, top: 5, width: 20, height: 16 })
    expect(boxBetween([-5, -5], [500, 500], SIZE)).toEqual({ left: 0, top: 0, width: 100, height: 50 })
  })

  it('are never empty', () => {
    expect(within({ left: 200, top: 3, width: 0, height: 0 }, SIZE)).toEqual({ left: 99, top: 3, width: 1, height: 1 })
    expect(middleBox({ width: 1, height: 1 })).toEqual({ left: 0, top: 0, width: 1, height: 1 })
  })
})
