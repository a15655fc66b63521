import type { DeclaredRadiomics } from '@leadglass/models'
import { digestOf, digestOfJson, type JsonValue } from '@leadglass/sync-agent/foundation'
import { computeRadiomics } from './compute.ts'
import { RadiomicsError } from './errors.ts'
import type { RadiomicFeature } from './feature.ts'
import { type CompleteSettings, completeSettings, FAMILIES } from './settings.ts'
import { FAMILY_PREFIX } from './vocabulary.ts'
import type { Volume } from './volume.ts'

/** Features of fewer voxels would come close to the voxels themselves, and mean nothing. */
export const SMALLEST_REGION = 64

const AGGREGATIONS = [
  { aggregation: '2D', of: /_2D(?:_|$)/ },
  { aggregation: '2_5D', of: /_2_5D(?:_|$)/ },
  { aggregation: '3D', of: /_3D(?:_|$)/ },
] as const

/** What came of a declaration for one region. */
export interface DeclaredFeatures {
  /** SHA-256 of the complete settings in canonical JSON: the same settings, the same digest. */
  readonly settings: string
  readonly voxels: number
  /** Why there are no rows; `null` where there are. */
  readonly reason: string | null
  readonly rows: readonly RadiomicFeature[]
}

/** The settings that a declaration comes to: families and aggregations are those of its codes. */
export function settingsOf(declared: DeclaredRadiomics): CompleteSettings {
  const prefixes = new Set(declared.features.map((code) => code.slice(0, code.indexOf('_'))))
  const named = AGGREGATIONS.filter(({ of }) => declared.features.some((code) => of.test(code)))
  const given = Object.entries(declared.settings).filter(([, value]) => value !== undefined)
  return completeSettings({
    ...(Object.fromEntries(given) as DeclaredRadiomics['settings'] & object),
    families: FAMILIES.filter((family) => prefixes.has(FAMILY_PREFIX[family])),
    aggregations: named.map(({ aggregation }) => aggregation),
  })
}

/** The digest that a row carries for its settings. */
export function settingsDigest(settings: CompleteSettings): string {
  return digestOfJson(JSON.parse(JSON.stringify(settings)) as JsonValue)
}

/**
 * Computes the declared features of one region. What cannot be computed is a reason, never a failure of the whole result:
 * `region-too-small`, `feature-unknown` (no such code in these settings), or the code of a RadiomicsError.
 * @param labels the class of every voxel, for a region that is a segmentation.
 */
export function declaredFeatures(declared: DeclaredRadiomics, image: Volume, labels?: Uint8Array): DeclaredFeatures {
  const mask = maskOf(declared.region, image, labels)
  let voxels = 0
  for (const inside of mask) voxels += inside
  let settings: string = digestOf('')
  const none = (reason: string): DeclaredFeatures => ({ settings, voxels, reason, rows: [] })
  try {
    const complete = settingsOf(declared)
    settings = settingsDigest(complete)
    if (voxels < SMALLEST_REGION) return none('region-too-small')
    const computed = new Map(computeRadiomics({ image, mask, settings: complete }).map((row) => [row.code, row]))
    const rows = declared.features.flatMap((code) => computed.get(code) ?? [])
    return rows.length === declared.features.length ? { settings, voxels, reason: null, rows } : none('feature-unknown')
  } catch (error) {
    if (error instanceof RadiomicsError) return none(error.code)
    throw error
  }
}

function maskOf(region: DeclaredRadiomics['region'], image: Volume, labels: Uint8Array | undefined): Uint8Array {
  const mask = new Uint8Array(image.values.length)
  if (region.kind === 'segmentation') {
    for (let i = 0; i < mask.length; i += 1) mask[i] = labels?.[i] === region.class ? 1 : 0
    return mask
  }
  if (region.kind === 'image') return mask.fill(1)
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = region
  for (let i = 0; i < mask.length; i += 1) {
    const value = image.values[i] ?? Number.NaN
    mask[i] = value >= minimum && value <= maximum ? 1 : 0
  }
  return mask
}

/**
 * A feature as a code of the vocabulary: `radiomics.cm-contrast-3d-avg`; `radiomics.unverified.ivh-auc` for one whose
 * reference test does not pass, so that nobody who reads the figure alone takes it for verified.
 */
export function featureVocabularyCode({ code, verified }: Pick<RadiomicFeature, 'code' | 'verified'>): string {
  return `radiomics.${verified ? '' : 'unverified.'}${code.toLowerCase().replaceAll('_', '-')}`
}
