import type { AugmentationStep } from '../package/augmentation.ts'
import { type DrawnStep, drawSteps, splitmix } from './draw.ts'

/** A grey plane, row-major, values in 0..1. */
export interface GreyPlane {
  readonly rows: number
  readonly columns: number
  readonly values: Float64Array
}

/** Changes a plane as the declared steps say, in their order. The same seed gives the same plane. */
export function augment(image: GreyPlane, steps: readonly AugmentationStep[], seed: number): GreyPlane {
  return drawSteps(steps, seed).reduce(applyDrawn, image)
}

/** Applies one step whose chances are decided. */
export function applyDrawn(image: GreyPlane, drawn: DrawnStep): GreyPlane {
  switch (drawn.step) {
    case 'keep':
      return image
    case 'flip-horizontal':
      return moved(image, (row, column) => row * image.columns + (image.columns - 1 - column))
    case 'flip-vertical':
      return moved(image, (row, column) => (image.rows - 1 - row) * image.columns + column)
    case 'affine':
      return affine(image, drawn)
    case 'contrast-brightness':
      return mapped(image, (value) => (value - 0.5) * drawn.contrast + 0.5 + drawn.brightness)
    case 'gaussian-noise': {
      const random = splitmix(drawn.seed)
      return mapped(image, (value) => value + drawn.deviation * normal(random))
    }
  }
}

function moved(image: GreyPlane, from: (row: number, column: number) => number): GreyPlane {
  const values = Float64Array.from(
    image.values,
    (_, i) => image.values[from(Math.floor(i / image.columns), i % image.columns)] ?? 0,
  )
  return { ...image, values }
}

function mapped(image: GreyPlane, of: (value: number) => number): GreyPlane {
  return { ...image, values: image.values.map((value) => Math.min(1, Math.max(0, of(value)))) }
}

/**
 * Each target cell takes the value at R(-angle) (p - middle - shift) / scale + middle of the source, p being the cell's centre,
 * between the four nearest centres; outside, the edge is repeated.
 */
function affine(image: GreyPlane, by: Extract<DrawnStep, { step: 'affine' }>): GreyPlane {
  const { rows, columns, values } = image
  const [middleX, middleY] = [(columns - 1) / 2, (rows - 1) / 2]
  const [cosine, sine] = [Math.cos(by.radians) / by.scale, Math.sin(by.radians) / by.scale]
  const at = (row: number, column: number): number => values[row * columns + column] ?? 0
  const result = new Float64Array(values.length)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const x = column - middleX - by.shiftX * columns
      const y = row - middleY - by.shiftY * rows
      const fromX = Math.min(columns - 1, Math.max(0, cosine * x + sine * y + middleX))
      const fromY = Math.min(rows - 1, Math.max(0, cosine * y - sine * x + middleY))
      const [left, top] = [Math.floor(fromX), Math.floor(fromY)]
      const [right, bottom] = [Math.min(columns - 1, left + 1), Math.min(rows - 1, top + 1)]
      const upper = at(top, left) + (at(top, right) - at(top, left)) * (fromX - left)
      const lower = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * (fromX - left)
      result[row * columns + column] = upper + (lower - upper) * (fromY - top)
    }
  }
  return { ...image, values: result }
}

/** Box and Muller; the first of the pair. */
function normal(random: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  return radius * Math.cos(2 * Math.PI * random())
}
