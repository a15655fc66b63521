/** For one axis: the two source cells between which a target cell's centre lies, and the share of the second. */
export interface LinearAxis {
  readonly first: Int32Array
  readonly second: Int32Array
  readonly share: Float64Array
}

/**
 * Where the centres of target cells lie among source cells: (i + 0.5) * scale - 0.5, held inside the outermost centres.
 * @param scale size of a target cell in source cells.
 */
export function linearAxis(source: number, target: number, scale: number): LinearAxis {
  const axis = { first: new Int32Array(target), second: new Int32Array(target), share: new Float64Array(target) }
  for (let i = 0; i < target; i += 1) {
    const at = Math.min(source - 1, Math.max(0, (i + 0.5) * scale - 0.5))
    const first = Math.floor(at)
    axis.first[i] = first
    axis.second[i] = Math.min(source - 1, first + 1)
    axis.share[i] = at - first
  }
  return axis
}

/** The source cell that holds each target cell's centre. */
export function nearestAxis(source: number, target: number, scale: number): Int32Array {
  return Int32Array.from({ length: target }, (_, i) => Math.min(source - 1, Math.floor((i + 0.5) * scale)))
}

/**
 * Stretches a plane by interpolating between the two nearest cell centres of each axis, columns first.
 * @param values row-major, rows x columns. @returns row-major, height x width.
 */
export function bilinearResize(
  values: Float64Array,
  rows: number,
  columns: number,
  height: number,
  width: number,
): Float64Array {
  const across = linearAxis(columns, width, columns / width)
  const down = linearAxis(rows, height, rows / height)
  const narrow = new Float64Array(rows * width)
  for (let row = 0; row < rows; row += 1) {
    for (let x = 0; x < width; x += 1) {
      const low = values[row * columns + (across.first[x] ?? 0)] ?? 0
      const high = values[row * columns + (across.second[x] ?? 0)] ?? 0
      narrow[row * width + x] = low + (high - low) * (across.share[x] ?? 0)
    }
  }
  const result = new Float64Array(height * width)
  for (let y = 0; y < height; y += 1) {
    const first = (down.first[y] ?? 0) * width
    const second = (down.second[y] ?? 0) * width
    for (let x = 0; x < width; x += 1) {
      const low = narrow[first + x] ?? 0
      result[y * width + x] = low + ((narrow[second + x] ?? 0) - low) * (down.share[y] ?? 0)
    }
  }
  return result
}

/** Stretches a plane by taking the cell that holds each target cell's centre. */
export function nearestResize(
  values: Float64Array,
  rows: number,
  columns: number,
  height: number,
  width: number,
): Float64Array {
  const across = nearestAxis(columns, width, columns / width)
  const down = nearestAxis(rows, height, rows / height)
  return Float64Array.from({ length: height * width }, (_, i) => {
    const row = down[Math.floor(i / width)] ?? 0
    return values[row * columns + (across[i % width] ?? 0)] ?? 0
  })
}

/** The largest centred square of a plane; an odd remainder is cut at the end. */
export function centreSquare(
  values: Float64Array,
  rows: number,
  columns: number,
): { readonly side: number; readonly values: Float64Array } {
  const side = Math.min(rows, columns)
  const top = Math.floor((rows - side) / 2)
  const left = Math.floor((columns - side) / 2)
  const square = new Float64Array(side * side)
  for (let y = 0; y < side; y += 1) {
    const start = (top + y) * columns + left
    square.set(values.subarray(start, start + side), y * side)
  }
  return { side, values: square }
}

/** A box of a plane by fractions of its sides: from floor(start * size) up to floor(end * size), at least one cell. */
export function cropBox(
  values: Float64Array,
  rows: number,
  columns: number,
  box: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number },
): { readonly rows: number; readonly columns: number; readonly values: Float64Array } {
  const [top, height] = spanOf(box.top, box.bottom, rows)
  const [left, width] = spanOf(box.left, box.right, columns)
  const result = new Float64Array(height * width)
  for (let y = 0; y < height; y += 1) {
    const start = (top + y) * columns + left
    result.set(values.subarray(start, start + width), y * width)
  }
  return { rows: height, columns: width, values: result }
}

function spanOf(start: number, end: number, size: number): readonly [number, number] {
  const first = Math.min(size - 1, Math.floor(start * size))
  return [first, Math.max(1, Math.floor(end * size) - first)]
}
