/** What a row must be like. */
export interface SelectionRules {
  /** Digest of the backbone graph by digest of the model package; a package that is not in it is unknown. */
  readonly backboneOf: ReadonlyMap<string, string>
  readonly backbone: string
  readonly embeddingLength: number
  /** Nothing that the hub took after this instant counts, neither features nor labels; ISO 8601, UTC. */
  readonly cutoff?: string
  /** Shortest and longest embedding that the package's reference allows; from the data themselves when left out. */
  readonly norms?: { readonly low: number; readonly high: number }
}

/** Who and what must not count, whatever was asked for. */
export interface StandingExclusions {
  readonly revokedReaders: readonly { readonly site: string; readonly reader: string }[]
  /** SHA-256 of `<site>/<pseudonym>` of everybody who was erased. */
  readonly erasedSubjects: readonly string[]
}

/**
 * Embeddings of one model have much the same length. Beyond this many robust standard deviations (1.4826 times the median
 * absolute deviation of the logarithm) from the median, and by more than this factor, an embedding was not made by it.
 */
export const NORM_FENCE = { deviations: 10, factor: 3, least: 30 } as const

/**
 * The test of a site: AUC of its own scores against its labels, one score a study (the highest). A site is left out only when
 * the upper end of the two-sided 95 % interval lies below `ceiling`, with the variance of the rank sum under the null hypothesis.
 * Fewer than `least` positives or negatives, or fewer than `distinct` different scores, and the site is not judged.
 */
export const NOISE_TEST = { least: 30, distinct: 10, ceiling: 0.6, z: 1.959964 } as const
