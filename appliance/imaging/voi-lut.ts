import { type DataSet, decimals, integers, sequence, text } from './dataset/index.ts'

/**
 * How an image says that its values are to be shown (PS3.3 C.11.2): the first table of the VOI LUT Sequence, else the first
 * window with its function. Values are those of the modality LUT.
 */
export type VoiLut =
  | {
      readonly kind: 'window'
      readonly shape: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID'
      readonly centre: number
      readonly width: number
    }
  /** `entries` in 0..1. */
  | { readonly kind: 'table'; readonly first: number; readonly entries: Float64Array }

const VOI_LUT_SEQUENCE = 0x00283010
const LUT_DESCRIPTOR = 0x00283002
const LUT_DATA = 0x00283006
const WINDOW_CENTRE = 0x00281050
const WINDOW_WIDTH = 0x00281051
const FUNCTION = 0x00281056

/**
 * Reads the VOI LUT of an image. A table that is cut short, a window without a width, and a function that is none count as
 * absent. @returns `undefined` when the header says nothing that can be used.
 */
export function voiLut(dataSet: DataSet, image: { readonly signed: boolean }): VoiLut | undefined {
  const [item] = sequence(dataSet, VOI_LUT_SEQUENCE)
  const table = item === undefined ? undefined : readTable(item, image.signed)
  if (table !== undefined) return table
  const [centre] = decimals(dataSet, WINDOW_CENTRE)
  const [width] = decimals(dataSet, WINDOW_WIDTH)
  const shape = text(dataSet, FUNCTION) ?? 'LINEAR'
  if (centre === undefined || width === undefined || !Number.isFinite(centre)) return undefined
  if (shape !== 'LINEAR' && shape !== 'LINEAR_EXACT' && shape !== 'SIGMOID') return undefined
  // C.11.2.1.2: at least 1 for LINEAR, above 0 for the others.
  const isWide = shape === 'LINEAR' ? width >= 1 : width > 0
  return isWide ? { kind: 'window', shape, centre, width } : undefined
}

/** PS3.3 C.11.2.1.1: as of the modality LUT; the first value mapped may be negative, the entries have 8 to 16 bits. */
function readTable(item: DataSet, signed: boolean): VoiLut | undefined {
  const [rawCount, rawFirst, bits] = integers(item, LUT_DESCRIPTOR)
  const data = integers(item, LUT_DATA)
  if (rawCount === undefined || rawFirst === undefined || bits === undefined || bits < 8 || bits > 16) return undefined
  const count = rawCount === 0 ? 65_536 : rawCount & 0xffff
  if (data.length < count) return undefined
  const largest = 2 ** bits - 1
  const entries = Float64Array.from(data.slice(0, count), (value) => Math.min(1, (value & 0xffff) / largest))
  return { kind: 'table', first: signed ? (rawFirst << 16) >> 16 : rawFirst & 0xffff, entries }
}
