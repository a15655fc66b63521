import { type DataSet, type Element, type FragmentsValue, integer, littleEndianBytes, text } from '../dataset/index.ts'
import { decodeCodestream } from './codestream.ts'
import { checkDescription, type Photometric, type PixelDescription } from './description.ts'
import { DecodeError } from './errors.ts'
import { assembleFrames } from './frames.ts'
import { type DecodedFrame, type DecodedImage, type DecodeLimits, type PixelArray, pixelArray } from './image.ts'
import { unpackNative } from './native.ts'
import { decodeRleFrame } from './rle.ts'
import { type Coding, codingOf } from './transfer-syntaxes.ts'

const PIXEL_DATA = 0x7fe00010

/**
 * Decodes all frames of an object to stored values.
 * @throws {DecodeError} with the reason; nothing that an object holds makes this throw anything else.
 */
export async function decodeFrames(
  dataSet: DataSet,
  transferSyntaxUid: string,
  limits: DecodeLimits,
): Promise<DecodedImage> {
  const coding = codingOf(transferSyntaxUid)
  if (coding === undefined) {
    throw new DecodeError('unsupported-transfer-syntax', 'pixels in this transfer syntax cannot be decoded')
  }
  const element = dataSet.elements.get(PIXEL_DATA)
  if (element === undefined) throw new DecodeError('no-pixel-data', 'the object has no Pixel Data')
  const facts = describePixels(dataSet)
  const width = facts.bitsStored <= 8 ? 1 : facts.bitsStored <= 16 ? 2 : 4
  const bytes = facts.rows * facts.columns * facts.samplesPerPixel * facts.frames * width
  if (bytes > limits.maximumBytes) throw new DecodeError('too-large', 'the decoded frames would be too large')
  if (element.value.kind === 'fragments') return decodeEncapsulated(element.value, coding, facts)
  return imageOf(facts, decodeNative(element, facts), facts.photometric)
}

/**
 * The checked Image Pixel module of a data set.
 * @throws {DecodeError} `image-description-invalid` or `unsupported-pixel-format`.
 */
export function describePixels(dataSet: DataSet): PixelDescription {
  return checkDescription({
    rows: integer(dataSet, 0x00280010),
    columns: integer(dataSet, 0x00280011),
    frames: integer(dataSet, 0x00280008),
    samplesPerPixel: integer(dataSet, 0x00280002),
    bitsAllocated: integer(dataSet, 0x00280100),
    bitsStored: integer(dataSet, 0x00280101),
    highBit: integer(dataSet, 0x00280102),
    pixelRepresentation: integer(dataSet, 0x00280103),
    planarConfiguration: integer(dataSet, 0x00280006),
    photometric: text(dataSet, 0x00280004),
  })
}

function decodeNative(element: Element, facts: PixelDescription): PixelArray {
  if (element.value.kind !== 'bytes') throw new DecodeError('no-pixel-data', 'Pixel Data is not a value')
  // 8-bit samples in OW words are swapped in pairs; wider samples by their own width.
  const bytes = facts.bitsAllocated <= 8 ? littleEndianBytes(element) : element.value.bytes
  return unpackNative(bytes ?? element.value.bytes, facts, element.value.bigEndian && facts.bitsAllocated > 8)
}

async function decodeEncapsulated(
  encapsulated: FragmentsValue,
  coding: Coding,
  facts: PixelDescription,
): Promise<DecodedImage> {
  if (coding === 'native-little' || coding === 'native-big') {
    throw new DecodeError('codestream-contradicts-header', 'Pixel Data is encapsulated in a native transfer syntax')
  }
  const frames = assembleFrames(encapsulated, facts.frames)
  const perFrame = facts.rows * facts.columns * facts.samplesPerPixel
  const pixels = pixelArray(perFrame * facts.frames, facts.bitsStored, facts.signed)
  let photometric = facts.photometric
  for (const [i, frame] of frames.entries()) {
    const decoded = coding === 'rle' ? undefined : await decodeCodestream(frame, coding, facts)
    const values = decoded === undefined ? decodeRle(frame, facts) : storedValues(decoded, facts)
    pixels.set(values, i * perFrame)
    photometric = decoded?.photometric ?? photometric
  }
  return imageOf(facts, pixels, photometric)
}

function decodeRle(frame: Uint8Array, facts: PixelDescription): PixelArray {
  return unpackNative(decodeRleFrame(frame, facts), { ...facts, frames: 1, planar: false, photometric: 'RGB' }, false)
}

/**
 * A codec's samples as stored values of the header's kind. JPEG knows no sign: the bits are those of the two's
 * complement value (PS3.5 8.2.1), so the sign is extended here. Lossy coding can overshoot the bits stored: clipped.
 */
function storedValues(frame: DecodedFrame, facts: PixelDescription): PixelArray {
  const { bitsStored, signed } = facts
  if (!signed && frame.bits <= bitsStored) return frame.values
  const values = pixelArray(frame.values.length, bitsStored, signed)
  const shift = 32 - bitsStored
  const largest = 2 ** bitsStored - 1
  for (let i = 0; i < values.length; i += 1) {
    const sample = frame.values[i] ?? 0
    values[i] = signed ? (sample << shift) >> shift : Math.min(sample, largest)
  }
  return values
}

function imageOf(facts: PixelDescription, pixels: PixelArray, photometric: Photometric): DecodedImage {
  const { rows, columns, frames, samplesPerPixel, bitsStored, signed } = facts
  return { rows, columns, frames, samplesPerPixel, bitsStored, signed, photometric, pixels }
}
