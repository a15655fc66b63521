import type { PreprocessingStep } from '@leadglass/models'
import { TrainingError } from '../errors.ts'
import type { GreyImage } from './png.ts'

/**
 * From a golden image to the network's input, channel after channel: the steps as the package format defines them, on
 * pixels that are output units and MONOCHROME2 already. In float64; float32 at the end.
 */
export function preprocess(image: GreyImage, steps: readonly PreprocessingStep[]): Float32Array {
  let plane = image
  let channels: readonly Float64Array[] | undefined
  for (const step of steps) {
    switch (step.step) {
      case 'modality-lut':
      case 'monochrome2':
        break
      case 'percentile-window':
        plane = percentileWindow(plane, step.low, step.high)
        break
      case 'resize':
        if (step.interpolation !== 'area') {
          throw new TrainingError('golden-differs', `the hub does not resize by ${step.interpolation}`)
        }
        plane = resizeByArea(plane, step.width, step.height)
        break
      case 'replicate-channels':
        channels = Array.from({ length: step.channels }, () => plane.values)
        break
      case 'normalise':
        channels = (channels ?? [plane.values]).map((values, c) =>
          values.map((value) => (value - (step.mean[c] ?? 0)) / (step.std[c] ?? 1)),
        )
        break
      case 'voi-linear':
      case 'voi-lut':
      case 'crop':
      case 'centre-square':
      case 'rescale':
      case 'volume-orient':
      case 'volume-resample':
      case 'volume-fit':
        // Known to the format and to appliances; the hub trains only on models without them.
        throw new TrainingError('golden-differs', `the hub does not train models with the step ${step.step}`)
    }
  }
  const planes = channels ?? [plane.values]
  const tensor = new Float32Array(planes.length * plane.values.length)
  for (const [c, values] of planes.entries()) tensor.set(values, c * plane.values.length)
  return tensor
}

/** Nearest-rank percentiles to 0..1, clipped; a flat image becomes 0. */
function percentileWindow(image: GreyImage, low: number, high: number): GreyImage {
  const sorted = image.values.slice().sort()
  const rank = (percent: number): number => sorted[Math.floor((percent / 100) * (sorted.length - 1))] ?? 0
  const bottom = rank(low)
  const range = rank(high) - bottom
  const values = image.values.map((value) => (range === 0 ? 0 : Math.min(1, Math.max(0, (value - bottom) / range))))
  return { ...image, values }
}

/** Stretch by exact area averaging, columns first, then rows. */
function resizeByArea(image: GreyImage, width: number, height: number): GreyImage {
  const columns = intervals(image.width, width)
  const rows = intervals(image.height, height)
  const wide = new Float64Array(width * image.height)
  for (let y = 0; y < image.height; y++) {
    for (const [x, parts] of columns.entries()) {
      let sum = 0
      for (const { at, share } of parts) sum += (image.values[y * image.width + at] ?? 0) * share
      wide[y * width + x] = sum
    }
  }
  const values = new Float64Array(width * height)
  for (const [y, parts] of rows.entries()) {
    for (let x = 0; x < width; x++) {
      let sum = 0
      for (const { at, share } of parts) sum += (wide[at * width + x] ?? 0) * share
      values[y * width + x] = sum
    }
  }
  return { width, height, values }
}

/** For each target cell, which source cells it covers and with what share of itself. */
function intervals(from: number, to: number): { readonly at: number; readonly share: number }[][] {
  const scale = from / to
  return Array.from({ length: to }, (_, i) => {
    const begin = i * scale
    const end = (i + 1) * scale
    const parts: { at: number; share: number }[] = []
    for (let at = Math.floor(begin); at < Math.min(from, Math.ceil(end)); at++) {
      const overlap = Math.min(end, at + 1) - Math.max(begin, at)
      if (overlap > 0) parts.push({ at, share: overlap / scale })
    }
    return parts
  })
}
