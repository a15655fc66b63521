import { designEffect } from './compare.ts'
import type { DriftEntry, DriftGroupEntry } from './entries.ts'
import { type ChanceDistance, chanceDistance, concordance, featureDistance } from './group-distance.ts'
import { total } from './measures.ts'
import type { DriftRules } from './rules.ts'

/** Features that make a group: of fewer, each speaks for itself. */
const LEAST_FEATURES = 3

/** Remembers what chance gives, because the same reference is asked for in every window. */
export class ChanceTable {
  readonly #known = new Map<string, ChanceDistance>()

  of({ model, feature, device, isOrdered, reference, n, current, referenceOf }: DriftEntry): ChanceDistance {
    const effective = n / designEffect(n, current.filter((count) => count > 0).length)
    const steps = Math.round(Math.log2(effective) * 8) / 8
    const whose = referenceOf === 'package' ? model.digest : `${device}/${model.digest}`
    const key = `${whose}/${feature}/${total(reference)}/${steps}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const found = chanceDistance(reference, isOrdered, 2 ** steps, total(reference))
    this.#known.set(key, found)
    return found
  }
}

/** Sums up the features of each group, of one site, version and window. */
export function groupEntries(
  entries: readonly DriftEntry[],
  rules: DriftRules,
  chance: ChanceTable,
): DriftGroupEntry[] {
  return [...Map.groupBy(entries, ({ group }) => group)].flatMap(([group, all]): DriftGroupEntry[] => {
    const [first] = all
    if (first === undefined) return []
    const { device, model, window, month } = first
    const judged = all.filter(({ verdict }) => verdict !== 'too-few')
    const moved = judged.filter(({ verdict }) => verdict !== 'stable').length
    const common = { device, model, group, window, month, features: judged.length, moved }
    if (judged.length < LEAST_FEATURES) return [{ ...common, concordance: null, level: null }]
    const value = concordance(
      judged.map((entry) => ({
        distance: featureDistance(entry.reference, entry.current, entry.isOrdered),
        chance: chance.of(entry),
        weight: rules.weights[entry.feature] ?? 1,
      })),
    )
    const far = value === null ? 0 : Math.max(0, -value) / rules.group
    return [{ ...common, concordance: value, level: Math.max(far, moved / judged.length / rules.groupShare) }]
  })
}
