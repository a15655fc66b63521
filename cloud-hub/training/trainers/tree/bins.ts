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
    const cutsHere = quantileCuts(column, maximumBins)
    cuts.push(cutsHere)
    bins[c] = cutsHere.length + 1
    offsets[c + 1] = (offsets[c] as number) + cutsHere.length + 2
    for (let row = 0; row < rows; row++) codes[c * rows + row] = codeOf(column[row] as number, cutsHere)
  }
  return { rows, columns, codes, bins, cuts, offsets }
}

/** Cuts between distinct values such that bins hold about the same number of rows. */
function quantileCuts(column: Float32Array, maximumBins: number): Float32Array {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort()
  const distinct: number[] = []
  const counts: number[] = []
  for (const value of sorted) {
    // -0 sorts before 0 and equals it.
    if (distinct.length > 0 && distinct.at(-1) === value) counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1
    else {
      distinct.push(value)
      counts.push(1)
    }
  }
  const cuts: number[] = []
  let left = sorted.length
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

function codeOf(value: number, cuts: Float32Array): number {
  if (Number.isNaN(value)) return cuts.length + 1
  let low = 0
  let high = cuts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value <= (cuts[middle] as number)) high = middle
    else low = middle + 1
  }
  return low
}
