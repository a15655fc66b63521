/** One labelled case: what the model said, what was true, whose it is, and which group it belongs to by each dimension. */
export interface FairnessCase {
  readonly score: number
  readonly positive: boolean
  readonly label: 0 | 1
  /** Across sites; cases of one patient belong together in every interval. */
  readonly patient: string
  /** Group by dimension. Any text may be a group's name. */
  readonly groups: ReadonlyMap<string, string>
}

/** The usable cases by columns, by rising score. */
export interface CaseColumns {
  readonly n: number
  readonly scores: Float64Array
  readonly positive: Uint8Array
  readonly labels: Uint8Array
  /** Number of the patient, from 0. */
  readonly patients: Int32Array
  readonly patientCount: number
  /** Cases whose score is no finite number: left out. */
  readonly unusable: number
  readonly cases: readonly FairnessCase[]
}

/** Places of the cases of a group in the columns, ascending. */
export type GroupRows = Int32Array

/** Puts cases into columns. */
export function columnsOf(all: readonly FairnessCase[]): CaseColumns {
  const cases = all.filter((one) => Number.isFinite(one.score)).sort((a, b) => a.score - b.score)
  const numbers = new Map<string, number>()
  const patients = Int32Array.from(cases, ({ patient }) => {
    const known = numbers.get(patient) ?? numbers.size
    numbers.set(patient, known)
    return known
  })
  return {
    n: cases.length,
    scores: Float64Array.from(cases, (one) => one.score),
    positive: Uint8Array.from(cases, (one) => Number(one.positive)),
    labels: Uint8Array.from(cases, (one) => one.label),
    patients,
    patientCount: numbers.size,
    unusable: all.length - cases.length,
    cases,
  }
}

/** The groups of one dimension, or of two crossed, in the order of their names; each name has one part a dimension. */
export function groupsOf(
  { cases }: CaseColumns,
  dimensions: readonly string[],
): ReadonlyMap<string, { readonly parts: readonly string[]; readonly rows: GroupRows }> {
  const places = new Map<string, { readonly parts: readonly string[]; readonly rows: number[] }>()
  for (const [place, { groups }] of cases.entries()) {
    const parts = dimensions.map((dimension) => groups.get(dimension) ?? 'unknown')
    // A JSON list, since any sign may stand within a name.
    const key = JSON.stringify(parts)
    const known = places.get(key)
    if (known === undefined) places.set(key, { parts, rows: [place] })
    else known.rows.push(place)
  }
  return new Map(
    [...places]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { parts, rows }]) => [key, { parts, rows: Int32Array.from(rows) }]),
  )
}
