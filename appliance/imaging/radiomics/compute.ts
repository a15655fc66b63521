import { RadiomicsError } from './errors.ts'
import { featureSettings, type RadiomicFeature } from './feature.ts'
import { histogramFeatures } from './intensity/histogram.ts'
import { localIntensityFeatures, PEAK_RADIUS } from './intensity/local-peak.ts'
import { intensityStatistics } from './intensity/statistics.ts'
import { volumeHistogramFeatures } from './intensity/volume-histogram.ts'
import { planeShapeFeatures } from './morphology/plane-shape.ts'
import { morphologyFeatures } from './morphology/shape.ts'
import { discretise } from './processing/discretise.ts'
import { cropToMask, extractRegion, type Region } from './processing/resample.ts'
import { intensitiesOf, intensityMask } from './processing/resegment.ts'
import { isVerified } from './reference/verified.ts'
import { type CompleteSettings, completeSettings, type Family, type RadiomicSettings } from './settings.ts'
import type { AggregatedFeatures } from './texture/aggregate.ts'
import { cooccurrence } from './texture/cooccurrence.ts'
import { dependence } from './texture/dependence.ts'
import { levelGrid } from './texture/level-grid.ts'
import { runLength } from './texture/run-length.ts'
import { toneDifference } from './texture/tone-difference.ts'
import { zoneFeatures } from './texture/zones.ts'
import { FAMILY_PREFIX, permalink, unitOf } from './vocabulary.ts'
import { checkVolume, type Volume } from './volume.ts'

/** An image, the region of interest in it (any value but 0 is inside), and what to compute how. */
export interface RadiomicsInput {
  readonly image: Volume
  readonly mask: Uint8Array
  readonly settings: RadiomicSettings
}

/** The features of one family, before they are rows. Families without texture matrices have the aggregation `null`. */
interface FamilyFeatures {
  readonly family: Family
  readonly aggregation: string | null
  readonly values: Readonly<Record<string, number | null>>
}

/** The region in its two masks (IBSI 2.5): `wide` reaches around it as far as local intensities need, `tight` does not. */
interface PreparedRegion {
  readonly wide: Region
  readonly tight: Region
  readonly intensityMask: Uint8Array
}

/**
 * Radiomic features of one region by the Image Biomarker Standardisation Initiative (IBSI 1): processing in the order of IBSI
 * 2 (interpolation, re-segmentation, discretisation), then the families that the settings name. A value is `null` where its
 * definition divides by zero or where the region is too large for it (`morph_moran_i`, `morph_geary_c`).
 * Pure: the same input gives the same rows in the same order.
 * @throws {RadiomicsError} settings-invalid, dimensions-invalid, values-invalid, mask-empty, intensity-mask-empty,
 * levels-invalid, too-large
 */
export function computeRadiomics({ image, mask, settings }: RadiomicsInput): RadiomicFeature[] {
  const complete = completeSettings(settings)
  checkVolume(image, mask)
  const prepared = prepare(image, mask, complete)
  const families: FamilyFeatures[] = [...intensityFamilies(prepared, complete), ...textureFamilies(prepared, complete)]
  return families.flatMap((features) => rows(features, prepared, complete))
}

function prepare(image: Volume, mask: Uint8Array, settings: CompleteSettings): PreparedRegion {
  const margin = settings.families.includes('local-intensity') ? PEAK_RADIUS : 0
  const wide = extractRegion(image, mask, settings.interpolation, margin)
  if (settings.families.includes('local-intensity') && !wide.values.every(Number.isFinite))
    throw new RadiomicsError('values-invalid', 'An intensity around the mask is not a finite number.')
  const tight = cropToMask(wide)
  return { wide, tight, intensityMask: intensityMask(tight, settings) }
}

function intensityFamilies({ wide, tight, intensityMask: mask }: PreparedRegion, settings: CompleteSettings) {
  const wanted = (family: Family) => settings.families.includes(family)
  const result: FamilyFeatures[] = []
  const add = (family: Family, values: FamilyFeatures['values']) => {
    result.push({ family, aggregation: null, values })
  }
  if (wanted('morphology')) add('morphology', morphologyFeatures(tight, mask))
  if (wanted('morphology-2d') && tight.dimensions[2] === 1) add('morphology-2d', planeShapeFeatures(tight))
  if (wanted('local-intensity')) add('local-intensity', localIntensityFeatures(wide, intensityMask(wide, settings)))
  if (wanted('statistics')) add('statistics', intensityStatistics(intensitiesOf(tight.values, mask)))
  if (wanted('intensity-histogram')) add('intensity-histogram', histogramFeatures(levelsOf(tight, mask, settings)))
  if (wanted('intensity-volume-histogram')) {
    const { intensityVolumeHistogram, resegmentationRange } = settings
    const intensities = intensitiesOf(tight.values, mask)
    add(
      'intensity-volume-histogram',
      volumeHistogramFeatures(intensities, intensityVolumeHistogram, resegmentationRange),
    )
  }
  return result
}

function levelsOf(region: Region, mask: Uint8Array, settings: CompleteSettings) {
  return discretise(region.values, mask, settings.discretisation, settings.resegmentationRange?.[0] ?? null)
}

function textureFamilies({ tight, intensityMask: mask }: PreparedRegion, settings: CompleteSettings) {
  const wanted = (family: Family) => settings.families.includes(family)
  const { aggregations } = settings
  const texture = (['cooccurrence', 'run-length', 'size-zone', 'distance-zone', 'tone-difference'] as const).some(
    wanted,
  )
  if (!texture && !wanted('grey-level-dependence')) return []
  const grid = levelGrid(levelsOf(tight, mask, settings), tight.mask, tight.dimensions)
  const result: FamilyFeatures[] = []
  const add = (family: Family, features: readonly AggregatedFeatures[]) => {
    if (wanted(family)) result.push(...features.map((each) => ({ family, ...each })))
  }
  if (wanted('cooccurrence')) add('cooccurrence', cooccurrence(grid, aggregations))
  if (wanted('run-length')) add('run-length', runLength(grid, aggregations))
  if (wanted('size-zone') || wanted('distance-zone')) {
    const zones = zoneFeatures(grid, aggregations)
    add('size-zone', zones.size)
    add('distance-zone', zones.distance)
  }
  if (wanted('tone-difference')) add('tone-difference', toneDifference(grid, aggregations))
  if (wanted('grey-level-dependence')) add('grey-level-dependence', dependence(grid, aggregations))
  return result
}

function rows(features: FamilyFeatures, prepared: PreparedRegion, settings: CompleteSettings): RadiomicFeature[] {
  const { family, aggregation, values } = features
  const used = featureSettings(family, settings, prepared.tight.spacing, aggregation)
  return Object.entries(values).map(([name, value]) => {
    const base = `${FAMILY_PREFIX[family]}_${name}`
    const code = aggregation === null ? base : `${base}_${aggregation}`
    const [ibsi, unit] = [permalink(family, name), unitOf(base)]
    return {
      code,
      ...(ibsi === undefined ? {} : { ibsi }),
      value,
      ...(unit === undefined ? {} : { unit }),
      settings: used,
      verified: isVerified(code),
    }
  })
}
