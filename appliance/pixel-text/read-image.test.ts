import { describe, expect, it } from 'vitest'
import { framesToRead, magnificationsOf, mayBeLetters } from './read-image.ts'

describe('how hard an image is looked at', () => {
  it('spreads the frames, the first and the last among them', () => {
    expect(framesToRead(3, 8)).toEqual([0, 1, 2])
    expect(framesToRead(100, 4)).toEqual([0, 33, 66, 99])
    expect(framesToRead(100, 1)).toEqual([0])
  })

  it('magnifies small frames, thumbnails most', () => {
    expect(magnificationsOf({ width: 2000, height: 1000 })).toEqual([1])
    expect(magnificationsOf({ width: 640, height: 480 })).toEqual([1, 2])
    expect(magnificationsOf({ width: 128, height: 96 })).toEqual([1, 2, 4])
    expect(magnificationsOf({ width: 64, height: 48 })).toEqual([1, 2, 4, 8])
  })

  it('takes a region without a letter in it for letters only when it has the size of some', () => {
    expect(mayBeLetters({ width: 36, height: 28 })).toBe(true)
    expect(mayBeLetters({ width: 397, height: 324 })).toBe(false)
    expect(mayBeLetters({ width: 3, height: 2 })).toBe(false)
  })
})
