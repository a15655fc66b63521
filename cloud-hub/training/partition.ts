import { createHash } from 'node:crypto'

/** What a partition needs to know of a case. A patient is never on both sides. */
export interface Grouped {
  /** Across sites. */
  readonly patient: string
  readonly label: 0 | 1
}

/** A case whose site is to be represented too. A patient is of one site. */
export interface GroupedAtSite extends Grouped {
  readonly site: string
}

/**
 * Share of patients for the held-out part, taken from patients with and without a positive case alike, and from each site
 * as far as whole patients allow: counts of a class are those of the share, and no site gives one patient more or fewer
 * than its part.
 * @returns the patients held out. Depends on the seed and the patients only, not on their order.
 */
export function heldOutPatients(cases: readonly GroupedAtSite[], share: number, seed: string): Set<string> {
  const siteOf = new Map(cases.map((one) => [one.patient, one.site]))
  const heldOut = new Set<string>()
  for (const stratum of strata(cases, `${seed}/held-out`)) {
    const sites = [...new Set(stratum.map((patient) => siteOf.get(patient) ?? ''))].sort()
    const bySite = sites.flatMap((site) => stratum.filter((patient) => siteOf.get(patient) === site))
    // Every step over the ordered list adds one share; whoever stands where it passes a half is held out.
    for (const [i, patient] of bySite.entries()) {
      if (Math.floor((i + 1) * share + 0.5) > Math.floor(i * share + 0.5)) heldOut.add(patient)
    }
  }
  return heldOut
}

/** Gives every patient one of `folds` folds, spread evenly over both strata. */
export function foldOfPatient(cases: readonly Grouped[], folds: number, seed: string): Map<string, number> {
  const result = new Map<string, number>()
  for (const stratum of strata(cases, `${seed}/folds`)) {
    for (const [i, patient] of stratum.entries()) result.set(patient, i % folds)
  }
  return result
}

/** Patients with a positive case, and those without; each in an order drawn from the seed. */
function strata(cases: readonly Grouped[], seed: string): readonly (readonly string[])[] {
  const positive = new Set(cases.filter((one) => one.label === 1).map((one) => one.patient))
  const all = [...new Set(cases.map((one) => one.patient))].map((patient) => ({
    patient,
    rank: createHash('sha256').update(`${seed}/${patient}`).digest('hex'),
  }))
  all.sort((a, b) => (a.rank < b.rank ? -1 : 1))
  const ranked = all.map((one) => one.patient)
  return [ranked.filter((patient) => positive.has(patient)), ranked.filter((patient) => !positive.has(patient))]
}
