import { Decoder as LosslessDecoder } from 'jpeg-lossless-decoder-js'
import { decodeWithWasm, type WasmCodec, type WasmFrame } from './codecs/wasm.ts'
import { type CodestreamHeader, readJpeg2000Header, readJpegHeader, requireEnd } from './codestream-header.ts'
import type { PixelDescription } from './description.ts'
import { DecodeError } from './errors.ts'
import type { DecodedFrame } from './image.ts'
import { withDeclaredColour } from './jpeg-colour.ts'
import { interleave } from './native.ts'
import { decodeSequentialJpeg } from './sequential-jpeg.ts'
import type { Coding } from './transfer-syntaxes.ts'

/**
 * Decodes one compressed frame. Within the JPEG family the codestream's own frame header says which process it is,
 * since objects whose transfer syntax names another process are common.
 * @throws {DecodeError}
 */
export async function decodeCodestream(
  bytes: Uint8Array,
  coding: Coding,
  facts: PixelDescription,
): Promise<DecodedFrame> {
  const wavelet = coding === 'jpeg-2000' || coding === 'htj2k'
  const header = wavelet ? readJpeg2000Header(bytes) : readJpegHeader(bytes)
  requireAgreement(header, facts)
  requireEnd(bytes)
  if (wavelet) return fromWasm(await decodeWithWasm(coding, bytes), coding, facts)
  switch (header.process) {
    case 0xc0:
    case 0xc1:
    case 0xc2:
      if (header.precision === 8) {
        return fromWasm(await decodeWithWasm('jpeg', withDeclaredColour(bytes, facts.photometric)), 'jpeg', facts)
      }
      if (header.process !== 0xc2) return decodeSequentialJpeg(bytes)
      throw new DecodeError('unsupported-pixel-format', 'progressive JPEG of 12 bits is not supported')
    case 0xc3:
      return decodeLossless(bytes, header)
    case 0xf7:
      return fromWasm(await decodeWithWasm('jpeg-ls', bytes), 'jpeg-ls', facts)
    default:
      throw new DecodeError('unsupported-pixel-format', 'this JPEG process is not supported')
  }
}

/** A codestream that is larger than its header says would be a way around every limit. */
function requireAgreement(header: CodestreamHeader, facts: PixelDescription): void {
  const agrees =
    header.rows === facts.rows &&
    header.columns === facts.columns &&
    header.components === facts.samplesPerPixel &&
    header.precision <= Math.max(8, facts.bitsAllocated)
  if (!agrees) throw new DecodeError('codestream-contradicts-header', 'the codestream has another size or depth')
}

function fromWasm(frame: WasmFrame, codec: WasmCodec, facts: PixelDescription): DecodedFrame {
  const { info, bytes } = frame
  const wide = info.bitsPerSample > 8
  const count = facts.rows * facts.columns * facts.samplesPerPixel
  if (bytes.length < count * (wide ? 2 : 1) || info.width !== facts.columns || info.height !== facts.rows) {
    throw new DecodeError('codestream-contradicts-header', 'the decoded frame has another size')
  }
  const signed = info.isSigned === true
  const values = wide ? new Uint16Array(bytes.buffer, 0, count) : bytes.subarray(0, count)
  const planar = codec === 'jpeg-ls' && frame.interleaveMode === 0 && info.componentCount > 1
  return {
    rows: info.height,
    columns: info.width,
    samples: info.componentCount,
    bits: info.bitsPerSample,
    signed,
    values: planar ? interleave(values, facts.rows * facts.columns, info.componentCount) : values,
    // The lossy JPEG and JPEG 2000 decoders undo the colour transform themselves.
    ...(info.componentCount === 3 && codec !== 'jpeg-ls' ? { photometric: 'RGB' as const } : {}),
  }
}

function decodeLossless(bytes: Uint8Array, header: CodestreamHeader): DecodedFrame {
  const values = runLossless(bytes)
  if (values.length !== header.rows * header.columns * header.components) {
    throw new DecodeError('codestream-contradicts-header', 'the decoded frame has another size')
  }
  return {
    rows: header.rows,
    columns: header.columns,
    samples: header.components,
    bits: header.precision,
    signed: false,
    values,
  }
}

function runLossless(bytes: Uint8Array): Uint8Array | Uint16Array {
  const copy = Uint8Array.from(bytes)
  try {
    const decoded: unknown = new LosslessDecoder().decode(copy.buffer, 0, copy.length)
    if (decoded instanceof Uint8Array || decoded instanceof Uint16Array) return decoded
  } catch (cause) {
    throw new DecodeError('codestream-invalid', 'the lossless JPEG codestream cannot be decoded', cause)
  }
  throw new DecodeError('codestream-invalid', 'the lossless JPEG codestream gave no pixels')
}
