export * from './dataset/index.ts'
export {
  DECODABLE_TRANSFER_SYNTAXES,
  type DecodedImage,
  DecodeError,
  type DecodeErrorCode,
  type DecodeLimits,
  decodeFrames,
  describePixels,
  type Photometric,
  type PixelArray,
  type PixelDescription,
} from './decode/index.ts'
export { type InstanceFacts, instanceFacts } from './facts.ts'
export { applyValueMap, modalityLut, type ValueMap } from './luts.ts'
export {
  assembleVolume,
  type BodyVolume,
  countValues,
  labelsOnSource,
  type PreparedTensor,
  type PreprocessingInput,
  prepareVolume,
  preprocess,
  type VolumeSlice,
} from './preprocess/index.ts'
export {
  differingBits,
  greyQuality,
  imageQuality,
  type PixelPrint,
  type QualityFigures,
  viewDisagrees,
} from './quality/index.ts'
export {
  completeSettings,
  computeRadiomics,
  declaredFeatures,
  featureVocabularyCode,
  type RadiomicFeature,
  type RadiomicSettings,
  RadiomicsError,
  readNifti,
  settingsDigest,
} from './radiomics/index.ts'
export { type VoiLut, voiLut } from './voi-lut.ts'
