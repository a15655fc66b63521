import { type DataSet, type DecodedImage, DecodeError, integers } from '../imaging/index.ts'

/** How bright each entry of a colour palette is shown. */
export interface Palette {
  /** Stored value of the first entry; what lies outside takes the first or the last entry. */
  readonly first: number
  readonly luminance: Float32Array
}

/** Decoded pixels together with what is needed to show them. */
export type VisibleImage = DecodedImage & { readonly palette?: Palette }

const DESCRIPTORS = [0x00281101, 0x00281102, 0x00281103] as const
const TABLES = [0x00281201, 0x00281202, 0x00281203] as const
/** ITU-R BT.601. */
const SHARES = [0.299, 0.587, 0.114] as const

/**
 * Adds the palette that a PALETTE COLOR image is shown with (PS3.3 C.7.6.3.1.5 and C.7.6.3.1.6).
 * @throws {DecodeError} when there is none, or only a segmented one: what cannot be seen cannot be judged.
 */
export function visibleImage(image: DecodedImage, dataSet: DataSet): VisibleImage {
  if (image.photometric !== 'PALETTE COLOR') return image
  const tables = DESCRIPTORS.map((tag, at) => readTable(dataSet, tag, TABLES[at] ?? 0, image.signed))
  const [red] = tables
  const length = Math.min(...tables.map((table) => table?.values.length ?? 0))
  if (red === undefined || length === 0) {
    throw new DecodeError('unsupported-pixel-format', 'the colours of the palette cannot be read')
  }
  const luminance = Float32Array.from({ length }, (_, entry) =>
    tables.reduce((sum, table, at) => sum + (SHARES[at] ?? 0) * (table?.values[entry] ?? 0), 0),
  )
  return { ...image, palette: { first: red.first, luminance } }
}

/** How bright a stored value is shown. */
export function brightnessOf({ first, luminance }: Palette, stored: number): number {
  return luminance[Math.min(luminance.length - 1, Math.max(0, stored - first))] ?? 0
}

/** The stored value of the darkest entry that a pixel can hold. */
export function darkestValue({ first, luminance }: Palette, bitsStored: number): number {
  let darkest = 0
  const last = Math.min(luminance.length - 1, 2 ** bitsStored - 1 - first)
  for (let entry = 1; entry <= last; entry += 1)
    if ((luminance[entry] ?? 0) < (luminance[darkest] ?? 0)) darkest = entry
  return first + darkest
}

/** Entries of 8 bits may lie two to a word, the first in the low byte. */
function readTable(
  dataSet: DataSet,
  descriptor: number,
  table: number,
  signed: boolean,
): { first: number; values: readonly number[] } | undefined {
  const [rawCount, rawFirst, bits] = integers(dataSet, descriptor)
  if (rawCount === undefined || rawFirst === undefined || bits === undefined) return undefined
  const count = rawCount === 0 ? 65_536 : rawCount & 0xffff
  const words = integers(dataSet, table)
  const packed = bits === 8 && words.length < count
  const values = packed ? words.flatMap((word) => [word & 0xff, (word >> 8) & 0xff]) : words
  if (values.length < count) return undefined
  const first = signed ? (rawFirst << 16) >> 16 : rawFirst & 0xffff
  return { first, values: values.slice(0, count).map((value) => value & 0xffff) }
}
