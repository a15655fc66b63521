/** Complex numbers: real and imaginary parts, on a grid whose sides are powers of two, first axis fastest. */
export interface ComplexGrid {
  readonly sides: readonly [number, number, number]
  readonly re: Float64Array
  readonly im: Float64Array
}

/** The discrete Fourier transform over all three axes, in place, without scaling. */
export function fourier3d({ sides: [nx, ny, nz], re, im }: ComplexGrid): void {
  const line = Math.max(nx, ny, nz)
  const scratch = { re: new Float64Array(line), im: new Float64Array(line) }
  const pass = (count: number, stride: number, starts: (visit: (start: number) => void) => void) => {
    if (count === 1) return
    const plan = planFor(count)
    starts((start) => {
      for (let k = 0, i = start; k < count; k++, i += stride) {
        scratch.re[plan.reversed[k] ?? 0] = re[i] ?? 0
        scratch.im[plan.reversed[k] ?? 0] = im[i] ?? 0
      }
      butterflies(scratch.re, scratch.im, plan)
      for (let k = 0, i = start; k < count; k++, i += stride) {
        re[i] = scratch.re[k] ?? 0
        im[i] = scratch.im[k] ?? 0
      }
    })
  }
  pass(nx, 1, (visit) => {
    for (let row = 0; row < ny * nz; row++) visit(row * nx)
  })
  pass(ny, nx, (visit) => {
    for (let z = 0; z < nz; z++) for (let x = 0; x < nx; x++) visit(z * nx * ny + x)
  })
  pass(nz, nx * ny, (visit) => {
    for (let at = 0; at < nx * ny; at++) visit(at)
  })
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

function butterflies(re: Float64Array, im: Float64Array, { count, cos, sin }: Plan): void {
  for (let half = 1; half < count; half *= 2) {
    const skip = count / (2 * half)
    for (let start = 0; start < count; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [a, b] = [start + k, start + k + half]
        const [c, s] = [cos[k * skip] ?? 0, sin[k * skip] ?? 0]
        const [bRe, bIm] = [re[b] ?? 0, im[b] ?? 0]
        const [tRe, tIm] = [bRe * c - bIm * s, bRe * s + bIm * c]
        const [aRe, aIm] = [re[a] ?? 0, im[a] ?? 0]
        re[a] = aRe + tRe
        im[a] = aIm + tIm
        re[b] = aRe - tRe
        im[b] = aIm - tIm
      }
    }
  }
}
