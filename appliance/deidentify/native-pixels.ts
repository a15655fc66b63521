import { type DataSet, integer, text } from '../imaging/dataset/index.ts'

const PIXEL_DATA = 0x7fe00010

/**
 * Cuts native pixel data to the length that its image attributes give (PS3.5 8.2, annex D), so nothing hides behind the
 * last pixel. Data that is shorter, or of unknown size, stays as it is. Changes `dataSet`; copies no pixel.
 */
export function trimNativePixels(dataSet: DataSet): void {
  const element = dataSet.elements.get(PIXEL_DATA)
  const even = nativeBytes(dataSet)
  if (element?.value.kind !== 'bytes' || even === undefined || element.value.bytes.length <= even) return
  const value = { ...element.value, bytes: element.value.bytes.subarray(0, even) }
  dataSet.elements.set(PIXEL_DATA, { ...element, value })
}

/** Bytes that native pixel data has by the image attributes, made even; `undefined` where they do not say. */
export function nativeBytes(dataSet: DataSet): number | undefined {
  const rows = integer(dataSet, 0x00280010)
  const columns = integer(dataSet, 0x00280011)
  const allocated = integer(dataSet, 0x00280100)
  if (rows === undefined || columns === undefined || allocated === undefined) return undefined
  const samples = integer(dataSet, 0x00280002) ?? 1
  // PS3.3 C.7.6.3.1.2: two chrominance samples for each pair of pixels.
  const perPixel = text(dataSet, 0x00280004) === 'YBR_FULL_422' ? 2 : samples
  const frames = integer(dataSet, 0x00280008) ?? 1
  const bytes = Math.ceil((rows * columns * perPixel * frames * allocated) / 8)
  return bytes + (bytes % 2)
}
