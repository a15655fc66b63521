import { DecodeError } from './errors.ts'

/** What a codestream says of itself, read before any codec allocates for it. */
export interface CodestreamHeader {
  readonly rows: number
  readonly columns: number
  readonly components: number
  /** Bits per sample of the first component. */
  readonly precision: number
  /** JPEG family: the start-of-frame marker's low byte (0xC0 baseline, 0xC1 extended, 0xC3 lossless, 0xF7 JPEG-LS). 0 for JPEG 2000. */
  readonly process: number
}

/**
 * Reads the first frame header of a JPEG or JPEG-LS codestream (ISO 10918-1 B.2.2, ISO 14495-1 C.2.2).
 * @throws {DecodeError} `codestream-invalid`.
 */
export function readJpegHeader(bytes: Uint8Array): CodestreamHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) throw invalid('the JPEG codestream has no start of image')
  let at = 2
  while (at + 4 <= bytes.length) {
    const marker = view.getUint16(at)
    if (marker === 0xffff) {
      at += 1
      continue
    }
    if (marker < 0xffc0 || marker === 0xffda || marker === 0xffd9) break
    const length = view.getUint16(at + 2)
    if (isStartOfFrame(marker)) {
      if (length < 8 || at + 2 + length > bytes.length) break
      const process = marker & 0xff
      return {
        process,
        precision: view.getUint8(at + 4),
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      }
    }
    at += 2 + Math.max(2, length)
  }
  throw invalid('the JPEG codestream has no frame header')
}

function isStartOfFrame(marker: number): boolean {
  const definesTables = marker === 0xffc4 || marker === 0xffc8 || marker === 0xffcc
  return marker === 0xfff7 || (marker >= 0xffc0 && marker <= 0xffcf && !definesTables)
}

/**
 * Reads the SIZ segment of a JPEG 2000 or HTJ2K codestream, also within a JP2 box (ISO 15444-1 A.5.1, I.5.4).
 * @throws {DecodeError} `codestream-invalid`.
 */
export function readJpeg2000Header(bytes: Uint8Array): CodestreamHeader {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(
    Buffer.from([0xff, 0x4f, 0xff, 0x51]),
  )
  if (start < 0 || start + 45 > bytes.length) throw invalid('the JPEG 2000 codestream has no SIZ segment')
  const view = new DataView(bytes.buffer, bytes.byteOffset + start + 4, bytes.length - start - 4)
  // Lsiz, Rsiz, Xsiz, Ysiz, XOsiz, YOsiz, XTsiz, YTsiz, XTOsiz, YTOsiz, Csiz, Ssiz of the first component
  return {
    process: 0,
    columns: view.getUint32(4) - view.getUint32(12),
    rows: view.getUint32(8) - view.getUint32(16),
    components: view.getUint16(36),
    precision: (view.getUint8(38) & 0x7f) + 1,
  }
}

/** How far from the end the end marker may stand: one byte of padding, and a little for writers that add more. */
const TAIL_BYTES = 64

/**
 * Refuses a codestream without its end marker: EOI of JPEG and JPEG-LS, EOC of JPEG 2000 are both FFD9. Several decoders
 * fill what is missing with plausible pixels and say nothing.
 * @throws {DecodeError} `pixel-data-truncated`.
 */
export function requireEnd(bytes: Uint8Array): void {
  const tail = bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES))
  if (Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).lastIndexOf(Buffer.from([0xff, 0xd9])) < 0) {
    throw new DecodeError('pixel-data-truncated', 'the codestream has no end marker')
  }
}

function invalid(message: string): DecodeError {
  return new DecodeError('codestream-invalid', message)
}
