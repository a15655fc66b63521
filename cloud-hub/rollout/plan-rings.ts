/** Share of the sites that the second ring has, in thousandths. */
const SECOND_RING_PERMILLE = 100

/**
 * Canary site, a tenth of the others, the rest. Sorted by name, so that the same sites make the same rings.
 * @param canaries the sites that go first.
 */
export function defaultRings(sites: readonly string[], canaries: readonly string[]): string[][] {
  const others = sites.filter((site) => !canaries.includes(site)).sort()
  const second = Math.ceil((others.length * SECOND_RING_PERMILLE) / 1000)
  return [[...canaries], others.slice(0, second), others.slice(second)].filter((ring) => ring.length > 0)
}
