import { burnIn } from './bitmap-font.ts'
import { seededRandom } from './random.ts'

/** Which phantom to draw. The same request always gives the same pixels. */
export interface PhantomRequest {
  readonly seed: number
  readonly rows: number
  readonly columns: number
  /** Bits stored, 8 to 16: values run from 0 to 2^bits - 1. */
  readonly bits: number
  /** Strength of an opacity in the lower right lung, 0 (none) to 0.5; drawn from the seed when left out. */
  readonly opacity?: number
}

const RIBS = 8

/**
 * Draws a chest-like phantom: body, two lungs, ribs, spine, heart, diaphragm, noise, and the word PHANTOM in the upper
 * left corner. MONOCHROME2 (bright is dense), row-major. It resembles no patient and carries no clinical meaning.
 */
export function renderPhantom(request: PhantomRequest): Uint16Array {
  const { rows, columns, bits } = request
  const random = seededRandom(request.seed)
  const tilt = (random() - 0.5) * 0.04
  const opacity = request.opacity ?? random() * 0.5
  const largest = 2 ** bits - 1
  const pixels = new Uint16Array(rows * columns)
  for (let row = 0; row < rows; row += 1) {
    const y = row / Math.max(1, rows - 1)
    for (let column = 0; column < columns; column += 1) {
      const x = column / Math.max(1, columns - 1)
      const noise = (random() + random() + random() + random() - 2) * 0.026
      const density = densityAt(x, y, tilt, opacity) + noise
      pixels[row * columns + column] = Math.round(Math.min(0.94, Math.max(0, density * 0.9)) * largest)
    }
  }
  const scale = Math.max(1, Math.floor(columns / 160))
  burnIn(pixels, columns, 'PHANTOM', { top: 4 * scale, left: 4 * scale, scale, value: largest })
  return pixels
}

/** Density 0..1 at a point of the unit square. */
function densityAt(x: number, y: number, tilt: number, opacity: number): number {
  let density = 0.08 + 0.62 * ellipse(x, y, 0.5, 0.62, 0.47, 0.62)
  density -= 0.42 * ellipse(x, y, 0.29, 0.46 - tilt, 0.15, 0.33)
  density -= 0.42 * ellipse(x, y, 0.71, 0.46 + tilt, 0.15, 0.33)
  const cage = ellipse(x, y, 0.5, 0.5, 0.4, 0.45)
  for (let rib = 0; cage > 0.01 && rib < RIBS; rib += 1) {
    const distance = (y - 0.16 - 0.085 * rib - 0.35 * (x - 0.5) ** 2 * (1 + tilt)) / 0.012
    if (Math.abs(distance) < 4) density += 0.07 * Math.exp(-distance * distance) * cage
  }
  density += 0.22 * Math.exp(-(((x - 0.5) / 0.035) ** 2))
  density += 0.25 * ellipse(x, y, 0.55, 0.64, 0.14, 0.15)
  density += 0.3 * ellipse(x, y, 0.5, 0.98, 0.48, 0.22)
  return density + opacity * ellipse(x, y, 0.29 + tilt, 0.66, 0.09, 0.12)
}

/** Near 1 inside an ellipse, near 0 outside, with a soft edge. */
function ellipse(x: number, y: number, centreX: number, centreY: number, radiusX: number, radiusY: number): number {
  const distance = Math.hypot((x - centreX) / radiusX, (y - centreY) / radiusY)
  if (distance > 1.6) return 0
  return 1 / (1 + Math.exp((distance - 1) * 24))
}
