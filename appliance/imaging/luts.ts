import { type DataSet, decimal, integers, sequence } from './dataset/index.ts'
import type { PixelArray } from './decode/index.ts'

/** Stored value to output unit, value by value. */
export type ValueMap =
  | { readonly kind: 'identity' }
  | { readonly kind: 'linear'; readonly slope: number; readonly intercept: number }
  | { readonly kind: 'table'; readonly first: number; readonly entries: Float64Array }

/**
 * The Modality LUT of an image (PS3.3 C.11.1): its sequence when there is one, else rescale slope and intercept, else
 * nothing. A table that is cut short, or a slope of 0, counts as absent: an image without it can still be looked at.
 */
export function modalityLut(dataSet: DataSet, image: { readonly signed: boolean }): ValueMap {
  const [item] = sequence(dataSet, 0x00283000)
  const table = item === undefined ? undefined : readTable(item, image.signed)
  if (table !== undefined) return table
  const slope = decimal(dataSet, 0x00281053) ?? 1
  const intercept = decimal(dataSet, 0x00281052) ?? 0
  if (slope === 0 || (slope === 1 && intercept === 0)) return { kind: 'identity' }
  return { kind: 'linear', slope, intercept }
}

/** PS3.3 C.11.1.1.1: number of entries (0 is 65,536), first value mapped (of the pixels' sign), bits of an entry. */
function readTable(item: DataSet, signed: boolean): ValueMap | undefined {
  const [rawCount, rawFirst, bits] = integers(item, 0x00283002)
  const data = integers(item, 0x00283006)
  if (rawCount === undefined || rawFirst === undefined || bits === undefined) return undefined
  const count = rawCount === 0 ? 65_536 : rawCount & 0xffff
  if (data.length < count) return undefined
  const first = signed ? (rawFirst << 16) >> 16 : rawFirst & 0xffff
  const entries = Float64Array.from(data.slice(0, count), (value) => value & 0xffff)
  return { kind: 'table', first, entries }
}

/** Applies a map to one frame. @returns new float64 values; values outside a table take its first or last entry. */
export function applyValueMap(map: ValueMap, stored: PixelArray | Float64Array): Float64Array {
  const values = new Float64Array(stored)
  if (map.kind === 'linear') {
    for (let i = 0; i < values.length; i += 1) values[i] = (values[i] ?? 0) * map.slope + map.intercept
  }
  if (map.kind === 'table') {
    const last = map.entries.length - 1
    for (let i = 0; i < values.length; i += 1) {
      const index = Math.min(last, Math.max(0, (values[i] ?? 0) - map.first))
      values[i] = map.entries[index] ?? 0
    }
  }
  return values
}
