import type { Thumbnail } from './thumbnail.ts'

/** A line belongs to a border when this share of its pixels is within the tolerance of black, or of white. */
const SHARE = 0.95
const TOLERANCE = 0.06
/** More than this from one side is no border but an image without anything in it. */
const DEEPEST = 0.45

/** How many lines of each side of a thumbnail are border. */
export interface Borders {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
}

/**
 * Finds the borders that a collimator or a shutter leaves: whole lines from an edge inwards that are black, or white, from
 * end to end. What is turned against the edge, or is air beside the body, is not told apart from the image.
 */
export function bordersOf(thumbnail: Thumbnail): Borders {
  const { rows, columns } = thumbnail
  const line = (start: number, step: number, count: number): boolean => isBorder(thumbnail.values, start, step, count)
  const top = depth(rows, (k) => line(k * columns, 1, columns))
  const bottom = depth(rows, (k) => line((rows - 1 - k) * columns, 1, columns))
  const inner = Math.max(0, rows - top - bottom)
  const first = top * columns
  return {
    top,
    bottom,
    left: depth(columns, (k) => line(first + k, columns, inner)),
    right: depth(columns, (k) => line(first + columns - 1 - k, columns, inner)),
  }
}

/** The share of the image's area that lies in its borders, 0 to 1. */
export function collimatedShare({ rows, columns }: Thumbnail, borders: Borders): number {
  const inside = (rows - borders.top - borders.bottom) * (columns - borders.left - borders.right)
  return 1 - Math.max(0, inside) / (rows * columns)
}

function depth(size: number, isBorderLine: (line: number) => boolean): number {
  const most = Math.floor(size * DEEPEST)
  let lines = 0
  while (lines <= most && isBorderLine(lines)) lines += 1
  return lines > most ? 0 : lines
}

function isBorder(values: Float32Array, start: number, step: number, count: number): boolean {
  if (count < 1) return false
  let dark = 0
  let bright = 0
  for (let k = 0, at = start; k < count; k += 1, at += step) {
    const value = values[at] ?? 0
    if (value <= TOLERANCE) dark += 1
    else if (value >= 1 - TOLERANCE) bright += 1
  }
  return Math.max(dark, bright) >= SHARE * count
}
