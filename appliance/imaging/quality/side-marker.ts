import type { Thumbnail } from './thumbnail.ts'

/** Sizes in shares of the longer side of the image. A lead letter of 10 to 25 mm on a detector of 35 to 43 cm. */
const SMALLEST = 0.012
const LARGEST = 0.09
/** Strokes are thinner than this; what a letter stands out against is what remains when they are taken away. */
const STROKE = 0.028
/** Where markers are laid: this far from a side edge, or from the top or bottom. */
const SIDE_ZONE = 0.27
const END_ZONE = 0.16
/** How much brighter than its surroundings a stroke is, of the windowed range. */
const CONTRAST = 0.17

/** A blob that could be a letter, in pixels of the thumbnail. */
export interface LetterLike {
  readonly row: number
  readonly column: number
  readonly height: number
  readonly width: number
}

/**
 * Blobs near the border that could be lead letters: bright, thin strokes on a darker ground, of the size of a marker. It does
 * not read them: an L, an R, the word PORTABLE and a coiled wire look alike to it.
 */
export function letterLikeBlobs(thumbnail: Thumbnail): LetterLike[] {
  const { rows, columns } = thumbnail
  const side = Math.max(rows, columns)
  const marked = strokes(thumbnail, Math.max(1, Math.round((STROKE * side) / 2)))
  const found: LetterLike[] = []
  for (const blob of components(marked, rows, columns)) {
    const long = Math.max(blob.height, blob.width)
    const short = Math.min(blob.height, blob.width)
    const fill = blob.pixels / (blob.height * blob.width)
    if (long < Math.max(4, SMALLEST * side) || long > LARGEST * side || short < Math.max(2, 0.3 * long)) continue
    if (fill < 0.2 || fill > 0.95 || !isNearBorder(blob, rows, columns)) continue
    const { row, column, height, width } = blob
    found.push({ row, column, height, width })
  }
  return found
}

function isNearBorder(blob: LetterLike, rows: number, columns: number): boolean {
  const [y, x] = [(blob.row + blob.height / 2) / rows, (blob.column + blob.width / 2) / columns]
  const [toEnd, toSide] = [Math.min(y, 1 - y), Math.min(x, 1 - x)]
  return toSide <= SIDE_ZONE || toEnd <= END_ZONE
}

/** White top-hat (the image less its opening by a square) above the contrast; 8 bits are enough to tell strokes. */
function strokes({ rows, columns, values }: Thumbnail, radius: number): Uint8Array {
  const levels = new Uint8Array(values.length)
  for (let i = 0; i < values.length; i += 1) levels[i] = (values[i] as number) * 255 + 0.5
  const opened = negative(squareMinimum(negative(squareMinimum(levels, rows, columns, radius)), rows, columns, radius))
  const marked = new Uint8Array(values.length)
  for (let i = 0; i < marked.length; i += 1) {
    if ((levels[i] as number) - (opened[i] as number) > CONTRAST * 255) marked[i] = 1
  }
  return marked
}

function negative(levels: Uint8Array): Uint8Array {
  const result = new Uint8Array(levels.length)
  for (let i = 0; i < levels.length; i += 1) result[i] = 255 - (levels[i] as number)
  return result
}

/** The least level within a square around each pixel; beyond the edges there is nothing. */
function squareMinimum(levels: Uint8Array, rows: number, columns: number, radius: number): Uint8Array {
  const stride = columns + 2 * radius
  const padded = new Uint8Array(stride * (rows + 2 * radius)).fill(255)
  for (let row = 0; row < rows; row += 1) {
    padded.set(levels.subarray(row * columns, (row + 1) * columns), (row + radius) * stride + radius)
  }
  slideMinimum(padded, 2 * radius + 1, 1)
  slideMinimum(padded, 2 * radius + 1, stride)
  const result = new Uint8Array(levels.length)
  for (let row = 0; row < rows; row += 1) {
    result.set(padded.subarray(row * stride, row * stride + columns), row * columns)
  }
  return result
}

/** In place, the least of `size` levels from each on, `step` apart: windows of 1, 2, 4 and so on, then the rest. */
function slideMinimum(levels: Uint8Array, size: number, step: number): void {
  let window = 1
  while (window < size) {
    const jump = Math.min(window, size - window) * step
    for (let i = 0, near = jump; near < levels.length; i += 1, near += 1) {
      levels[i] = Math.min(levels[i] as number, levels[near] as number)
    }
    window = Math.min(2 * window, size)
  }
}

/** Connected groups of marked pixels (8 neighbours) with their boxes. */
function* components(
  marked: Uint8Array,
  rows: number,
  columns: number,
): Generator<LetterLike & { readonly pixels: number }> {
  const stack: number[] = []
  for (let start = 0; start < marked.length; start += 1) {
    if (marked[start] !== 1) continue
    let [top, bottom, left, right, pixels] = [rows, 0, columns, 0, 0]
    stack.push(start)
    marked[start] = 2
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const row = Math.floor(at / columns)
      const column = at - row * columns
      pixels += 1
      top = Math.min(top, row)
      bottom = Math.max(bottom, row)
      left = Math.min(left, column)
      right = Math.max(right, column)
      for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
        for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
          if (marked[y * columns + x] !== 1) continue
          marked[y * columns + x] = 2
          stack.push(y * columns + x)
        }
      }
    }
    yield { row: top, column: left, height: bottom - top + 1, width: right - left + 1, pixels }
  }
}
