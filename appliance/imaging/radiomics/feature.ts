import type { CompleteSettings, Discretisation, Family } from './settings.ts'
import type { Triple } from './volume.ts'

/** How one value was come by; every row carries its own, so that rows of different runs can be told apart. */
export interface FeatureSettings {
  /** `none` for families that read intensities as they are. */
  readonly discretisation: 'none' | 'FBN' | 'FBS'
  /** The number of bins (FBN) or their width (FBS). */
  readonly binSize: number | null
  /** The lower edge of the first bin where the settings or the re-segmentation range fix it. */
  readonly binOrigin: number | null
  readonly interpolation: 'none' | 'bilinear' | 'trilinear'
  /** The spacing in mm of the grid that was read. */
  readonly spacing: Triple
  readonly resegmentationRange: readonly [number | null, number | null] | null
  readonly outlierSigma: number | null
  /** `2D_avg`, `2D_comb`, `2_5D_avg`, `2_5D_comb`, `3D_avg`, `3D_comb`; `2D`, `2_5D`, `3D`; `null` for no texture. */
  readonly aggregation: string | null
}

/** One value of one feature. */
export interface RadiomicFeature {
  /** The tag of the IBSI 1 reference tables, aggregation included: `stat_mean`, `cm_contrast_3D_avg`. */
  readonly code: string
  /** The permalink code of the definition in the IBSI manual, where there is one. */
  readonly ibsi?: string
  readonly value: number | null
  /** UCUM; absent when dimensionless or in the unit of the image. */
  readonly unit?: string
  readonly settings: FeatureSettings
  /**
   * True when this code agrees with the IBSI 1 reference value of the digital phantom. It speaks of the definition: image
   * processing before it (interpolation, re-segmentation, discretisation) has no part in that reference.
   */
  readonly verified: boolean
}

const DISCRETISED: readonly Family[] = [
  'intensity-histogram',
  'cooccurrence',
  'run-length',
  'size-zone',
  'distance-zone',
  'tone-difference',
  'grey-level-dependence',
]

/** The settings that matter to one family with one aggregation. */
export function featureSettings(
  family: Family,
  settings: CompleteSettings,
  spacing: Triple,
  aggregation: string | null,
): FeatureSettings {
  const discretisation = discretisationOf(family, settings)
  return {
    discretisation: discretisation.kind,
    binSize: binSize(discretisation),
    binOrigin:
      discretisation.kind === 'FBS' ? (discretisation.origin ?? settings.resegmentationRange?.[0] ?? null) : null,
    interpolation: settings.interpolation.kind,
    spacing,
    resegmentationRange: settings.resegmentationRange,
    outlierSigma: settings.outlierSigma,
    aggregation,
  }
}

function discretisationOf(family: Family, settings: CompleteSettings): Discretisation {
  if (family === 'intensity-volume-histogram') return settings.intensityVolumeHistogram
  return DISCRETISED.includes(family) ? settings.discretisation : { kind: 'none' }
}

function binSize(discretisation: Discretisation): number | null {
  switch (discretisation.kind) {
    case 'none':
      return null
    case 'FBN':
      return discretisation.bins
    case 'FBS':
      return discretisation.width
  }
}
