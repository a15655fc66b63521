/** 97.5th percentile of the standard normal distribution. */
export const Z95 = 1.959963984540054

/** Distribution function of the standard normal, by the complementary error function. */
export function normalCdf(z: number): number {
  return z < 0 ? 0.5 * erfc(-z / Math.SQRT2) : 1 - 0.5 * erfc(z / Math.SQRT2)
}

/**
 * Complementary error function for x >= 0: power series below 3, continued fraction above; relative error under 1e-12.
 */
function erfc(x: number): number {
  if (x < 3) {
    let term = x
    let sum = x
    for (let n = 1; n < 200 && Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n
      sum += term / (2 * n + 1)
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction)
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction))
}
