/** For one axis: which source cells each target cell averages, and with which weights (their sum is 1). */
interface AxisWeights {
  readonly first: Int32Array
  readonly weights: readonly Float64Array[]
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
  const down = axisWeights(rows, height)
  const narrow = new Float64Array(rows * width)
  for (let row = 0; row < rows; row += 1) averageRow(values, row * columns, across, narrow, row * width)
  const result = new Float64Array(height * width)
  for (let i = 0; i < height; i += 1) averageRows(narrow, width, down, i, result)
  return result
}

function averageRow(from: Float64Array, start: number, axis: AxisWeights, to: Float64Array, at: number): void {
  for (let i = 0; i < axis.weights.length; i += 1) {
    const weights = axis.weights[i] ?? new Float64Array(0)
    const first = start + (axis.first[i] ?? 0)
    let sum = 0
    for (let k = 0; k < weights.length; k += 1) sum += (from[first + k] ?? 0) * (weights[k] ?? 0)
    to[at + i] = sum
  }
}

function averageRows(from: Float64Array, width: number, axis: AxisWeights, i: number, to: Float64Array): void {
  const weights = axis.weights[i] ?? new Float64Array(0)
  for (let k = 0; k < weights.length; k += 1) {
    const start = ((axis.first[i] ?? 0) + k) * width
    const weight = weights[k] ?? 0
    for (let x = 0; x < width; x += 1) to[i * width + x] = (to[i * width + x] ?? 0) + (from[start + x] ?? 0) * weight
  }
}

function axisWeights(source: number, target: number): AxisWeights {
  const first = new Int32Array(target)
  const weights: Float64Array[] = []
  for (let i = 0; i < target; i += 1) {
    const start = (i * source) / target
    const end = ((i + 1) * source) / target
    const begin = Math.floor(start)
    const last = Math.min(source, Math.ceil(end))
    first[i] = begin
    weights.push(
      Float64Array.from({ length: last - begin }, (_, k) => {
        const overlap = Math.min(end, begin + k + 1) - Math.max(start, begin + k)
        return Math.max(0, overlap) / (source / target)
      }),
    )
  }
  return { first, weights }
}
