/** Columns as small whole numbers. */
export interface BinnedColumns {
  readonly rows: number
  readonly columns: number
  /** Column after column: the bin of each row; `bins[column]` is the code of a missing value. */
  readonly codes: Uint8Array
  /** Bins of values of each column, without the one of missing values. */
  readonly bins: Int32Array
  /** Of each column, `bins - 1` ascending float32 cuts: bin k holds the values above cut k-1 up to cut k. */
  readonly cuts: readonly Float32Array[]
  /** Where each column begins in a histogram, and at the end the length of a histogram. */
  readonly offsets: Int32Array
}

/** Most bins of values a column may have: with the one of missing values, a code is a byte. */
export const MAXIMUM_BINS = 255

/**
 * Bins float32 columns by quantile. A column of fewer distinct values than bins gets a bin a value. A cut lies between two
 * values that occur, and is itself a float32: `x <= cut` is then the same in single and double precision.
 */
export function binColumns(
  table: { readonly rows: number; readonly columns: number; readonly values: Float32Array },
  maximumBins: number,
): BinnedColumns {
  const { rows, columns, values } = table
  const codes = new Uint8Array(rows * columns)
  const bins = new Int32Array(columns)
  const offsets = new Int32Array(columns + 1)
  const cuts: Float32Array[] = []
  const column = new Float32Array(rows)
  for (let c = 0; c < columns; c++) {
    for (let row = 0; row < rows; row++) column[row] = values[row * columns + c] as number
    const { distinct, counts } = distinctOf(column)
    const cutsHere = quantileCuts(distinct, counts, maximumBins)
    cuts.push(cutsHere)
    bins[c] = cutsHere.length + 1
    offsets[c + 1] = (offsets[c] as number) + cutsHere.length + 2
    codeColumn(column, cutsHere, codes.subarray(c * rows, (c + 1) * rows))
  }
  return { rows, columns, codes, bins, cuts, offsets }
}

/** Values of a column, ascending, and how many rows have each. */
interface Distinct {
  readonly distinct: Float32Array
  readonly counts: Uint32Array
}

/** Columns of at most so many values are counted without being sorted. */
const FEW_VALUES = 64

function distinctOf(column: Float32Array): Distinct {
  const counted = new Map<number, number>()
  let present = 0
  for (let row = 0; row < column.length && counted.size <= FEW_VALUES; row++) {
    const value = column[row] as number
    // A Map holds -0 as 0.
    if (!Number.isNaN(value)) counted.set(value, (counted.get(value) ?? 0) + 1)
  }
  if (counted.size <= FEW_VALUES) {
    const distinct = Float32Array.from(counted.keys()).sort()
    return { distinct, counts: Uint32Array.from(distinct, (value) => counted.get(value) ?? 0) }
  }
  const sorted = new Float32Array(column.length)
  for (let row = 0; row < column.length; row++) {
    const value = column[row] as number
    if (!Number.isNaN(value)) sorted[present++] = value
  }
  return countSorted(sorted.subarray(0, present).sort())
}

function countSorted(sorted: Float32Array): Distinct {
  const distinct = new Float32Array(sorted.length)
  const counts = new Uint32Array(sorted.length)
  let last = -1
  for (let i = 0; i < sorted.length; i++) {
    // -0 sorts before 0 and equals it.
    if (last >= 0 && distinct[last] === sorted[i]) counts[last] = (counts[last] as number) + 1
    else {
      last += 1
      distinct[last] = sorted[i] as number
      counts[last] = 1
    }
  }
  return { distinct: distinct.subarray(0, last + 1), counts: counts.subarray(0, last + 1) }
}

/** Cuts between distinct values such that bins hold about the same number of rows. */
function quantileCuts(distinct: Float32Array, counts: Uint32Array, maximumBins: number): Float32Array {
  const cuts: number[] = []
  let left = counts.reduce((sum, count) => sum + count, 0)
  let filled = 0
  for (let i = 0; i + 1 < distinct.length && cuts.length < maximumBins - 1; i++) {
    filled += counts[i] ?? 0
    const wanted = distinct.length <= maximumBins ? 0 : left / (maximumBins - cuts.length)
    if (filled < wanted) continue
    cuts.push(between(distinct[i] as number, distinct[i + 1] as number))
    left -= filled
    filled = 0
  }
  return Float32Array.from(cuts)
}

/** The float32 nearest the middle of two float32 values, at least the lower and below the upper. */
function between(lower: number, upper: number): number {
  const middle = Math.fround(lower / 2 + upper / 2)
  return middle < upper && middle >= lower ? middle : lower
}

function codeColumn(column: Float32Array, cuts: Float32Array, codes: Uint8Array): void {
  const missing = cuts.length + 1
  for (let row = 0; row < column.length; row++) {
    const value = column[row] as number
    let low = 0
    let high = cuts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value <= (cuts[middle] as number)) high = middle
      else low = middle + 1
    }
    codes[row] = Number.isNaN(value) ? missing : low
  }
}
