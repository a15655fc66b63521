const SIDE = 8

/** COSINE[x * 8 + u] = C(u)/2 cos((2x + 1) u pi / 16) (ISO 10918-1 A.3.3). */
const COSINE = Float64Array.from({ length: 64 }, (_, i) => {
  const x = Math.floor(i / SIDE)
  const u = i % SIDE
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16)
})

/** Position in the block of each coefficient in coded order (ISO 10918-1 figure A.6). */
export const ZIGZAG: readonly number[] = zigzag()

function zigzag(): number[] {
  const order: number[] = []
  for (let sum = 0; sum < 2 * SIDE - 1; sum += 1) {
    const diagonal: number[] = []
    for (let row = Math.max(0, sum - SIDE + 1); row <= Math.min(sum, SIDE - 1); row += 1) {
      diagonal.push(row * SIDE + sum - row)
    }
    order.push(...(sum % 2 === 0 ? diagonal.reverse() : diagonal))
  }
  return order
}

/** The inverse cosine transform of one block, in place, separable, in float64. */
export function inverseDct(block: Float64Array, scratch: Float64Array): void {
  transformLines(block, scratch)
  transformLines(scratch, block)
}

/** Transforms each row of `from` and writes it as a column of `to`. */
function transformLines(from: Float64Array, to: Float64Array): void {
  for (let row = 0; row < SIDE; row += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      let sum = 0
      for (let u = 0; u < SIDE; u += 1) sum += (COSINE[x * SIDE + u] ?? 0) * (from[row * SIDE + u] ?? 0)
      to[x * SIDE + row] = sum
    }
  }
}
