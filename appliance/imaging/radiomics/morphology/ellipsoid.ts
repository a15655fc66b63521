import type { Triple } from '../volume.ts'

/** IBSI 3.1.22: the series of the surface area is cut after this degree. */
const LAST_DEGREE = 20

/** The volume of an ellipsoid. @param axes half axes, largest first */
export function ellipsoidVolume([a, b, c]: Triple): number {
  return (4 / 3) * Math.PI * a * b * c
}

/**
 * What IBSI 3.1.22 (RDD2) calls the surface area of an ellipsoid: a series of Legendre polynomials with the eccentricities
 * sqrt(1 - b2/a2) and sqrt(1 - c2/a2). The series gives the true surface only with sqrt(1 - c2/a2) and sqrt(1 - c2/b2); the
 * reference value (1.36, true surface 1.30) was agreed with the former, so they are kept. A sphere is exact.
 * The recurrence is on P_n(x) times (alpha beta)^n, which needs no division by the eccentricities: a sphere is no exception.
 * @param axes half axes, largest first; the largest is positive
 */
export function ellipsoidArea([a, b, c]: Triple): number {
  const [alpha2, beta2] = [1 - (b * b) / (a * a), 1 - (c * c) / (a * a)]
  const product2 = alpha2 * beta2
  const middle = (alpha2 + beta2) / 2
  let [previous, current, sum] = [1, middle, 1 + middle / (1 - 4)]
  for (let n = 1; n < LAST_DEGREE; n++) {
    const next = ((2 * n + 1) * middle * current - n * product2 * previous) / (n + 1)
    previous = current
    current = next
    sum += current / (1 - 4 * (n + 1) ** 2)
  }
  return 4 * Math.PI * a * b * sum
}
