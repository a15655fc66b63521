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
  type PreparedTensor,
  type PreprocessingInput,
  prepareVolume,
  preprocess,
  type VolumeSlice,
} from './preprocess/index.ts'
export { greyQuality, imageQuality, type QualityFigures } from './quality/index.ts'
