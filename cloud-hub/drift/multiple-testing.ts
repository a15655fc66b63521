/**
 * Adjusted p-values of Benjamini and Hochberg (1995): calling all that are at most q keeps the expected share of false calls
 * at q, and where nothing is true, the chance of any call.
 */
export function benjaminiHochberg(values: readonly number[]): number[] {
  const order = values.map((p, index) => ({ p, index })).sort((a, b) => b.p - a.p)
  const adjusted = new Array<number>(values.length)
  let least = 1
  for (const [place, { p, index }] of order.entries()) {
    least = Math.min(least, (p * values.length) / (values.length - place))
    adjusted[index] = least
  }
  return adjusted
}

/** Adjusted p-values of Bonferroni: calling all that are at most q keeps the chance of any false call at q. */
export function bonferroni(values: readonly number[]): number[] {
  return values.map((p) => Math.min(1, p * values.length))
}
