import type { ModelCard, ModelManifest } from '@leadglass/models'
import { canonicalJson, type JsonValue } from '@leadglass/sync-agent/foundation'

/** What can become another from one version of a model to the next. */
export const ASPECTS = [
  'weights',
  'architecture',
  'input',
  'preprocessing',
  'outputs',
  'operating-points',
  'fit',
  'intended-use',
  'population',
  'limits',
  'features',
  'golden-cases',
  'runtime',
  'training-data',
  'training-recipe',
] as const
export type Aspect = (typeof ASPECTS)[number]

/** One version as it is compared: what it declares, and the bytes and architecture of each of its graphs. */
export interface ComparedVersion {
  readonly manifest: ModelManifest
  readonly card: ModelCard
  /** By graph: SHA-256 of the file, and of its architecture without the weights. */
  readonly graphs: readonly { readonly id: string; readonly digest: string; readonly shape: string }[]
}

/**
 * Which aspect each member of a manifest belongs to. Total: a member that is added later does not compile until it has its
 * row, so that no change can go unseen. Null: it names the version and says nothing about it, or is compared elsewhere.
 */
const MANIFEST: Readonly<Record<keyof ModelManifest, Aspect | null>> = {
  schema: 'runtime',
  name: null,
  version: null,
  releaseCounter: null,
  title: 'intended-use',
  kind: 'architecture',
  intendedUse: 'intended-use',
  fit: 'fit',
  input: 'input',
  preprocessing: 'preprocessing',
  // Files are compared by `graphs`, the wiring as architecture below.
  graphs: 'architecture',
  embedding: 'architecture',
  outputs: 'outputs',
  frames: 'input',
  columns: 'input',
  training: 'training-recipe',
  priors: 'input',
  series: 'fit',
  radiomics: 'features',
  golden: 'golden-cases',
  reference: null,
  card: null,
  runtime: 'runtime',
  lineage: 'training-data',
  files: null,
}

/** Likewise for the members of a card; what a card holds beyond them is the trainer's and counts as recipe. */
const CARD: Readonly<Record<string, Aspect | null>> = {
  schema: null,
  name: null,
  version: null,
  summary: 'intended-use',
  intendedUse: 'intended-use',
  outOfScope: 'intended-use',
  data: 'training-data',
  training: 'training-recipe',
  metrics: null,
  knownShortcuts: 'limits',
  limits: 'limits',
  licence: 'limits',
  statement: 'intended-use',
  declaration: 'population',
  referenceDistributions: null,
  changeControl: null,
}

/** The aspects in which two versions differ, in the order of `ASPECTS`. */
export function differingAspects(before: ComparedVersion, after: ComparedVersion): Aspect[] {
  const found = new Set<Aspect>()
  for (const [member, aspect] of Object.entries(MANIFEST) as [keyof ModelManifest, Aspect | null][]) {
    if (aspect === null) continue
    if (text(manifestPart(before.manifest, member)) !== text(manifestPart(after.manifest, member))) found.add(aspect)
  }
  if (text(operatingPoints(before.manifest)) !== text(operatingPoints(after.manifest))) found.add('operating-points')
  const graphs = (version: ComparedVersion, by: 'digest' | 'shape') =>
    text(version.graphs.map((graph) => ({ id: graph.id, is: graph[by] })))
  if (graphs(before, 'shape') !== graphs(after, 'shape')) found.add('architecture')
  if (graphs(before, 'digest') !== graphs(after, 'digest')) found.add('weights')
  for (const member of new Set([...Object.keys(before.card), ...Object.keys(after.card)])) {
    const aspect = member in CARD ? CARD[member] : 'training-recipe'
    if (aspect == null) continue
    if (text(before.card[member]) !== text(after.card[member])) found.add(aspect)
  }
  return ASPECTS.filter((aspect) => found.has(aspect))
}

/** A member without what is compared on its own, or differs with every version. */
function manifestPart(manifest: ModelManifest, member: keyof ModelManifest): unknown {
  if (member === 'outputs') return manifest.outputs.map(({ operatingPoint: _, ...output }) => output)
  if (member === 'graphs') return manifest.graphs.map(({ file: _, ...graph }) => graph)
  if (member === 'golden') {
    // What a golden case expects follows from the weights; what is shown to the model must not change unseen.
    const digests = new Map(manifest.files.map(({ path, sha256 }) => [path, sha256]))
    return manifest.golden.map(({ image, prior }) => [image, prior].map((path) => digests.get(path ?? '') ?? null))
  }
  // The parent of a version is always another one.
  return member === 'lineage' ? { ...manifest.lineage, parent: null } : manifest[member]
}

function operatingPoints(manifest: ModelManifest): unknown {
  return manifest.outputs.map(({ code, operatingPoint }) => ({ code, operatingPoint }))
}

/** A missing member reads as null, so that leaving it out and writing it are two things. */
function text(value: unknown): string {
  return canonicalJson((value ?? null) as JsonValue)
}
