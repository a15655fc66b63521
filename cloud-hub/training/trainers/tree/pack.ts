import type { BinnedColumns } from './bins.ts'

/**
 * Columns of few bins under one code: with 2 bins each, eight of them are one byte, and a pass over the rows sums eight
 * columns at once. A column of many bins stays by itself.
 */
export interface Pack {
  readonly columns: Int32Array
  /** What the bin of each column is multiplied by in the code. */
  readonly factors: Int32Array
  /** How many codes of each column there are: its bins, and one more where a value is missing. */
  readonly sizes: Int32Array
  /** Product of the sizes, at most 256. */
  readonly size: number
  /** The code of each row. */
  readonly codes: Uint8Array
}

const MOST_CODES = 256

/** Puts columns of few bins together, from the fewest on. Columns that stay alone are in no pack. */
export function packColumns(binned: BinnedColumns): readonly Pack[] {
  const sizes = sizesOf(binned)
  const order = [...sizes.keys()].sort((a, b) => (sizes[a] as number) - (sizes[b] as number) || a - b)
  const packs: Pack[] = []
  let members: number[] = []
  let size = 1
  for (const column of [...order, -1]) {
    const next = column < 0 ? MOST_CODES + 1 : (sizes[column] as number)
    if (size * next > MOST_CODES) {
      if (members.length > 1) packs.push(packOf(binned, members, sizes))
      members = []
      size = 1
    }
    members.push(column)
    size *= next
  }
  return packs
}

function packOf(binned: BinnedColumns, members: readonly number[], sizes: Int32Array): Pack {
  const codes = new Uint8Array(binned.rows)
  const factors = new Int32Array(members.length)
  let size = 1
  for (const [m, column] of members.entries()) {
    factors[m] = size
    const start = column * binned.rows
    for (let row = 0; row < binned.rows; row++) {
      codes[row] = (codes[row] as number) + size * (binned.codes[start + row] as number)
    }
    size *= sizes[column] as number
  }
  return {
    columns: Int32Array.from(members),
    factors,
    sizes: Int32Array.from(members, (c) => sizes[c] as number),
    size,
    codes,
  }
}

function sizesOf({ rows, columns, codes, bins }: BinnedColumns): Int32Array {
  return Int32Array.from({ length: columns }, (_, c) => {
    const missing = bins[c] as number
    return missing + (codes.subarray(c * rows, (c + 1) * rows).includes(missing) ? 1 : 0)
  })
}
