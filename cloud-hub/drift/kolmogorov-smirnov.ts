/** Above so many lattice points the limit is used: it is right to 1e-4 there. */
const MOST_POINTS = 1_000_000
/** Sums stop at terms below this. */
const NEGLIGIBLE = 1e-17

/**
 * Probability that two samples of one continuous distribution differ by `statistic` or more. Where values are tied, as
 * counts on bins always are, the true probability is smaller: the test errs to silence.
 * @param n @param m sizes of the samples.
 */
export function kolmogorovSmirnovTail(statistic: number, n: number, m: number): number {
  if (statistic <= 0) return 1
  const [small, large] = n < m ? [n, m] : [m, n]
  return small * large <= MOST_POINTS ? exactTail(statistic, small, large) : limitTail(statistic, (n * m) / (n + m))
}

/**
 * The share of orders of the two samples whose distribution functions stay closer than the statistic, by counting lattice
 * paths (Kim and Jennrich 1973); each step is weighed, so that nothing overflows.
 */
function exactTail(statistic: number, n: number, m: number): number {
  // Half a step of the lattice below: the statistic itself counts as reached, whatever its rounding.
  const bound = (Math.floor(statistic * n * m - 1e-7) + 0.5) / (n * m)
  const inside = (i: number, j: number): boolean => Math.abs(i / n - j / m) <= bound
  const paths = new Float64Array(m + 1)
  for (let j = 0; j <= m; j += 1) paths[j] = inside(0, j) ? 1 : 0
  for (let i = 1; i <= n; i += 1) {
    const weight = i / (i + m)
    paths[0] = inside(i, 0) ? weight * (paths[0] ?? 0) : 0
    for (let j = 1; j <= m; j += 1) {
      paths[j] = inside(i, j) ? weight * (paths[j] ?? 0) + (paths[j - 1] ?? 0) : 0
    }
  }
  return Math.min(1, Math.max(0, 1 - (paths[m] ?? 0)))
}

/** Kolmogorov's limit at the argument corrected for the size (Vrbik 2018). */
function limitTail(statistic: number, size: number): number {
  const root = Math.sqrt(size)
  const x = statistic * root + 1 / (6 * root) + (statistic * root - 1) / (4 * size)
  if (x < 0.2) return 1
  let sum = 0
  for (let k = 1; k < 100; k += 1) {
    const term = Math.exp(-2 * k * k * x * x)
    sum += k % 2 === 1 ? term : -term
    if (term < NEGLIGIBLE) break
  }
  return Math.min(1, Math.max(0, 2 * sum))
}
