import { brightnessOf, type VisibleImage } from './palette.ts'

/** One frame as a text reader sees it: 8-bit grey, row-major, white on black as it is shown. */
export interface GreyFrame {
  readonly width: number
  readonly height: number
  readonly values: Uint8Array
}

/**
 * How stored values become grey. Letters are mostly the brightest values of all: `whole` keeps them apart from bright
 * anatomy, `anatomy` keeps grey letters apart from dark anatomy that a few extreme values would press to black.
 */
export type Contrast = 'whole' | 'anatomy'

/** Shares of the values that `anatomy` cuts off at either end. */
const CUT = 0.005

/** Stored values that are sorted to find the cuts; more would tell nothing new. */
const SAMPLED = 65_536

/**
 * Makes one frame of decoded pixels visible. Colour becomes luminance (ITU-R BT.601; the first sample of YBR is that
 * already); MONOCHROME1 is inverted (PS3.3 C.7.6.3.1.2), and a palette shows its colours.
 * @throws {RangeError} when there is no such frame.
 */
export function greyFrame(image: VisibleImage, frame: number, contrast: Contrast): GreyFrame {
  const { rows, columns, samplesPerPixel, photometric } = image
  if (!Number.isInteger(frame) || frame < 0 || frame >= image.frames) throw new RangeError('no such frame')
  const count = rows * columns
  const stored = image.pixels.subarray(frame * count * samplesPerPixel, (frame + 1) * count * samplesPerPixel)
  const luminance = samplesPerPixel === 1 ? shown(stored, image) : luminanceOf(stored, count, photometric)
  const [low, high] = contrast === 'whole' ? extremes(luminance) : percentiles(luminance)
  const scale = high > low ? 255 / (high - low) : 0
  const inverted = photometric === 'MONOCHROME1'
  const values = new Uint8Array(count)
  for (let i = 0; i < count; i += 1) {
    const grey = Math.min(255, Math.max(0, ((luminance[i] ?? 0) - low) * scale))
    values[i] = inverted ? 255 - grey : grey
  }
  return { width: columns, height: rows, values }
}

/** Grey values are shown as they are; an index is shown as its colour. */
function shown(stored: VisibleImage['pixels'], { palette }: VisibleImage): ArrayLike<number> {
  if (palette === undefined) return stored
  return Float32Array.from(stored, (value) => brightnessOf(palette, value))
}

function luminanceOf(stored: ArrayLike<number>, count: number, photometric: string): Float32Array {
  const isYbr = photometric.startsWith('YBR')
  const luminance = new Float32Array(count)
  for (let i = 0; i < count; i += 1) {
    const [first = 0, second = 0, third = 0] = [stored[3 * i], stored[3 * i + 1], stored[3 * i + 2]]
    luminance[i] = isYbr ? first : 0.299 * first + 0.587 * second + 0.114 * third
  }
  return luminance
}

function extremes(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

function percentiles(values: ArrayLike<number>): [number, number] {
  const step = Math.max(1, Math.floor(values.length / SAMPLED))
  const sample = Float64Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step] ?? 0).sort()
  return [sample[Math.floor(CUT * (sample.length - 1))] ?? 0, sample[Math.ceil((1 - CUT) * (sample.length - 1))] ?? 0]
}

/** The same picture at another size: bilinear for more pixels, area average for fewer. */
export function resized(frame: GreyFrame, width: number, height: number): GreyFrame {
  if (width === frame.width && height === frame.height) return frame
  const across = weights(frame.width, width)
  const down = weights(frame.height, height)
  const rows = new Float32Array(frame.height * width)
  for (let y = 0; y < frame.height; y += 1)
    for (let x = 0; x < width; x += 1) rows[y * width + x] = weighted(frame.values, y * frame.width, 1, across[x])
  const values = new Uint8Array(width * height)
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) values[y * width + x] = Math.round(weighted(rows, x, width, down[y]))
  return { width, height, values }
}

interface Weights {
  readonly first: number
  readonly shares: readonly number[]
}

/** The source values that make up each target value, and their shares, which sum to 1. */
function weights(from: number, to: number): Weights[] {
  const ratio = from / to
  const reach = Math.max(1, ratio)
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * ratio - 0.5
    const first = Math.max(0, Math.ceil(centre - reach))
    const last = Math.min(from - 1, Math.floor(centre + reach))
    const raw = Array.from({ length: last - first + 1 }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k - centre) / reach),
    )
    const sum = raw.reduce((total, share) => total + share, 0)
    return sum > 0 ? { first, shares: raw.map((share) => share / sum) } : { first, shares: [1] }
  })
}

function weighted(values: ArrayLike<number>, start: number, step: number, use: Weights | undefined): number {
  let sum = 0
  use?.shares.forEach((share, k) => {
    sum += share * (values[start + (use.first + k) * step] ?? 0)
  })
  return sum
}

/** A part of a picture. */
export function cropped(
  frame: GreyFrame,
  box: { left: number; top: number; width: number; height: number },
): GreyFrame {
  const values = new Uint8Array(box.width * box.height)
  for (let y = 0; y < box.height; y += 1) {
    const start = (box.top + y) * frame.width + box.left
    values.set(frame.values.subarray(start, start + box.width), y * box.width)
  }
  return { width: box.width, height: box.height, values }
}

/** A picture turned by quarters of a circle, clockwise. */
export function turned(frame: GreyFrame, quarters: 1 | 2 | 3): GreyFrame {
  const { width, height } = frame
  const [newWidth, newHeight] = quarters === 2 ? [width, height] : [height, width]
  const values = new Uint8Array(width * height)
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const [toX, toY] =
        quarters === 1 ? [height - 1 - y, x] : quarters === 2 ? [width - 1 - x, height - 1 - y] : [y, width - 1 - x]
      values[toY * newWidth + toX] = frame.values[y * width + x] ?? 0
    }
  return { width: newWidth, height: newHeight, values }
}
