import {
  binsOf,
  latencySketchQuantile,
  latencySketchValue,
  type ReferenceDistributions,
  standardFeature,
} from '@leadglass/models'

/** What a feature says something about: as in CheXstray the header, the looks and the scores; beside them labels and operation. */
export const FEATURE_GROUPS = ['scores', 'appearance', 'metadata', 'labels', 'operation'] as const
export type FeatureGroup = (typeof FEATURE_GROUPS)[number]

/** Bins of the sketch that are compared as one, about a doubling of the time. */
const LATENCY_STEP = 35

/** How the bins of a feature are to be read. */
export interface FeatureShape {
  readonly feature: string
  readonly group: FeatureGroup
  /** Whether bins stand in an order, so that distances along it mean something. */
  readonly isOrdered: boolean
  readonly edges: readonly number[]
  /** Where the values of a bin stand. */
  readonly positions: readonly number[]
  /** Counts of the package; undefined where the site's own first windows are the reference. */
  readonly reference: readonly number[] | undefined
  /** Brings what a site counted onto these bins. */
  readonly gather: (cells: ReadonlyMap<number, number>) => number[]
  /** Median, 95th and 99th percentile in milliseconds, of a feature that is a time. */
  readonly quantiles: ((cells: ReadonlyMap<number, number>) => readonly (number | null)[]) | undefined
}

/** The group of a feature, by its name. */
export function groupOf(feature: string): FeatureGroup {
  const family = feature.slice(0, feature.indexOf('.'))
  if (family === 'score') return 'scores'
  if (family === 'metadata') return 'metadata'
  if (family === 'label') return 'labels'
  return family === 'latency' ? 'operation' : 'appearance'
}

/** @returns undefined for a feature that neither the package nor the standard knows. */
export function shapeOf(feature: string, package_: ReferenceDistributions): FeatureShape | undefined {
  const group = groupOf(feature)
  const declared = package_.features.find((one) => one.feature === feature)
  const standard = standardFeature(feature)
  const isOrdered = standard?.kind !== 'words'
  if (declared !== undefined) {
    const { edges, counts } = declared
    return { feature, group, isOrdered, edges, positions: centres(edges), reference: counts, ...plain(counts.length) }
  }
  if (standard === undefined) return undefined
  const common = { feature, group, isOrdered, reference: undefined }
  if (standard.kind === 'edges') {
    const { edges } = standard
    return { ...common, edges, positions: centres(edges), ...plain(edges.length - 1) }
  }
  const bins = binsOf(standard)
  if (standard.kind === 'words') {
    const edges = Array.from({ length: bins + 1 }, (_, i) => i)
    return { ...common, edges, positions: edges.slice(0, bins), ...plain(bins) }
  }
  const coarse = Math.ceil(bins / LATENCY_STEP)
  const edges = Array.from({ length: coarse + 1 }, (_, i) => latencySketchValue(i * LATENCY_STEP))
  return {
    ...common,
    edges,
    // A doubling is a step, wherever it is.
    positions: edges.slice(0, coarse).map((_, i) => i),
    gather: (cells) => {
      const counts = new Array<number>(coarse).fill(0)
      for (const [bin, count] of cells) {
        const place = Math.floor(bin / LATENCY_STEP)
        if (place < coarse) counts[place] = (counts[place] ?? 0) + count
      }
      return counts
    },
    quantiles: (cells) => {
      const counts = Array.from({ length: bins }, (_, bin) => cells.get(bin) ?? 0)
      return [0.5, 0.95, 0.99].map((quantile) => latencySketchQuantile(counts, quantile))
    },
  }
}

function plain(bins: number): Pick<FeatureShape, 'gather' | 'quantiles'> {
  return { gather: (cells) => Array.from({ length: bins }, (_, bin) => cells.get(bin) ?? 0), quantiles: undefined }
}

function centres(edges: readonly number[]): number[] {
  return edges.slice(1).map((edge, i) => (edge + (edges[i] ?? edge)) / 2)
}
