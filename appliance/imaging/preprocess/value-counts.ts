import type { PixelArray } from '../decode/index.ts'

/** How often each stored value occurs: `counts[value - lowest]`; the first and the last cell are never 0. */
export interface ValueCounts {
  readonly lowest: number
  readonly counts: Uint32Array
  /** Number of pixels. */
  readonly total: number
}

/** Values of 16 bits, whatever their sign. */
const CELLS = 65_536

/** Counts the values of one frame. @returns `undefined` for wider values, for which a table would be too large. */
export function countValues(stored: PixelArray): ValueCounts | undefined {
  if (stored.length === 0 || stored instanceof Uint32Array || stored instanceof Int32Array) return undefined
  const offset = stored instanceof Int16Array || stored instanceof Int8Array ? CELLS / 2 : 0
  const cells = new Uint32Array(CELLS)
  for (let i = 0; i < stored.length; i += 1) {
    const cell = (stored[i] as number) + offset
    cells[cell] = (cells[cell] as number) + 1
  }
  let first = 0
  while (cells[first] === 0) first += 1
  let last = CELLS - 1
  while (cells[last] === 0) last -= 1
  return { lowest: first - offset, counts: cells.subarray(first, last + 1), total: stored.length }
}

/**
 * Nearest-rank percentiles of what a table makes of counted values: exactly what sorting all mapped values would give.
 * @param table one mapped value for each cell. @param percents ascending, 0..100.
 */
export function percentilesOfCounts(
  { counts, total }: ValueCounts,
  table: Float64Array,
  percents: readonly number[],
): readonly number[] {
  const order = ascendingCells(table)
  let position = 0
  let below = 0
  return percents.map((percent) => {
    const rank = Math.floor((percent / 100) * (total - 1))
    for (;;) {
      const cell = order(position)
      const count = counts[cell] ?? 0
      if (below + count > rank || position + 1 >= counts.length) return table[cell] ?? 0
      below += count
      position += 1
    }
  })
}

/** The cells in order of their mapped values; only a table that turns round needs sorting. */
function ascendingCells(table: Float64Array): (position: number) => number {
  let rises = true
  let falls = true
  for (let i = 1; i < table.length; i += 1) {
    const [before, here] = [table[i - 1] as number, table[i] as number]
    if (here < before) rises = false
    if (here > before) falls = false
  }
  if (rises) return (position) => position
  if (falls) return (position) => table.length - 1 - position
  const sorted = Uint32Array.from(table, (_, cell) => cell).sort((a, b) => (table[a] ?? 0) - (table[b] ?? 0))
  return (position) => sorted[position] ?? 0
}
