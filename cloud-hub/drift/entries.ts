import type { ModelReference } from '@leadglass/sync-agent/contract'
import type { Compared, Judgement } from './compare.ts'
import type { FeatureGroup } from './features.ts'
import type { DistributionMeasures } from './measures.ts'
import type { PositiveShift } from './positives.ts'
import type { DriftWindow } from './windows.ts'

/** The name under which the counts of all sites together stand; no device can have it. */
export const FLEET = '*'

/** One feature of one model at one site in one window, on the bins of its reference. */
export interface DriftEntry extends Omit<Compared, 'measures'>, Judgement {
  /** A device, or `*` for all sites together. */
  readonly device: string
  readonly model: ModelReference
  readonly feature: string
  readonly group: FeatureGroup
  readonly window: DriftWindow
  readonly month: string
  /** Whether the bins stand in an order. */
  readonly isOrdered: boolean
  readonly edges: readonly number[]
  readonly reference: readonly number[]
  readonly current: readonly number[]
  /** What the reference is: the package's, or the site's own first windows, which may still be counted. */
  readonly referenceOf: 'package' | 'site'
  readonly measures: DistributionMeasures | null
  readonly psi: number | null
  /** Of a score with an operating point: what the shift means for patients. */
  readonly positives: PositiveShift | null
  /** Of a time: median, 95th and 99th percentile in milliseconds. */
  readonly quantiles: readonly (number | null)[] | null
  /** Against the limit, 1 and above is too much; null where nothing is said. */
  readonly level: number | null
}

/** All features of one group of one model at one site in one window. */
export interface DriftGroupEntry {
  readonly device: string
  readonly model: ModelReference
  readonly group: FeatureGroup
  readonly window: DriftWindow
  readonly month: string
  /** Features of which something can be said, and those of them that moved. */
  readonly features: number
  readonly moved: number
  /** The concordance (MMC): 0 is none, negative is drift, in standard deviations of chance. Null where nothing is said. */
  readonly concordance: number | null
  readonly level: number | null
}

/** Everything that the counts in view say. */
export interface DriftView {
  readonly features: readonly DriftEntry[]
  readonly groups: readonly DriftGroupEntry[]
}
