import { DataSetError } from './errors.ts'
import { type ObjectSource, SourceWindow } from './object-source.ts'
import { bodyOf } from './part10.ts'
import { defaultReadLimits, ElementReader, type PixelDataPlace, type ReadLimits } from './reader.ts'
import { DEFLATED_LITTLE } from './transfer-syntax.ts'

/** A run of bytes of an object. */
export interface Extent {
  readonly offset: number
  readonly length: number
}

/** Where the value of the Pixel Data (7FE0,0010) at the top of an object lies. */
export type PixelExtent =
  /** There is none, or it stands in the skeleton itself. */
  | { readonly kind: 'inline' }
  | { readonly kind: 'native'; readonly value: Extent }
  | { readonly kind: 'fragments'; readonly offsetTable: Uint8Array; readonly fragments: readonly Extent[] }

/** An object without its pixels: enough to clean everything else of it. */
export interface ObjectOutline {
  /** The object with an empty Pixel Data of the same VR and form; `parsePart10` reads it. */
  readonly skeleton: Buffer
  readonly pixels: PixelExtent
  /** The object ends within its pixel data. */
  readonly truncated: boolean
}

/** Bytes of an object that may stand outside of its pixels: functional groups of 10,000 frames have about 10 MB. */
const MOST_HEADER_BYTES = 32 * 2 ** 20
const FIRST_PREFIX_BYTES = 262_144
const WINDOW_BYTES = 65_536

const ITEM = 0xfffee000
const SEQUENCE_DELIMITER = 0xfffee0dd
const UNDEFINED = 0xffffffff

/**
 * Finds the pixel data of an object of any size, and reads everything else of it.
 * @throws DataSetError as `parsePart10` does; `too-large` when more than 32 MiB stand outside of the pixel data.
 */
export async function outlineObject(source: ObjectSource): Promise<ObjectOutline> {
  let wanted = Math.min(source.size, FIRST_PREFIX_BYTES)
  for (;;) {
    const prefix = asBuffer(await source.read(0, wanted))
    const place = placeIn(prefix, prefix.length < source.size)
    if (place !== undefined) return outlined(source, prefix, place)
    if (prefix.length >= source.size) return { skeleton: prefix, pixels: { kind: 'inline' }, truncated: false }
    if (wanted >= MOST_HEADER_BYTES) throw tooLarge()
    wanted = Math.min(source.size, MOST_HEADER_BYTES, wanted * 4)
  }
}

/** The place of the pixel data, when the prefix reaches as far. What a cut prefix cannot say, a longer one may. */
function placeIn(prefix: Buffer, isCut: boolean): PixelDataPlace | undefined {
  try {
    const { buffer, position, encoding, declared } = bodyOf(
      prefix,
      defaultReadLimits,
      (syntax) => syntax === DEFLATED_LITTLE,
    )
    // A deflated data set has no place to look at; it is read whole.
    if (declared === DEFLATED_LITTLE) return undefined
    return new ElementReader(buffer, position, defaultReadLimits).findPixelData(encoding)
  } catch (error) {
    if (!isCut || !(error instanceof DataSetError)) throw error
    return undefined
  }
}

async function outlined(source: ObjectSource, prefix: Buffer, place: PixelDataPlace): Promise<ObjectOutline> {
  const { valueStart, length, encoding } = place
  const head = Buffer.from(prefix.subarray(0, valueStart))
  if (length !== UNDEFINED) {
    // The length field is the last thing before the value in every form that `findPixelData` stops at (PS3.5 7.1).
    head.fill(0, valueStart - 4)
    const value = { offset: valueStart, length: Math.min(length, source.size - valueStart) }
    const tail = await tailFrom(source, valueStart + value.length)
    const truncated = value.length < length
    return { skeleton: Buffer.concat([head, tail]), pixels: { kind: 'native', value }, truncated }
  }
  const walked = await walkFragments(source, valueStart, encoding.bigEndian, defaultReadLimits)
  const delimiter = Buffer.alloc(8)
  writeTag(delimiter, SEQUENCE_DELIMITER, encoding.bigEndian)
  const tail = await tailFrom(source, walked.end)
  const { offsetTable, fragments, truncated } = walked
  const pixels = { kind: 'fragments', offsetTable, fragments } as const
  return { skeleton: Buffer.concat([head, delimiter, tail]), pixels, truncated }
}

async function tailFrom(source: ObjectSource, offset: number): Promise<Uint8Array> {
  const length = source.size - offset
  if (length > MOST_HEADER_BYTES) throw tooLarge()
  return length <= 0 ? new Uint8Array(0) : source.read(offset, length)
}

interface WalkedFragments {
  readonly offsetTable: Uint8Array
  readonly fragments: readonly Extent[]
  readonly end: number
  readonly truncated: boolean
}

/** PS3.5 A.4: items of known length up to the delimiter; the first one is the basic offset table. */
async function walkFragments(
  source: ObjectSource,
  start: number,
  bigEndian: boolean,
  limits: ReadLimits,
): Promise<WalkedFragments> {
  const window = new SourceWindow(source, WINDOW_BYTES)
  const items: Extent[] = []
  let at = start
  let truncated = false
  for (;;) {
    const header = await window.at(at, 8)
    if (header === undefined) {
      truncated = true
      at = source.size
      break
    }
    const tag = bigEndian ? header.readUInt32BE(0) : ((header.readUInt16LE(0) << 16) | header.readUInt16LE(2)) >>> 0
    const length = bigEndian ? header.readUInt32BE(4) : header.readUInt32LE(4)
    at += 8
    if (tag === SEQUENCE_DELIMITER) break
    if (tag !== ITEM) throw new DataSetError('structure-invalid', 'a sequence holds what is no item', at - 8)
    if (length === UNDEFINED) throw new DataSetError('structure-invalid', 'a fragment has no length (PS3.5 A.4)', at)
    if (items.length >= limits.maxElements)
      throw new DataSetError('too-many-elements', 'the object has too many elements', at)
    items.push({ offset: at, length: Math.min(length, source.size - at) })
    truncated = at + length > source.size
    at += length
    if (truncated) break
  }
  const [table, ...fragments] = items
  if (table !== undefined && table.length > MOST_HEADER_BYTES) throw tooLarge()
  const offsetTable = table === undefined ? new Uint8Array(0) : await source.read(table.offset, table.length)
  return { offsetTable, fragments, end: Math.min(at, source.size), truncated }
}

function writeTag(target: Buffer, tag: number, bigEndian: boolean): void {
  if (bigEndian) target.writeUInt32BE(tag, 0)
  else {
    target.writeUInt16LE(tag >>> 16, 0)
    target.writeUInt16LE(tag & 0xffff, 2)
  }
}

function tooLarge(): DataSetError {
  return new DataSetError('too-large', 'too much stands outside of the pixel data')
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
