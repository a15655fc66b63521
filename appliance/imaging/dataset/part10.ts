import { constants, inflateRawSync } from 'node:zlib'
import { attributeOf } from './dictionary.ts'
import { DataSetError } from './errors.ts'
import type { DataSet, Encoding, FileMeta, Part10File } from './model.ts'
import { defaultReadLimits, ElementReader, type ReadLimits } from './reader.ts'
import { DEFLATED_LITTLE, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, transferSyntaxOf } from './transfer-syntax.ts'
import { traitsOfCode } from './vr.ts'

const LITTLE_EXPLICIT: Encoding = { explicit: true, bigEndian: false }
const PREAMBLE_BYTES = 128

/**
 * Parses a DICOM object: a PS3.10 file, or a data set with part or all of the file meta information missing.
 * Values are views into `bytes`, which must not change afterwards; only a deflated data set is a new buffer.
 * @param limits caps; `defaultReadLimits` where not given.
 * @throws DataSetError when the bytes are no data set or break a cap. A tail that is merely cut off is no error: see
 * `truncated`.
 */
export function parsePart10(bytes: Uint8Array, limits: Partial<ReadLimits> = {}): Part10File {
  const caps = { ...defaultReadLimits, ...limits }
  if (bytes.length > caps.maxBytes) throw new DataSetError('too-large', 'the object is too large')
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const { form, metaElements, declared, encoding, ...body } = bodyOf(buffer, caps)
  const reader = new ElementReader(body.buffer, body.position, caps)
  const dataSet = reader.readAll(encoding)
  if (dataSet.elements.size === 0 && metaElements.elements.size === 0)
    throw new DataSetError('not-dicom', 'the bytes hold no element')
  return {
    meta: metaOf(metaElements, dataSet, declared || impliedSyntax(encoding)),
    metaElements,
    dataSet,
    encoding,
    form: form === 'bare' && metaElements.elements.size > 0 ? 'no-preamble' : form,
    truncated: reader.truncated,
  }
}

/** What stands before the data set, and where and how the data set is encoded. */
export interface Part10Body {
  readonly form: 'part10' | 'bare'
  readonly metaElements: DataSet
  /** Transfer Syntax UID of the file meta information; '' where there is none. */
  readonly declared: string
  /** Holds the data set from `position`: the file itself, or what its deflated data set inflates to. */
  readonly buffer: Buffer
  readonly position: number
  readonly encoding: Encoding
}

/**
 * Reads a file up to its data set.
 * @param isOpaque transfer syntaxes whose data set is not to be inflated; its encoding is then not known.
 * @throws DataSetError
 */
export function bodyOf(buffer: Buffer, caps: ReadLimits, isOpaque: (uid: string) => boolean = () => false): Part10Body {
  const { offset, form } = startOf(buffer)
  const { metaElements, position } = readMeta(buffer, offset, caps)
  const declared = uidIn(metaElements, 0x00020010)
  if (isOpaque(declared)) return { form, metaElements, declared, buffer, position, encoding: LITTLE_EXPLICIT }
  const body = declared === DEFLATED_LITTLE ? inflate(buffer, position, caps) : { buffer, position }
  return { form, metaElements, declared, ...body, encoding: encodingAt(body.buffer, body.position, declared) }
}

/**
 * Parses a data set without file meta information, as a DIMSE message carries it (PS3.7 6.3.1), in a known transfer
 * syntax. @throws DataSetError
 */
export function parseDataSet(
  bytes: Uint8Array,
  transferSyntaxUid: string,
  limits: Partial<ReadLimits> = {},
): { dataSet: DataSet; truncated: boolean } {
  const caps = { ...defaultReadLimits, ...limits }
  if (bytes.length > caps.maxBytes) throw new DataSetError('too-large', 'the data set is too large')
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const body = transferSyntaxUid === DEFLATED_LITTLE ? inflate(buffer, 0, caps) : { buffer, position: 0 }
  const syntax = transferSyntaxOf(transferSyntaxUid)
  const reader = new ElementReader(body.buffer, body.position, caps)
  const dataSet = reader.readAll(syntax ?? LITTLE_EXPLICIT)
  return { dataSet, truncated: reader.truncated }
}

function startOf(buffer: Buffer): { offset: number; form: 'part10' | 'bare' } {
  if (buffer.length >= PREAMBLE_BYTES + 4 && buffer.toString('latin1', PREAMBLE_BYTES, PREAMBLE_BYTES + 4) === 'DICM')
    return { offset: PREAMBLE_BYTES + 4, form: 'part10' }
  if (buffer.length >= 4 && buffer.toString('latin1', 0, 4) === 'DICM') return { offset: 4, form: 'part10' }
  if (buffer.length < 8) throw new DataSetError('not-dicom', 'the bytes are too short for one element')
  return { offset: 0, form: 'bare' }
}

/** Group 0002 is explicit VR little endian (PS3.10 7.1); some old writers used implicit VR, which its first VR shows. */
function readMeta(buffer: Buffer, offset: number, limits: ReadLimits): { metaElements: DataSet; position: number } {
  if (buffer.length - offset < 8 || buffer.readUInt16LE(offset) !== 0x0002)
    return { metaElements: { elements: new Map(), characterSets: [] }, position: offset }
  const explicit = traitsOfCode(buffer.readUInt16BE(offset + 4)) !== undefined
  const reader = new ElementReader(buffer, offset, limits)
  const metaElements = reader.readGroup(0x0002, { explicit, bigEndian: false })
  return { metaElements, position: reader.position }
}

function inflate(buffer: Buffer, position: number, limits: ReadLimits): { buffer: Buffer; position: number } {
  try {
    const inflated = inflateRawSync(buffer.subarray(position), {
      maxOutputLength: limits.maxInflatedBytes,
      finishFlush: constants.Z_FINISH,
    })
    return { buffer: inflated, position: 0 }
  } catch (cause) {
    if (cause instanceof RangeError) throw new DataSetError('too-large', 'the inflated data set is too large')
    throw new DataSetError('deflate-invalid', 'the deflated data set does not inflate', undefined, cause)
  }
}

/**
 * The encoding that the first element shows. It wins over the transfer syntax UID, which is wrong often enough in old
 * archives; where the element shows nothing, the UID decides.
 */
function encodingAt(buffer: Buffer, position: number, declared: string): Encoding {
  const syntax = transferSyntaxOf(declared)
  const expected = syntax ?? LITTLE_EXPLICIT
  if (buffer.length - position < 8) return { explicit: expected.explicit, bigEndian: expected.bigEndian }
  const explicit = traitsOfCode(buffer.readUInt16BE(position + 4)) !== undefined
  const little = plausibleFirstTag(buffer.readUInt16LE(position), buffer.readUInt16LE(position + 2))
  const big = plausibleFirstTag(buffer.readUInt16BE(position), buffer.readUInt16BE(position + 2))
  if (!little && !big && declared === '')
    throw new DataSetError('not-dicom', 'the first element has no tag of the standard', position)
  const bigEndian = little === big ? expected.bigEndian : big
  return { explicit, bigEndian }
}

/** Data sets begin with a low even group; a byte-swapped group 0008 would be 0800. */
function plausibleFirstTag(group: number, element: number): boolean {
  if (group > 0x00ff && group !== 0x7fe0 && group !== 0xfffc) return false
  return element === 0 || (group & 1) === 1 || attributeOf(((group << 16) | element) >>> 0) !== undefined
}

function impliedSyntax(encoding: Encoding): string {
  if (encoding.bigEndian) return EXPLICIT_BIG
  return encoding.explicit ? EXPLICIT_LITTLE : IMPLICIT_LITTLE
}

function metaOf(metaElements: DataSet, dataSet: DataSet, transferSyntaxUid: string): FileMeta {
  return {
    mediaStorageSopClassUid: uidIn(metaElements, 0x00020002) || uidIn(dataSet, 0x00080016),
    mediaStorageSopInstanceUid: uidIn(metaElements, 0x00020003) || uidIn(dataSet, 0x00080018),
    transferSyntaxUid,
    implementationClassUid: uidIn(metaElements, 0x00020012),
    implementationVersionName: uidIn(metaElements, 0x00020013),
  }
}

function uidIn(dataSet: DataSet, tag: number): string {
  const value = dataSet.elements.get(tag)?.value
  if (value?.kind !== 'bytes') return ''
  return Buffer.from(value.bytes).toString('latin1').replaceAll('\0', ' ').trim()
}
