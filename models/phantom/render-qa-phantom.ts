import { burnIn } from './bitmap-font.ts'
import { seededRandom } from './random.ts'

/** Side of the constancy phantom in pixels; a pixel is 0.15 mm wide. */
export const QA_PHANTOM_SIDE = 512
export const QA_PIXEL_MM = 0.15

/** The state of an imaging chain as the phantom shows it. The same request always gives the same pixels. */
export interface QaPhantomRequest {
  readonly seed: number
  /** Contrast of the discs as a share of the nominal contrast, 0.3 to 1.2. */
  readonly contrast: number
  /** Standard deviation of the blur in pixels, 0 to 3. */
  readonly blur: number
  /** Standard deviation of the noise as a share of the full range, 0.005 to 0.12. */
  readonly noise: number
}

/** What is true of a phantom by the numbers that made it. */
export interface QaPhantomTruth {
  /** Share of the discs whose Rose index, contrast x sqrt(area) / noise, is at least 5. */
  readonly visibleDiscs: number
  /** Modulation that the blur leaves at one line pair a millimetre. */
  readonly modulation: number
  /** Fewer than three of five discs, or less than half of the modulation. */
  readonly deviates: boolean
}

const LARGEST = 4095
/** Contrast as a share of the full range and diameter in pixels of the discs, left to right. */
const DISC_CONTRASTS = [0.08, 0.05, 0.03, 0.018, 0.01] as const
const DISC_RADIUS = 14
const ROSE_THRESHOLD = 5
const BAR_PERIODS = [16, 10, 7, 5] as const
const WEDGE_STEPS = 8
const SHIFT = 5

/** Computes what is true of a phantom; no pixel is looked at. */
export function qaPhantomTruth({ contrast, blur, noise }: Omit<QaPhantomRequest, 'seed'>): QaPhantomTruth {
  const root = Math.sqrt(Math.PI) * DISC_RADIUS
  const visible = DISC_CONTRASTS.filter((disc) => (disc * contrast * root) / noise >= ROSE_THRESHOLD).length
  const modulation = Math.exp(-2 * (Math.PI * QA_PIXEL_MM * blur) ** 2)
  const visibleDiscs = visible / DISC_CONTRASTS.length
  return { visibleDiscs, modulation, deviates: visible < 3 || modulation < 0.5 }
}

/** Draws a state of the imaging chain from a seed: contrast and blur evenly, noise evenly in its logarithm. */
export function drawQaPhantom(seed: number): QaPhantomRequest {
  const random = seededRandom(seed ^ 0x51ed270b)
  return {
    seed,
    contrast: 0.3 + 0.9 * random(),
    blur: 3 * random(),
    noise: 0.005 * (0.12 / 0.005) ** random(),
  }
}

/**
 * Draws a constancy phantom of 512 x 512 pixels and 12 bits: a step wedge above, five low-contrast discs in the middle,
 * four groups of bars below, shifted by up to 5 pixels, blurred, with noise. MONOCHROME2, row-major. It is a
 * computed object and stands for no product on sale.
 */
export function renderQaPhantom(request: QaPhantomRequest): Uint16Array {
  const side = QA_PHANTOM_SIDE
  const random = seededRandom(request.seed)
  const shiftX = Math.round((random() * 2 - 1) * SHIFT)
  const shiftY = Math.round((random() * 2 - 1) * SHIFT)
  const plane = new Float64Array(side * side)
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) plane[y * side + x] = density(x - shiftX, y - shiftY, request.contrast)
  }
  const blurred = blurPlane(plane, side, request.blur)
  const pixels = new Uint16Array(side * side)
  for (let i = 0; i < pixels.length; i += 1) {
    // Four uniform numbers have a variance of a third.
    const noise = (random() + random() + random() + random() - 2) * Math.sqrt(3) * request.noise
    pixels[i] = Math.round(Math.min(1, Math.max(0, (blurred[i] ?? 0) + noise)) * LARGEST)
  }
  burnIn(pixels, side, 'PHANTOM', { top: 494, left: 8, scale: 2, value: LARGEST })
  return pixels
}

/** Density 0..1 at a pixel of the unshifted phantom. */
function density(x: number, y: number, contrast: number): number {
  const heel = 0.04 * (x / QA_PHANTOM_SIDE - 0.5)
  if (y >= 32 && y < 128 && x >= 32 && x < 480) {
    return 0.04 + (0.92 * Math.floor(((x - 32) * WEDGE_STEPS) / 448)) / (WEDGE_STEPS - 1)
  }
  if (y >= 352 && y < 448) {
    const group = Math.floor((x - 32) / 112)
    const period = BAR_PERIODS[group]
    const inside = (x - 32) % 112
    if (period !== undefined && x >= 32 && inside < 96) return 0.5 + (inside % period < period / 2 ? 0.2 : -0.2)
  }
  const disc = Math.floor((x - 32) / 90)
  const amplitude = x < 32 ? undefined : DISC_CONTRASTS[disc]
  if (amplitude !== undefined) {
    const distance = Math.hypot(x - 32 - disc * 90 - 45, y - 240)
    if (distance <= DISC_RADIUS) return 0.5 + heel + amplitude * contrast
  }
  return 0.5 + heel
}

/** Separable Gaussian blur; edges are repeated. */
function blurPlane(plane: Float64Array, side: number, sigma: number): Float64Array {
  if (sigma < 0.05) return plane
  const reach = Math.ceil(3 * sigma)
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)))
  const total = kernel.reduce((sum, weight) => sum + weight, 0)
  return alongRows(alongRows(plane, side, kernel, total, true), side, kernel, total, false)
}

function alongRows(
  plane: Float64Array,
  side: number,
  kernel: readonly number[],
  total: number,
  horizontal: boolean,
): Float64Array {
  const reach = (kernel.length - 1) / 2
  const result = new Float64Array(plane.length)
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      let sum = 0
      for (let k = -reach; k <= reach; k += 1) {
        const at = Math.min(side - 1, Math.max(0, (horizontal ? x : y) + k))
        sum += (kernel[k + reach] ?? 0) * (plane[horizontal ? y * side + at : at * side + x] ?? 0)
      }
      result[y * side + x] = sum / total
    }
  }
  return result
}
