/** Counting needs one cell per possible value; above this span selection is cheaper. */
const LARGEST_SPAN = 1 << 20

/**
 * Nearest-rank percentiles: the value at index floor(p / 100 * (n - 1)) of the sorted values.
 * Counts where all values are 32-bit integers in a small range, else selects; both give exactly what sorting would.
 * @param percents ascending, 0..100. @throws {RangeError} when there are no values.
 */
export function percentiles(values: Float64Array, percents: readonly number[]): readonly number[] {
  if (values.length === 0) throw new RangeError('no values, no percentiles')
  const ranks = percents.map((percent) => Math.floor((percent / 100) * (values.length - 1)))
  const range = integerRange(values)
  if (range !== undefined) return byCounting(values, ranks, range.lowest, range.highest)
  const copy = values.slice()
  return ranks.map((rank) => select(copy, rank))
}

function integerRange(values: Float64Array): { lowest: number; highest: number } | undefined {
  let lowest = values[0] ?? 0
  let highest = lowest
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0
    if (value !== (value | 0)) return undefined
    if (value < lowest) lowest = value
    else if (value > highest) highest = value
  }
  return highest - lowest < LARGEST_SPAN ? { lowest, highest } : undefined
}

function byCounting(values: Float64Array, ranks: readonly number[], lowest: number, highest: number): number[] {
  const counts = new Uint32Array(highest - lowest + 1)
  for (let i = 0; i < values.length; i += 1) {
    const cell = ((values[i] ?? 0) - lowest) | 0
    counts[cell] = (counts[cell] ?? 0) + 1
  }
  let below = 0
  let cell = 0
  return ranks.map((rank) => {
    while (below + (counts[cell] ?? 0) <= rank) {
      below += counts[cell] ?? 0
      cell += 1
    }
    return lowest + cell
  })
}

/** Hoare's selection, in place: afterwards `values[rank]` is what it would be if all were sorted. */
function select(values: Float64Array, rank: number): number {
  let left = 0
  let right = values.length - 1
  while (left < right) {
    const pivot = middleOfThree(values[left] ?? 0, values[(left + right) >> 1] ?? 0, values[right] ?? 0)
    let i = left
    let j = right
    while (i <= j) {
      while ((values[i] ?? 0) < pivot) i += 1
      while ((values[j] ?? 0) > pivot) j -= 1
      if (i > j) break
      const held = values[i] ?? 0
      values[i] = values[j] ?? 0
      values[j] = held
      i += 1
      j -= 1
    }
    if (rank <= j) right = j
    else if (rank >= i) left = i
    else break
  }
  return values[rank] ?? 0
}

function middleOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}
