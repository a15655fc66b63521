/** An image as the hub would know it: a vector, and whose it is (known to the attacker for the gallery only). */
export interface Specimen {
  readonly patient: string
  readonly values: Float64Array
}

/** How well an attacker who holds one set of labelled images finds the same patient among others. */
export interface Identification {
  /** Images whose patient has another image in the set. */
  readonly queries: number
  /** Queries whose nearest other image is of the same patient. */
  readonly rank1: number
  /** Queries with an image of the same patient among the five nearest. */
  readonly rank5: number
  /** The expected count for an attacker who guesses, at rank 1. */
  readonly guessed: number
  /** Probability that a pair of one patient is closer than a pair of two. */
  readonly pairAuc: number
}

/**
 * Nearest neighbours by the cosine of standardised components: what an attacker would try first, and close to the best
 * that can be done without training on the same patients.
 */
export function identify(specimens: readonly Specimen[]): Identification {
  const units = standardised(specimens.map(({ values }) => values)).map(unit)
  const images = new Map<string, number>()
  for (const { patient } of specimens) images.set(patient, (images.get(patient) ?? 0) + 1)
  const pairs: { readonly same: boolean; readonly closeness: number }[] = []
  let [queries, rank1, rank5, guessed] = [0, 0, 0, 0]
  specimens.forEach(({ patient }, query) => {
    const others = specimens.flatMap((other, index) => {
      if (index === query) return []
      const closeness = dot(units[query], units[index])
      const same = other.patient === patient
      if (index > query) pairs.push({ same, closeness })
      return [{ same, closeness }]
    })
    const own = (images.get(patient) ?? 1) - 1
    if (own === 0) return
    const nearest = others.sort((a, b) => b.closeness - a.closeness).slice(0, 5)
    queries += 1
    guessed += own / others.length
    if (nearest[0]?.same === true) rank1 += 1
    if (nearest.some(({ same }) => same)) rank5 += 1
  })
  return { queries, rank1, rank5, guessed, pairAuc: pairAuc(pairs) }
}

/** Each component with mean 0 and deviation 1 over the set; a constant one becomes 0. */
function standardised(vectors: readonly Float64Array[]): Float64Array[] {
  const length = vectors[0]?.length ?? 0
  const result = vectors.map((vector) => Float64Array.from(vector))
  for (let k = 0; k < length; k += 1) {
    const column = result.map((vector) => vector[k] ?? 0)
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length
    for (const vector of result) vector[k] = variance > 0 ? ((vector[k] ?? 0) - mean) / Math.sqrt(variance) : 0
  }
  return result
}

function unit(vector: Float64Array): Float64Array {
  const norm = Math.sqrt(dot(vector, vector))
  return norm > 0 ? vector.map((value) => value / norm) : vector
}

function dot(a: Float64Array | undefined, b: Float64Array | undefined): number {
  let sum = 0
  for (let k = 0; k < (a?.length ?? 0); k += 1) sum += (a?.[k] ?? 0) * (b?.[k] ?? 0)
  return sum
}

/** By ranks (Mann-Whitney); ties count half. 0.5 when there are pairs of one kind only. */
function pairAuc(pairs: { readonly same: boolean; readonly closeness: number }[]): number {
  const sorted = pairs.sort((a, b) => a.closeness - b.closeness)
  const same = sorted.filter((pair) => pair.same).length
  if (same === 0 || same === sorted.length) return 0.5
  let rankSum = 0
  for (let first = 0; first < sorted.length; ) {
    let last = first
    while (sorted[last + 1]?.closeness === sorted[first]?.closeness) last += 1
    const rank = (first + last) / 2 + 1
    for (let i = first; i <= last; i += 1) if (sorted[i]?.same === true) rankSum += rank
    first = last + 1
  }
  return (rankSum - (same * (same + 1)) / 2) / (same * (sorted.length - same))
}
