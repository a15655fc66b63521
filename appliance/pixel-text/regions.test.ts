import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { REGION_LIMITS, scaledBox, textRegions } from './regions.ts'

function map(width: number, height: number, blocks: readonly [number, number, number, number][]) {
  const probabilities = new Float32Array(width * height)
  for (const [left, top, w, h] of blocks)
    for (let y = top; y < top + h; y += 1) for (let x = left; x < left + w; x += 1) probabilities[y * width + x] = 0.9
  return { width, height, probabilities }
}

describe('regions of text', () => {
  it('grows each line to all sides and orders them from the top down', () => {
    const found =
      textRegions(
        map(100, 50, [
          [50, 30, 20, 4],
          [10, 10, 30, 4],
        ]),
      ) ?? []
    expect(found).toHaveLength(2)
    const [upper, lower] = found
    expect(upper?.top).toBeLessThan(10)
    expect((upper?.left ?? 0) + (upper?.width ?? 0)).toBeGreaterThan(40)
    expect(lower?.top).toBeGreaterThan(20)
  })

  it('finds nothing in an empty map and ignores single specks', () => {
    expect(textRegions(map(40, 40, []))).toEqual([])
    expect(
      textRegions(
        map(40, 40, [
          [3, 3, 1, 1],
          [20, 20, 2, 2],
        ]),
      ),
    ).toEqual([])
  })

  it('gives up on a texture', () => {
    const specks = Array.from({ length: REGION_LIMITS.mostLines + 1 }, (_, i): [number, number, number, number] => [
      (i % 50) * 5,
      Math.floor(i / 50) * 5,
      3,
      3,
    ])
    expect(textRegions(map(260, 60, specks))).toBeUndefined()
  })

  it('keeps every pixel of a line within its box, and every box within the picture', () => {
    const block = fc.tuple(fc.nat(60), fc.nat(30), fc.integer({ min: 3, max: 30 }), fc.integer({ min: 3, max: 15 }))
    fc.assert(
      fc.property(block, ([left, top, w, h]) => {
        const found = textRegions(map(100, 50, [[left, top, w, h]])) ?? []
        return found.some(
          (box) =>
            box.left <= left &&
            box.top <= top &&
            box.left + box.width >= left + w &&
            box.top + box.height >= top + h &&
            box.left + box.width <= 100 &&
            box.top + box.height <= 50,
        )
      }),
    )
  })

  it('scales boxes outwards', () => {
    const box = { left: 3, top: 3, width: 3, height: 3 }
    expect(scaledBox(box, { width: 64, height: 64 }, { width: 33, height: 32 })).toEqual({
      left: 1,
      top: 1,
      width: 3,
      height: 2,
    })
  })
})
