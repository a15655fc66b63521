import {
  bytesElement,
  type DataSet,
  dataSetOf,
  type Element,
  EXPLICIT_LITTLE,
  integer,
  parsePart10,
  sequence,
  sequenceElement,
  textElement,
  texts,
  uid,
  writePart10,
} from '../imaging/index.ts'
import type { NativePixels } from './messages.ts'

const METHOD_NAMES = 0x00120063
const METHOD_CODES = 0x00120064
/** CID 7050. */
const CLEAN_PIXEL_DATA = ['113101', 'Clean Pixel Data Option'] as const

/** What says nothing, or something wrong, about pixels that were masked and lie natively. */
const GONE_WITH_OLD_PIXELS = [
  0x00280106, // Smallest Image Pixel Value
  0x00280107, // Largest Image Pixel Value
  0x7fe00001, // Extended Offset Table
  0x7fe00002, // Extended Offset Table Lengths
  0x7fe00003, // Encapsulated Pixel Data Value Total Length
]

/** Pixels that take the place of those in the object. */
export interface NewPixels {
  readonly description: NativePixels
  readonly bytes: Uint8Array
}

/**
 * The form of a de-identified object that may leave once its pixels were read: Burned In Annotation is NO, because every
 * frame was read (again) and nothing that identifies is left, and the methods name the option (PS3.15 E.3.1).
 * @param masked `undefined`: the pixels stay as they are.
 * @returns the pieces of a PS3.10 file.
 * @throws {DataSetError} when the file is no data set.
 */
export function cleanedFile(file: Uint8Array, masked: NewPixels | undefined): readonly Uint8Array[] {
  const { dataSet, meta } = parsePart10(file)
  const elements = new Map(dataSet.elements)
  const changed = [
    textElement(0x00280301, 'CS', 'NO'),
    textElement(METHOD_NAMES, 'LO', ...texts(dataSet, METHOD_NAMES), CLEAN_PIXEL_DATA[1]),
    sequenceElement(METHOD_CODES, [...sequence(dataSet, METHOD_CODES), codeItem(...CLEAN_PIXEL_DATA)]),
    ...(masked === undefined ? [] : pixelElements(masked, dataSet)),
  ]
  for (const element of changed) elements.set(element.tag, element)
  if (masked !== undefined) {
    for (const tag of GONE_WITH_OLD_PIXELS) elements.delete(tag)
    if (masked.description.samplesPerPixel === 1) elements.delete(0x00280006)
  }
  return writePart10({
    meta: {
      mediaStorageSopClassUid: uid(dataSet, 0x00080016) ?? meta.mediaStorageSopClassUid,
      mediaStorageSopInstanceUid: uid(dataSet, 0x00080018) ?? meta.mediaStorageSopInstanceUid,
      transferSyntaxUid: masked === undefined ? meta.transferSyntaxUid : EXPLICIT_LITTLE,
    },
    dataSet: dataSetOf(elements.values(), dataSet.characterSets),
  })
}

/** The Image Pixel module of native pixels (PS3.3 C.7.6.3). */
function pixelElements({ description, bytes }: NewPixels, before: DataSet): Element[] {
  const { rows, columns, frames, samplesPerPixel, bitsAllocated, bitsStored, signed, photometric } = description
  const hasFrames = frames > 1 || integer(before, 0x00280008) !== undefined
  return [
    number(0x00280002, samplesPerPixel),
    textElement(0x00280004, 'CS', photometric),
    ...(samplesPerPixel > 1 ? [number(0x00280006, 0)] : []),
    ...(hasFrames ? [textElement(0x00280008, 'IS', String(frames))] : []),
    number(0x00280010, rows),
    number(0x00280011, columns),
    number(0x00280100, bitsAllocated),
    number(0x00280101, bitsStored),
    number(0x00280102, bitsStored - 1),
    number(0x00280103, signed ? 1 : 0),
    bytesElement(0x7fe00010, bitsAllocated > 8 ? 'OW' : 'OB', bytes),
  ]
}

function number(tag: number, value: number): Element {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytesElement(tag, 'US', bytes)
}

function codeItem(value: string, meaning: string): DataSet {
  return dataSetOf([
    textElement(0x00080100, 'SH', value),
    textElement(0x00080102, 'SH', 'DCM'),
    textElement(0x00080104, 'LO', meaning),
  ])
}
