import type { PixelArray } from '../decode/index.ts'

/** For one axis: which source cells each target cell averages, and with which weights (their sum is 1). */
interface AxisWeights {
  /** First source cell of each target cell. */
  readonly first: Int32Array
  /** Where the weights of each target cell begin in `weights`; one entry more than target cells. */
  readonly from: Int32Array
  readonly weights: Float64Array
}

/**
 * Stretches a plane to another size by exact area averaging: target cell i is the mean of the source over the interval
 * [i * source / target, (i + 1) * source / target), a partly covered cell counting by its overlap; rows and columns
 * apart.
 * @param values row-major, rows x columns. @returns row-major, height x width.
 */
export function areaResize(
  values: Float64Array,
  rows: number,
  columns: number,
  height: number,
  width: number,
): Float64Array {
  const across = axisWeights(columns, width)
  return averaged(axisWeights(rows, height), height, width, (row, to) => {
    const start = row * columns
    for (let i = 0; i < width; i += 1) {
      const end = across.from[i + 1] as number
      let k = across.from[i] as number
      let at = start + (across.first[i] as number)
      let sum = 0
      for (; k < end; k += 1, at += 1) sum += (values[at] as number) * (across.weights[k] as number)
      to[i] = sum
    }
  })
}

/** The same of `table[stored - lowest]`, without making that plane. */
export function areaResizeIndexed(
  stored: PixelArray,
  { lowest, table }: { readonly lowest: number; readonly table: Float64Array },
  rows: number,
  columns: number,
  height: number,
  width: number,
): Float64Array {
  const across = axisWeights(columns, width)
  return averaged(axisWeights(rows, height), height, width, (row, to) => {
    const start = row * columns
    for (let i = 0; i < width; i += 1) {
      const end = across.from[i + 1] as number
      let k = across.from[i] as number
      let at = start + (across.first[i] as number)
      let sum = 0
      for (; k < end; k += 1, at += 1) {
        sum += (table[(stored[at] as number) - lowest] as number) * (across.weights[k] as number)
      }
      to[i] = sum
    }
  })
}

/** Averages rows that are narrowed one by one, each source row once or twice (where two target rows share it). */
function averaged(
  down: AxisWeights,
  height: number,
  width: number,
  narrow: (row: number, to: Float64Array) => void,
): Float64Array {
  const line = new Float64Array(width)
  let narrowed = -1
  const result = new Float64Array(height * width)
  for (let i = 0; i < height; i += 1) {
    const begin = down.from[i] as number
    const end = down.from[i + 1] as number
    for (let k = begin; k < end; k += 1) {
      const row = (down.first[i] as number) + k - begin
      if (row !== narrowed) narrow(row, line)
      narrowed = row
      const weight = down.weights[k] as number
      for (let x = 0, at = i * width; x < width; x += 1, at += 1) {
        result[at] = (result[at] as number) + (line[x] as number) * weight
      }
    }
  }
  return result
}

function axisWeights(source: number, target: number): AxisWeights {
  const first = new Int32Array(target)
  const from = new Int32Array(target + 1)
  const weights: number[] = []
  for (let i = 0; i < target; i += 1) {
    const start = (i * source) / target
    const end = ((i + 1) * source) / target
    const begin = Math.floor(start)
    const last = Math.min(source, Math.ceil(end))
    first[i] = begin
    for (let cell = begin; cell < last; cell += 1) {
      const overlap = Math.min(end, cell + 1) - Math.max(start, cell)
      weights.push(Math.max(0, overlap) / (source / target))
    }
    from[i + 1] = weights.length
  }
  return { first, from, weights: Float64Array.from(weights) }
}
