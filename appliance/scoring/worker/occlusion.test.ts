import { describe, expect, it } from 'vitest'
import { type ImageTensor, OCCLUSION_PLAN, occlusionMap, patchesOf } from './occlusion.ts'

/** Grey everywhere, with one bright cell in the grid of 14. */
function imageWith(row: number, column: number): ImageTensor {
  const [channels, height, width] = [2, 28, 42]
  const values = new Float32Array(channels * height * width).fill(0.25)
  for (let channel = 0; channel < channels; channel += 1) {
    for (let y = 2 * row; y < 2 * row + 2; y += 1) {
      values.fill(1, (channel * height + y) * width + 3 * column, (channel * height + y) * width + 3 * column + 3)
    }
  }
  return { values, channels, height, width }
}

const brightest = async (values: Float32Array): Promise<number> =>
  values.reduce((most, value) => Math.max(most, value), 0)

describe('a map by hiding parts of the image', () => {
  it('is largest where the score comes from, in an image that is not square', async () => {
    for (const [row, column] of [
      [0, 0],
      [5, 9],
      [13, 13],
    ] as const) {
      const image = imageWith(row, column)
      const before = image.values.slice()
      const { values, rows, columns, passes } = await occlusionMap(image, 1, brightest)
      expect([...values.keys()].toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0))[0]).toBe(row * columns + column)
      expect([rows, columns, passes]).toEqual([14, 14, patchesOf(OCCLUSION_PLAN).length])
      expect(image.values, 'the image is left as it was').toEqual(before)
    }
  })

  it('costs a bounded number of runs, hides every cell, and is nothing where nothing matters', async () => {
    const patches = patchesOf(OCCLUSION_PLAN)
    expect(patches).toHaveLength(205)
    const { cells } = OCCLUSION_PLAN
    for (const { size } of OCCLUSION_PLAN.patches) {
      const covered = new Set(
        patches
          .filter((one) => one.size === size)
          .flatMap(({ top, left, bottom, right }) =>
            Array.from({ length: (bottom - top) * (right - left) }, (_, at) => {
              const wide = right - left
              return (top + Math.floor(at / wide)) * cells + left + (at % wide)
            }),
          ),
      )
      expect(covered.size).toBe(cells * cells)
    }
    const { values } = await occlusionMap(imageWith(3, 3), 0.5, async () => 0.5)
    expect(values.every((value) => value === 0)).toBe(true)
  })

  it('restores what it hid before it hides the next part', async () => {
    const image = imageWith(7, 7)
    let most = 0
    await occlusionMap(image, 0, async (values) => {
      most = Math.max(most, values.filter((value, at) => value !== image.values[at]).length)
      return 0
    })
    expect(most).toBeLessThanOrEqual(2 * 8 * 12)
  })
})
