export { LineJudge, type LineVerdict, type PixelTokens } from './line-verdict.ts'
export type { FrameLine, MaskBox, NativePixels } from './messages.ts'
export {
  type MaskedPixels,
  PIXEL_READER_LIMITS,
  type PixelDoubt,
  PixelReader,
  type PixelReaderOptions,
  type PixelText,
} from './pixel-reader.ts'
export type { Box } from './regions.ts'
