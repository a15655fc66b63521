import { LATENCY_SKETCH_BINS, latencySketchBin } from './latency-sketch.ts'
import { binOf } from './reference.ts'

/** What stands beside a value: the words of a closed list, edges, or the bins of the sketch of latencies. */
export type StandardFeature =
  | { readonly kind: 'words'; readonly feature: string; readonly words: readonly string[] }
  | { readonly kind: 'edges'; readonly feature: string; readonly edges: readonly number[] }
  | { readonly kind: 'latency'; readonly feature: string }

/** Makers of X-ray and other imaging devices; every other one is `other`, so that no text of a header can leave. */
export const MANUFACTURERS = [
  'agfa',
  'canon',
  'carestream',
  'fujifilm',
  'ge',
  'hologic',
  'konica',
  'philips',
  'samsung',
  'shimadzu',
  'siemens',
  'toshiba',
  'other',
  'unknown',
] as const

/**
 * What every site counts of every model beside the features of its package, on bins that are the same everywhere. The order
 * of words and edges is what the counts mean: they are never changed, only added under a new name.
 */
export const STANDARD_FEATURES: readonly StandardFeature[] = [
  {
    kind: 'words',
    feature: 'metadata.modality',
    words: ['CR', 'DX', 'CT', 'MR', 'MG', 'US', 'XA', 'RF', 'NM', 'PT', 'OT'],
  },
  { kind: 'words', feature: 'metadata.view', words: ['AP', 'PA', 'LL', 'unknown'] },
  { kind: 'words', feature: 'metadata.sex', words: ['F', 'M', 'O', 'unknown'] },
  {
    kind: 'words',
    feature: 'metadata.age-decade',
    words: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'unknown'],
  },
  { kind: 'words', feature: 'metadata.manufacturer', words: MANUFACTURERS },
  { kind: 'words', feature: 'metadata.photometric', words: ['MONOCHROME1', 'MONOCHROME2', 'other'] },
  { kind: 'edges', feature: 'metadata.kvp', edges: [0, 40, 60, 70, 80, 90, 100, 110, 120, 130, 150] },
  { kind: 'edges', feature: 'metadata.bits-stored', edges: [0, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17] },
  {
    kind: 'edges',
    feature: 'metadata.pixel-spacing',
    edges: [0, 0.08, 0.11, 0.13, 0.145, 0.16, 0.18, 0.21, 0.3, 0.6, 1],
  },
  { kind: 'edges', feature: 'metadata.deviation-index', edges: [-20, -6, -3, -1, -0.5, 0.5, 1, 3, 6, 20] },
  { kind: 'latency', feature: 'latency.score' },
]

const LABEL_WORDS = ['absent', 'uncertain', 'present'] as const
const BY_NAME = new Map(STANDARD_FEATURES.map((one) => [one.feature, one]))

/** The standard feature of a name; `label.X` is one for every finding X. */
export function standardFeature(name: string): StandardFeature | undefined {
  if (name.startsWith('label.')) return { kind: 'words', feature: name, words: LABEL_WORDS }
  return BY_NAME.get(name)
}

/** Number of bins of a standard feature. */
export function binsOf(feature: StandardFeature): number {
  if (feature.kind === 'words') return feature.words.length
  return feature.kind === 'edges' ? feature.edges.length - 1 : LATENCY_SKETCH_BINS
}

/** The bin of a value; undefined for a word that is not in the list and for what is no figure. */
export function standardBin(feature: StandardFeature, value: string | number): number | undefined {
  if (feature.kind === 'words') {
    const bin = feature.words.indexOf(String(value))
    return bin < 0 ? undefined : bin
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  if (feature.kind === 'latency') return latencySketchBin(value)
  const edges = [...feature.edges]
  return binOf({ feature: feature.feature, edges, counts: new Array<number>(edges.length - 1).fill(0) }, value)
}
