/** Colour scales whose lightness only rises, so that they can be read without telling hues apart; ten anchors from low to high. */
export const HEAT_PALETTES = {
  cividis: ['00224e', '123570', '3b496c', '575d6d', '707173', '8a8678', 'a59c74', 'c3b369', 'e1cc55', 'fee838'],
  viridis: ['440154', '482878', '3e4989', '31688e', '26828e', '1f9e89', '35b779', '6dcd59', 'b4de2c', 'fde725'],
} as const
export type HeatPalette = keyof typeof HEAT_PALETTES

/** What lies below the threshold: darker than any colour of the scales. */
export const BELOW_THRESHOLD = [16, 18, 22] as const

/**
 * The colour of a share of the largest value.
 * @param share 0 to 1; outside of it the ends of the scale. @returns red, green and blue, 0 to 255.
 */
export function heatColour(share: number, palette: HeatPalette): readonly [number, number, number] {
  const anchors = HEAT_PALETTES[palette]
  const place = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * (anchors.length - 1)
  const low = Math.min(Math.floor(place), anchors.length - 2)
  const part = (at: number): number => {
    const of = (anchor: number): number => Number.parseInt(anchors[anchor]?.slice(2 * at, 2 * at + 2) ?? '0', 16)
    return Math.round(of(low) + (of(low + 1) - of(low)) * (place - low))
  }
  return [part(0), part(1), part(2)]
}

/**
 * The colours of a map: what speaks for the score, from 0 to the largest value. Cells below the threshold, and cells that speak
 * against the score, are dark.
 * @param threshold share of the largest value. @returns red, green and blue for each cell.
 */
export function heatColours(values: readonly number[], palette: HeatPalette, threshold: number): Uint8Array {
  const largest = values.reduce((most, value) => Math.max(most, value), 0)
  const colours = new Uint8Array(values.length * 3)
  for (const [at, value] of values.entries()) {
    const share = largest === 0 ? 0 : value / largest
    colours.set(share <= 0 || share < threshold ? BELOW_THRESHOLD : heatColour(share, palette), at * 3)
  }
  return colours
}
