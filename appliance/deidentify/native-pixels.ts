import { type DataSet, integer, text } from '../imaging/dataset/index.ts'

const PIXEL_DATA = 0x7fe00010

/**
 * Cuts native pixel data to the length that its image attributes give (PS3.5 8.2, annex D), so nothing hides behind the
 * last pixel. Data that is shorter, or of unknown size, stays as it is. Changes `dataSet`; copies no pixel.
 */
export function trimNativePixels(dataSet: DataSet): void {
  const element = dataSet.elements.get(PIXEL_DATA)
  const bits = nativeBits(dataSet)
  if (element?.value.kind !== 'bytes' || bits === undefined) return
  const bytes = Math.ceil(bits / 8)
  const even = bytes + (bytes % 2)
  if (element.value.bytes.length <= even) return
  const value = { ...element.value, bytes: element.value.bytes.subarray(0, even) }
  dataSet.elements.set(PIXEL_DATA, { ...element, value })
}

function nativeBits(dataSet: DataSet): number | undefined {
  const rows = integer(dataSet, 0x00280010)
  const columns = integer(dataSet, 0x00280011)
  const allocated = integer(dataSet, 0x00280100)
  if (rows === undefined || columns === undefined || allocated === undefined) return undefined
  const samples = integer(dataSet, 0x00280002) ?? 1
  // PS3.3 C.7.6.3.1.2: two chrominance samples for each pair of pixels.
  const perPixel = text(dataSet, 0x00280004) === 'YBR_FULL_422' ? 2 : samples
  const frames = integer(dataSet, 0x00280008) ?? 1
  return rows * columns * perPixel * frames * allocated
}
