import type { Photometric, PixelArray } from '../decode/index.ts'

/** The longer side of a thumbnail in pixels; letters of a side marker are still letters at this size. */
const LONGEST_SIDE = 256

/** A small grey plane, 0 (black) to 1 (white), as a reader would see it. */
export interface Thumbnail {
  readonly rows: number
  readonly columns: number
  readonly values: Float32Array
}

/**
 * A frame in small: every pixel is the mean of a block of whole pixels, windowed between two stored values; MONOCHROME1 is
 * turned round (PS3.3 C.7.6.3.1.2). A frame that is no larger than a thumbnail keeps its size.
 * @returns `undefined` for a frame without a window: all its pixels are the same.
 */
export function thumbnailOf(
  stored: PixelArray,
  frame: { readonly rows: number; readonly columns: number; readonly photometric: Photometric },
  window: { readonly low: number; readonly high: number },
): Thumbnail | undefined {
  const span = window.high - window.low
  if (!(span > 0)) return undefined
  const block = Math.max(1, Math.ceil(Math.max(frame.rows, frame.columns) / LONGEST_SIDE))
  const rows = Math.max(1, Math.floor(frame.rows / block))
  const columns = Math.max(1, Math.floor(frame.columns / block))
  const [high, wide] = [Math.min(block, frame.rows), Math.min(block, frame.columns)]
  const values = new Float32Array(rows * columns)
  const sums = new Float64Array(columns)
  for (let row = 0; row < rows; row += 1) {
    sums.fill(0)
    for (let down = 0; down < high; down += 1) {
      let at = (row * block + down) * frame.columns
      for (let column = 0; column < columns; column += 1) {
        let sum = 0
        for (let across = 0; across < wide; across += 1, at += 1) sum += stored[at] as number
        sums[column] = (sums[column] as number) + sum
      }
    }
    values.set(sums, row * columns)
  }
  const isInverse = frame.photometric === 'MONOCHROME1'
  const count = high * wide
  for (let i = 0; i < values.length; i += 1) {
    const level = ((values[i] as number) / count - window.low) / span
    const shown = Math.max(0, Math.min(1, level))
    values[i] = isInverse ? 1 - shown : shown
  }
  return { rows, columns, values }
}

/** Means of a thumbnail over `down` x `across` cells, row by row. */
export function cellMeans({ rows, columns, values }: Thumbnail, down: number, across: number): Float64Array {
  const sums = new Float64Array(down * across)
  const counts = new Float64Array(down * across)
  const cellOf = Uint16Array.from({ length: columns }, (_, column) =>
    Math.min(across - 1, Math.floor((column * across) / columns)),
  )
  for (let row = 0; row < rows; row += 1) {
    const line = Math.min(down - 1, Math.floor((row * down) / rows)) * across
    const start = row * columns
    for (let column = 0; column < columns; column += 1) {
      const cell = line + (cellOf[column] as number)
      sums[cell] = (sums[cell] as number) + (values[start + column] as number)
      counts[cell] = (counts[cell] as number) + 1
    }
  }
  return sums.map((sum, cell) => sum / Math.max(1, counts[cell] ?? 1))
}
