/** A repeatable source of numbers. Not for secrets. */
export interface SeededNumbers {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number
  /** A whole number in [0, limit). */
  below(limit: number): number
  /** Standard normal (Box and Muller 1958). */
  normal(): number
}

/** The same seed gives the same numbers on every machine (splitmix32 by Steele, Lea and Flood 2014, 32-bit finaliser). */
export function seededNumbers(seed: number): SeededNumbers {
  let state = seed | 0
  const uniform = (): number => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
  }
  return {
    uniform,
    below: (limit) => Math.floor(uniform() * limit),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  }
}

/** `count` distinct whole numbers below `limit`, ascending (Knuth, TAOCP 3.4.2, algorithm S). */
export function chooseAscending(limit: number, count: number, numbers: SeededNumbers): Int32Array {
  const chosen = new Int32Array(Math.min(limit, count))
  let taken = 0
  for (let i = 0; taken < chosen.length; i++) {
    if ((limit - i) * numbers.uniform() < chosen.length - taken) chosen[taken++] = i
  }
  return chosen
}

/** Fisher and Yates's shuffle in place (Durstenfeld 1964). */
export function shuffle(values: Int32Array | Uint32Array, numbers: SeededNumbers): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = numbers.below(i + 1)
    const held = values[i] as number
    values[i] = values[j] as number
    values[j] = held
  }
}

/**
 * Draws positions in proportion to their weights, with replacement, each draw in constant time (Walker 1977; tables as in
 * Vose 1991).
 */
export function drawByWeight(weights: Float64Array, numbers: SeededNumbers): () => number {
  const { length } = weights
  if (weights.every((weight) => weight === weights[0])) return () => numbers.below(length)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const keep = weights.map((weight) => (weight * length) / total)
  const other = Int32Array.from({ length }, (_, i) => i)
  const small: number[] = []
  const large: number[] = []
  for (const [i, share] of keep.entries()) (share < 1 ? small : large).push(i)
  for (let less = small.pop(), more = large.at(-1); less !== undefined && more !== undefined; ) {
    other[less] = more
    const left = (keep[more] as number) - (1 - (keep[less] as number))
    keep[more] = left
    if (left < 1) {
      large.pop()
      small.push(more)
    }
    less = small.pop()
    more = large.at(-1)
  }
  return () => {
    const at = numbers.below(length)
    return numbers.uniform() < (keep[at] as number) ? at : (other[at] as number)
  }
}
