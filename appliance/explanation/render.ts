import { BELOW_THRESHOLD, type HeatPalette, heatColour, heatColours } from '@leadglass/ui/contract/local-api'
import sharp from 'sharp'
import type { ExplanationContent } from '../scoring/index.ts'

type HeatMap = Extract<ExplanationContent, { method: 'occlusion' }>

/** Longer side of the map in pixels. */
const SIDE = 448
const GAP = 16
const SCALE = 24

/**
 * The map as a PNG, cell by cell without smoothing, with the scale from 0 (bottom) to the largest value (top) at its right. The
 * map has the proportions of the image.
 * @param threshold share of the largest value below which a cell stays dark.
 */
export async function renderHeatMap(
  map: HeatMap,
  image: { readonly rows: number; readonly columns: number },
  palette: HeatPalette,
  threshold: number,
): Promise<{ readonly png: Uint8Array; readonly largest: number }> {
  const longer = Math.max(image.rows, image.columns)
  const height = Math.max(map.rows, Math.round((SIDE * image.rows) / longer))
  const width = Math.max(map.columns, Math.round((SIDE * image.columns) / longer))
  const colours = heatColours([...map.values], palette, threshold)
  const whole = width + GAP + SCALE
  const pixels = new Uint8Array(whole * height * 3)
  for (let y = 0; y < height; y += 1) {
    const row = Math.floor((y * map.rows) / height)
    const scale = heatColour(1 - y / Math.max(1, height - 1), palette)
    for (let x = 0; x < whole; x += 1) {
      const cell = 3 * (row * map.columns + Math.floor((x * map.columns) / width))
      const isMap = x < width
      const colour = isMap ? colours.subarray(cell, cell + 3) : x < width + GAP ? BELOW_THRESHOLD : scale
      pixels.set(colour, (y * whole + x) * 3)
    }
  }
  const png = await sharp(pixels, { raw: { width: whole, height, channels: 3 } })
    .png()
    .toBuffer()
  return { png, largest: map.values.reduce((most, value) => Math.max(most, value), 0) }
}
