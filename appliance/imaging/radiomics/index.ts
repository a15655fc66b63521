export { computeRadiomics, type RadiomicsInput } from './compute.ts'
export {
  type DeclaredFeatures,
  declaredFeatures,
  featureVocabularyCode,
  settingsDigest,
} from './declared.ts'
export { RadiomicsError, type RadiomicsErrorCode } from './errors.ts'
export type { FeatureSettings, RadiomicFeature } from './feature.ts'
export { readNifti } from './nifti.ts'
export { type CompleteSettings, completeSettings, FAMILIES, type Family, type RadiomicSettings } from './settings.ts'
export type { Triple, Volume, VolumeValues } from './volume.ts'
