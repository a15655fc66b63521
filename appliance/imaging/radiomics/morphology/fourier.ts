/** Complex numbers: real and imaginary parts, on a grid whose sides are powers of two, first axis fastest. */
export interface ComplexGrid {
  readonly sides: readonly [number, number, number]
  readonly re: Float64Array
  readonly im: Float64Array
}

/** This many lines are transformed side by side, so that far-apart rows are read by whole cache lines. */
const BATCH = 16

/**
 * The discrete Fourier transform over all three axes, in place, without scaling.
 * @param filled nothing but zeros lies at or beyond these indices; lines of zeros are skipped.
 */
export function fourier3d(grid: ComplexGrid, filled: readonly [number, number, number]): void {
  const [nx, ny, nz] = grid.sides
  const scratch = {
    re: new Float64Array(BATCH * Math.max(nx, ny, nz)),
    im: new Float64Array(BATCH * Math.max(nx, ny, nz)),
  }
  // along x: the lines of one batch are neighbouring rows
  const alongX = planFor(nx)
  for (let z = 0; z < filled[2]; z++)
    for (let y = 0; y < filled[1]; y += BATCH)
      transformLines(grid, scratch, alongX, {
        start: (z * ny + y) * nx,
        step: 1,
        next: nx,
        lines: Math.min(BATCH, ny - y),
      })
  const alongY = planFor(ny)
  for (let z = 0; z < filled[2]; z++)
    for (let x = 0; x < nx; x += BATCH)
      transformLines(grid, scratch, alongY, {
        start: z * nx * ny + x,
        step: nx,
        next: 1,
        lines: Math.min(BATCH, nx - x),
      })
  const alongZ = planFor(nz)
  for (let at = 0; at < nx * ny; at += BATCH)
    transformLines(grid, scratch, alongZ, { start: at, step: nx * ny, next: 1, lines: Math.min(BATCH, nx * ny - at) })
}

/** The least power of two that is not below `n`. */
export function powerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(n))
}

interface Plan {
  readonly count: number
  readonly reversed: Uint32Array
  readonly cos: Float64Array
  readonly sin: Float64Array
}

/** Lines of a grid: index of the first cell, from cell to cell of a line, from line to line, and how many lines. */
interface Lines {
  readonly start: number
  readonly step: number
  readonly next: number
  readonly lines: number
}

function planFor(count: number): Plan {
  const bits = Math.log2(count)
  const reversed = Uint32Array.from({ length: count }, (_, k) => {
    let turned = 0
    for (let bit = 0; bit < bits; bit++) turned |= ((k >> bit) & 1) << (bits - 1 - bit)
    return turned
  })
  const angle = (k: number) => (-2 * Math.PI * k) / count
  return {
    count,
    reversed,
    cos: Float64Array.from({ length: count / 2 }, (_, k) => Math.cos(angle(k))),
    sin: Float64Array.from({ length: count / 2 }, (_, k) => Math.sin(angle(k))),
  }
}

/** Gathers the lines in bit-reversed order, transforms them together, and puts them back. */
function transformLines(
  grid: ComplexGrid,
  scratch: { readonly re: Float64Array; readonly im: Float64Array },
  plan: Plan,
  { start, step, next, lines }: Lines,
): void {
  const { count, reversed } = plan
  if (count === 1) return
  for (let k = 0; k < count; k++) {
    const to = (reversed[k] ?? 0) * BATCH
    const from = start + k * step
    for (let line = 0; line < lines; line++) {
      scratch.re[to + line] = grid.re[from + line * next] ?? 0
      scratch.im[to + line] = grid.im[from + line * next] ?? 0
    }
  }
  butterflies(scratch.re, scratch.im, plan)
  for (let k = 0; k < count; k++) {
    const from = k * BATCH
    const to = start + k * step
    for (let line = 0; line < lines; line++) {
      grid.re[to + line * next] = scratch.re[from + line] ?? 0
      grid.im[to + line * next] = scratch.im[from + line] ?? 0
    }
  }
}

/** Decimation in time, radix 2, on BATCH lines that lie interleaved. */
function butterflies(re: Float64Array, im: Float64Array, { count, cos, sin }: Plan): void {
  for (let half = 1; half < count; half *= 2) {
    const skip = count / (2 * half)
    for (let start = 0; start < count; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const c = cos[k * skip] ?? 0
        const s = sin[k * skip] ?? 0
        const end = (start + k + 1) * BATCH
        for (let a = (start + k) * BATCH, b = a + half * BATCH; a < end; a++, b++) {
          const bRe = re[b] ?? 0
          const bIm = im[b] ?? 0
          const turnedRe = bRe * c - bIm * s
          const turnedIm = bRe * s + bIm * c
          const aRe = re[a] ?? 0
          const aIm = im[a] ?? 0
          re[a] = aRe + turnedRe
          im[a] = aIm + turnedIm
          re[b] = aRe - turnedRe
          im[b] = aIm - turnedIm
        }
      }
    }
  }
}
