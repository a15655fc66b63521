import {
  bytesElement,
  concat,
  dataSetOf,
  type Element,
  type ObjectSource,
  sequenceElement,
  textElement,
  writePart10,
} from '../../imaging/dataset/index.ts'

/** Made objects of any size that lie nowhere: their bytes are computed when they are read. Nobody is described. */

const ENHANCED_CT = '1.2.840.10008.5.1.4.1.1.2.1'
const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'
const JPEG_BASELINE = '1.2.840.10008.1.2.4.50'
const SIDE = 512

/** The name of everybody in these objects. */
export const LARGE_OBJECT_NAME = 'Sampayo'

/** A multi-frame object of 512 x 512 x 16 bit, about `bytes` large. @param hidden text that stands within a frame. */
export function nativeObject(bytes: number, hidden?: string): ObjectSource {
  const frames = Math.max(1, Math.round(bytes / (SIDE * SIDE * 2)))
  const length = frames * SIDE * SIDE * 2
  const block = noise(1_048_576)
  const place = Math.floor(length * 0.7) + 12_345
  const pixels: ObjectSource = {
    size: length,
    read: async (offset, wanted) => {
      const piece = Buffer.allocUnsafeSlow(Math.min(wanted, length - offset))
      for (let at = 0; at < piece.length; ) {
        const from = (offset + at) % block.length
        at += block.copy(piece, at, from, Math.min(block.length, from + piece.length - at))
      }
      const text = Buffer.from(hidden ?? '')
      for (let index = 0; index < text.length; index += 1) {
        const at = place + index - offset
        if (at >= 0 && at < piece.length) piece[at] = text[index] ?? 0
      }
      return piece
    },
  }
  const header = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0, 0, 0, 0, 0])
  header.writeUInt32LE(length, 8)
  return chain([inMemory(head(frames, EXPLICIT_LITTLE, [])), inMemory(header), pixels])
}

/**
 * An object of many JPEG frames, each with a comment that names the patient.
 * @param frameBytes of one compressed frame. @param hasGroups with functional groups for each frame, as enhanced objects.
 */
export function compressedObject(frames: number, frameBytes: number, hasGroups: boolean): ObjectSource {
  const groups = Array.from({ length: hasGroups ? frames : 0 }, (_, frame) => dataSetOf(functionalGroup(frame)))
  const comment = Buffer.from(`\xff\xfe\x00\x10${LARGE_OBJECT_NAME.padEnd(14)}`, 'latin1')
  const scan = Buffer.alloc(frameBytes - comment.length - 12, 0x2a)
  const frame = Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    comment,
    Buffer.from([0xff, 0xda, 0, 4, 1, 0]),
    scan,
    Buffer.from([0xff, 0xd9]),
  ])
  const even = frame.length + (frame.length % 2)
  const item = Buffer.alloc(8 + even)
  item.writeUInt32LE(0xe000fffe, 0)
  item.writeUInt32LE(even, 4)
  frame.copy(item, 8)
  const repeated: ObjectSource = {
    size: item.length * frames,
    read: async (offset, wanted) => {
      const piece = Buffer.allocUnsafeSlow(Math.min(wanted, item.length * frames - offset))
      for (let at = 0; at < piece.length; ) {
        const from = (offset + at) % item.length
        at += item.copy(piece, at, from, Math.min(item.length, from + piece.length - at))
      }
      return piece
    },
  }
  const begin = Buffer.from([
    0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0, 0xe0, 0, 0, 0, 0,
  ])
  const end = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])
  const header = head(frames, JPEG_BASELINE, hasGroups ? [sequenceElement(0x52009230, groups)] : [])
  return chain([inMemory(header), inMemory(begin), repeated, inMemory(end)])
}

function head(frames: number, transferSyntaxUid: string, more: readonly Element[]): Buffer {
  const meta = {
    mediaStorageSopClassUid: ENHANCED_CT,
    mediaStorageSopInstanceUid: '1.2.826.0.1.3680043.9.9999.7.1.1',
    transferSyntaxUid,
  }
  const u16 = (tag: number, value: number): Element => bytesElement(tag, 'US', Buffer.from([value & 0xff, value >>> 8]))
  const elements = [
    textElement(0x00080008, 'CS', 'ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'),
    textElement(0x00080016, 'UI', ENHANCED_CT),
    textElement(0x00080018, 'UI', meta.mediaStorageSopInstanceUid),
    textElement(0x00080020, 'DA', '20240229'),
    textElement(0x00080060, 'CS', 'CT'),
    textElement(0x00100010, 'PN', `${LARGE_OBJECT_NAME}^Oriana`),
    textElement(0x00100020, 'LO', 'MRN-5512-90'),
    textElement(0x0020000d, 'UI', '1.2.826.0.1.3680043.9.9999.7'),
    textElement(0x0020000e, 'UI', '1.2.826.0.1.3680043.9.9999.7.1'),
    u16(0x00280002, 1),
    textElement(0x00280004, 'CS', 'MONOCHROME2'),
    textElement(0x00280008, 'IS', String(frames)),
    u16(0x00280010, SIDE),
    u16(0x00280011, SIDE),
    u16(0x00280100, 16),
    u16(0x00280101, 16),
    u16(0x00280102, 15),
    u16(0x00280103, 0),
    ...more,
  ]
  return concat(writePart10({ meta, dataSet: dataSetOf(elements) }))
}

/** PS3.3 C.7.6.16: what an enhanced CT says of each frame, in the usual macros. */
function functionalGroup(frame: number): Element[] {
  const macro = (tag: number, elements: Element[]): Element => sequenceElement(tag, [dataSetOf(elements)])
  return [
    macro(0x00209111, [
      textElement(0x00189074, 'DT', '20240229101112'),
      textElement(0x00189151, 'DT', '20240229101113'),
      bytesElement(0x00189220, 'FD', Buffer.alloc(8)),
      bytesElement(0x00209157, 'UL', Buffer.from([1, 0, 0, 0, frame & 0xff, (frame >> 8) & 0xff, 0, 0])),
    ]),
    macro(0x00209113, [textElement(0x00200032, 'DS', '0', '0', String(frame))]),
    macro(0x00209116, [textElement(0x00200037, 'DS', '1', '0', '0', '0', '1', '0')]),
    macro(0x00289110, [textElement(0x00180050, 'DS', '1'), textElement(0x00280030, 'DS', '0.7', '0.7')]),
    macro(0x00289132, [textElement(0x00281050, 'DS', '40'), textElement(0x00281051, 'DS', '400')]),
    macro(0x00289145, [
      textElement(0x00281052, 'DS', '-1024'),
      textElement(0x00281053, 'DS', '1'),
      textElement(0x00281054, 'LO', 'HU'),
    ]),
  ]
}

function inMemory(bytes: Buffer): ObjectSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) }
}

/** Several sources one after the other. */
function chain(parts: readonly ObjectSource[]): ObjectSource {
  return {
    size: parts.reduce((sum, { size }) => sum + size, 0),
    read: async (offset, length) => {
      const pieces: Uint8Array[] = []
      let start = 0
      for (const part of parts) {
        const from = Math.max(0, offset - start)
        const to = Math.min(part.size, offset + length - start)
        if (from < to) pieces.push(await part.read(from, to - from))
        start += part.size
      }
      return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
    },
  }
}

/** Numbers of 12 bits in 16, as detectors give them; equal at each call. */
function noise(bytes: number): Buffer {
  const block = Buffer.alloc(bytes)
  let state = 1
  for (let at = 0; at < bytes; at += 2) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    block.writeUInt16LE(state >>> 20, at)
  }
  return block
}
