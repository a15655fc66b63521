import type { Randomness } from '../foundation/index.ts'

/** Bounds of a growing delay, in milliseconds. */
export interface BackoffBounds {
  readonly firstMs: number
  readonly largestMs: number
}

/**
 * How long to wait before the next attempt: doubles with every failure up to the largest, and lies anywhere in the upper
 * half of that, so that a hundred boxes that lost the same hub do not come back in one instant.
 * @param failures attempts that failed in a row, from 1.
 */
export function backoffDelay(failures: number, bounds: BackoffBounds, randomness: Randomness): number {
  const ceiling = Math.min(bounds.largestMs, bounds.firstMs * 2 ** Math.min(failures - 1, 30))
  const random = Buffer.from(randomness.bytes(4)).readUInt32BE() / 2 ** 32
  return Math.round(ceiling * (0.5 + random / 2))
}
