/** A change of the vectors before they leave, and what it costs in bits. */
export interface Mitigation {
  readonly name: string
  /** Makes the vectors that would leave; all at once, so that ranges can be those of a reference set. */
  apply(vectors: readonly Float64Array[]): Float64Array[]
}

/** Numbers in [0, 1), the same for the same seed. */
export type Chance = () => number

/** The vectors as they leave today: 32-bit floats, every component. */
export const AS_SYNCED: Mitigation = { name: 'as synced: float32, all components', apply: (vectors) => [...vectors] }

/** Each component in 2^bits equal steps between the 1st and the 99th percentile of the set. */
export function quantised(bits: number): Mitigation {
  const steps = 2 ** bits - 1
  return {
    name: `quantised to ${bits} bit${bits === 1 ? '' : 's'} a component`,
    apply(vectors) {
      const ranges = columnsOf(vectors).map((column) => {
        const sorted = Float64Array.from(column).sort()
        const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0
        return { low: at(0.01), high: at(0.99) }
      })
      return vectors.map((vector) =>
        vector.map((value, k) => {
          const { low, high } = ranges[k] ?? { low: 0, high: 0 }
          if (high <= low) return low
          const share = Math.min(1, Math.max(0, (value - low) / (high - low)))
          return low + (Math.round(share * steps) / steps) * (high - low)
        }),
      )
    },
  }
}

/** A projection onto so many random directions, the same for all: what a box would do with a matrix of its own. */
export function projected(dimensions: number, chance: Chance): Mitigation {
  return {
    name: `random projection to ${dimensions} components`,
    apply(vectors) {
      const length = vectors[0]?.length ?? 0
      const directions = Array.from({ length: dimensions }, () => Float64Array.from({ length }, () => normal(chance)))
      return vectors.map((vector) =>
        Float64Array.from(directions, (direction) =>
          direction.reduce((sum, share, k) => sum + share * (vector[k] ?? 0), 0),
        ),
      )
    },
  }
}

/** Gaussian noise of so many standard deviations of each component, drawn anew for every image. */
export function noised(deviations: number, chance: Chance): Mitigation {
  return {
    name: `noise of ${deviations} deviations a component`,
    apply(vectors) {
      const scales = columnsOf(vectors).map((column) => {
        const mean = column.reduce((sum, value) => sum + value, 0) / column.length
        return Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length)
      })
      return vectors.map((vector) => vector.map((value, k) => value + deviations * (scales[k] ?? 0) * normal(chance)))
    },
  }
}

function columnsOf(vectors: readonly Float64Array[]): number[][] {
  return Array.from({ length: vectors[0]?.length ?? 0 }, (_, k) => vectors.map((vector) => vector[k] ?? 0))
}

/** Box and Muller. */
function normal(chance: Chance): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance())
}
