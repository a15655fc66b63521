export {
  type CleanedObject,
  cleanObject,
  type LeavingObject,
  type ObjectHold,
  type PixelRules,
  type ReleasedObject,
  releaseObject,
} from './clean-object.ts'
export type { LineCounts } from './clean-pixels.ts'
export { CATALOGUE_VERSION } from './known-devices.ts'
export { doubtAbout, FRAMES_READ, type LocalDoubt, type LocalObject, RISK_TABLE_VERSION } from './local-reading.ts'
export { type FrameLine, type MaskBox, maskBox, type NativePixels } from './messages.ts'
export { hasPixels, showsFace } from './object-facts.ts'
export {
  type MaskedPixels,
  PIXEL_READER_LIMITS,
  type PixelDoubt,
  type PixelReaderOptions,
  type PixelText,
  type RenderedFrame,
} from './pixel-reader.ts'
export { type PixelReading, ReaderPool } from './reader-pool.ts'
export type { Box } from './regions.ts'
