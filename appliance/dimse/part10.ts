import { createReadStream } from 'node:fs'
import { DimseError } from './errors.ts'
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, isInstanceName, isUid } from './facts/uids.ts'
import type { OutgoingInstance } from './requester/send-instances.ts'

/** What goes into the file meta group of an instance (PS3.10 7.1). */
export interface FileMeta {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  /** Source Application Entity Title (0002,0016): who sent the instance to us. */
  readonly sourceAeTitle?: string
  /** Sending and Receiving Application Entity Title (0002,0017), (0002,0018). */
  readonly sendingAeTitle?: string
  readonly receivingAeTitle?: string
}

/** A Part 10 file that can be sent without looking into its data set. */
export interface Part10Instance extends OutgoingInstance {
  /** Where the data set begins, in bytes from the start of the file. */
  readonly dataSetOffset: number
}

const PREAMBLE_BYTES = 128
const PREFIX = 'DICM'
/** First element of the data set cannot begin before the prefix ends. */
const META_OFFSET = PREAMBLE_BYTES + PREFIX.length
/** File meta groups are some 300 bytes; private information may make them larger (PS3.10 7.1). */
const MAX_META_BYTES = 1_048_576
/** One read for the usual meta group. */
const META_READ_BYTES = 2048
/** Few reads for an image, little memory for a film. */
const READ_BYTES = 262_144
/** VRs with two reserved bytes and a length of four (PS3.5 7.1.2). */
const LONG_VRS: ReadonlySet<string> = new Set([
  'OB',
  'OD',
  'OF',
  'OL',
  'OV',
  'OW',
  'SQ',
  'SV',
  'UC',
  'UN',
  'UR',
  'UT',
  'UV',
])

/** Preamble, prefix and file meta group (PS3.10 7.1): write it, then the data set as received. */
export function encodeFileMeta(meta: FileMeta): Uint8Array {
  const titles: [number, string | undefined][] = [
    [0x0016, meta.sourceAeTitle],
    [0x0017, meta.sendingAeTitle],
    [0x0018, meta.receivingAeTitle],
  ]
  const elements = Buffer.concat([
    element(0x0001, 'OB', Buffer.of(0, 1)),
    element(0x0002, 'UI', text(meta.sopClassUid, '\0')),
    element(0x0003, 'UI', text(meta.sopInstanceUid, '\0')),
    element(0x0010, 'UI', text(meta.transferSyntaxUid, '\0')),
    element(0x0012, 'UI', text(IMPLEMENTATION_CLASS_UID, '\0')),
    element(0x0013, 'SH', text(IMPLEMENTATION_VERSION_NAME, ' ')),
    ...titles.map(([number, title]) =>
      title === undefined ? Buffer.alloc(0) : element(number, 'AE', text(title, ' ')),
    ),
  ])
  const groupLength = Buffer.alloc(4)
  groupLength.writeUInt32LE(elements.length)
  return Buffer.concat([
    Buffer.alloc(PREAMBLE_BYTES),
    Buffer.from(PREFIX, 'latin1'),
    element(0x0000, 'UL', groupLength),
    elements,
  ])
}

/**
 * Reads the file meta group of a Part 10 file and leaves the data set alone.
 * @param file a path, or a function that gives the bytes of the file from the start, for files that are stored encrypted.
 * @throws DimseError `not-part10`, or `data-source-failed` when the file cannot be read.
 */
export async function splitPart10(file: string | (() => AsyncIterable<Uint8Array>)): Promise<Part10Instance> {
  if (typeof file === 'string') {
    const { meta, dataSetOffset } = await readMeta(createReadStream(file, { highWaterMark: META_READ_BYTES }))
    const open = () => createReadStream(file, { start: dataSetOffset, highWaterMark: READ_BYTES })
    return { ...meta, dataSetOffset, open }
  }
  const { meta, dataSetOffset } = await readMeta(file())
  return { ...meta, dataSetOffset, open: () => skip(file(), dataSetOffset) }
}

/**
 * Parses the head of a Part 10 file.
 * @returns `undefined` when `head` ends before the meta group does.
 * @throws DimseError `not-part10`.
 */
export function parseFileMeta(head: Uint8Array): { meta: FileMeta; dataSetOffset: number } | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  if (bytes.length < META_OFFSET) return undefined
  if (bytes.toString('latin1', PREAMBLE_BYTES, META_OFFSET) !== PREFIX) throw notPart10('no DICM prefix')
  const values = new Map<number, string>()
  let at = META_OFFSET
  // PS3.10 7.1: explicit VR little endian. The group ends where another group begins; its length element is often wrong.
  for (;;) {
    if (at + 8 > bytes.length) return undefined
    if (bytes.readUInt16LE(at) !== 0x0002) break
    const long = LONG_VRS.has(bytes.toString('latin1', at + 4, at + 6))
    if (long && at + 12 > bytes.length) return undefined
    const length = long ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6)
    const value = at + (long ? 12 : 8)
    if (length > MAX_META_BYTES) throw notPart10('file meta element is too long')
    if (value + length > bytes.length) return undefined
    values.set(bytes.readUInt16LE(at + 2), bytes.toString('latin1', value, value + length).replace(/[\0 ]+$/, ''))
    at = value + length
  }
  const uid = (number: number, isValid = isUid): string => {
    const value = values.get(number) ?? ''
    if (!isValid(value)) throw notPart10('file meta lacks a UID (PS3.10 7.1)')
    return value
  }
  const meta = { sopClassUid: uid(0x0002), sopInstanceUid: uid(0x0003, isInstanceName), transferSyntaxUid: uid(0x0010) }
  return { meta, dataSetOffset: at }
}

async function readMeta(file: AsyncIterable<Uint8Array>): Promise<{ meta: FileMeta; dataSetOffset: number }> {
  let head = Buffer.alloc(0)
  try {
    for await (const chunk of file) {
      head = Buffer.concat([head, chunk])
      const parsed = parseFileMeta(head)
      if (parsed !== undefined) return parsed
      if (head.length > 2 * MAX_META_BYTES) break
    }
  } catch (error) {
    throw error instanceof DimseError ? error : new DimseError('data-source-failed', 'the file cannot be read', error)
  }
  throw notPart10('no end of the file meta group')
}

async function* skip(file: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array, void, void> {
  let left = count
  for await (const chunk of file) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}

function notPart10(message: string): DimseError {
  return new DimseError('not-part10', `not a DICOM file: ${message}`)
}

function element(number: number, vr: string, value: Buffer): Buffer {
  const long = LONG_VRS.has(vr)
  const header = Buffer.alloc(long ? 12 : 8)
  header.writeUInt16LE(0x0002, 0)
  header.writeUInt16LE(number, 2)
  header.write(vr, 4, 'latin1')
  if (long) header.writeUInt32LE(value.length, 8)
  else header.writeUInt16LE(value.length, 6)
  return Buffer.concat([header, value])
}

function text(value: string, padding: string): Buffer {
  return Buffer.from(value.length % 2 === 0 ? value : value + padding, 'latin1')
}
