import { describe, expect, it } from 'vitest'
import { BELOW_THRESHOLD, HEAT_PALETTES, type HeatPalette, heatColour, heatColours } from './heat-palette.ts'

const lightness = ([r, g, b]: readonly [number, number, number]): number => 0.2126 * r + 0.7152 * g + 0.0722 * b

describe('the scales of heat maps', () => {
  it.each(Object.keys(HEAT_PALETTES) as HeatPalette[])('%s grows lighter with every step', (palette) => {
    const steps = Array.from({ length: 101 }, (_, at) => lightness(heatColour(at / 100, palette)))
    for (const [at, value] of steps.entries()) expect(value).toBeGreaterThanOrEqual(steps[at - 1] ?? 0)
    expect((steps[100] ?? 0) - (steps[0] ?? 0)).toBeGreaterThan(150)
  })

  it('ends at its ends, whatever is asked', () => {
    expect(heatColour(0, 'cividis')).toEqual([0, 34, 78])
    expect(heatColour(1, 'viridis')).toEqual([253, 231, 37])
    expect(heatColour(7, 'viridis')).toEqual([253, 231, 37])
    expect(heatColour(Number.NaN, 'cividis')).toEqual([0, 34, 78])
  })

  it('leaves dark what is below the threshold, speaks against the score, or is nothing', () => {
    const colours = heatColours([1, 0.2, -3, 0], 'cividis', 0.25)
    expect([...colours.subarray(0, 3)]).toEqual([254, 232, 56])
    for (const at of [3, 6, 9]) expect([...colours.subarray(at, at + 3)]).toEqual([...BELOW_THRESHOLD])
    expect([...heatColours([0, 0], 'viridis', 0)], 'a map of nothing is dark').toEqual([
      ...BELOW_THRESHOLD,
      ...BELOW_THRESHOLD,
    ])
  })
})
