/** A row as far as its pseudonyms go. */
export interface OfGeneration {
  readonly site: string
  readonly patient: string
  readonly generation: number
}

/**
 * Which generation of pseudonyms counts for each site. Under two generations one patient has two pseudonyms that nobody
 * here can bring together, so a patient could stand on both sides of a split: a dataset takes one generation of a site,
 * the one with more patients, of two with as many the later one.
 */
export function generationOfSites(rows: readonly OfGeneration[]): ReadonlyMap<string, number> {
  const patients = new Map<string, Map<number, Set<string>>>()
  for (const { site, patient, generation } of rows) {
    const of = patients.get(site) ?? new Map<number, Set<string>>()
    patients.set(site, of.set(generation, (of.get(generation) ?? new Set<string>()).add(patient)))
  }
  const chosen = new Map<string, number>()
  for (const [site, of] of patients) {
    const [best] = [...of].sort(([a, x], [b, y]) => y.size - x.size || b - a)
    if (best !== undefined) chosen.set(site, best[0])
  }
  return chosen
}
