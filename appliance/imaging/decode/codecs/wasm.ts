import charls from '@cornerstonejs/codec-charls/decodewasmjs'
import turbo from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'
import openjpeg from '@cornerstonejs/codec-openjpeg/decodewasmjs'
import openjph from '@cornerstonejs/codec-openjph/wasmjs'
import { DecodeError } from '../errors.ts'

/** What a codec says of a frame that it has decoded. */
export interface FrameInfo {
  readonly width: number
  readonly height: number
  readonly bitsPerSample: number
  readonly componentCount: number
  readonly isSigned?: boolean
}

/** The common face of the WebAssembly decoders. Buffers are views into the codec's memory: copy before `delete`. */
export interface WasmDecoder {
  getEncodedBuffer(length: number): Uint8Array
  getDecodedBuffer(): Uint8Array
  decode(): void
  getFrameInfo(): FrameInfo
  getInterleaveMode?(): number
  delete(): void
}

/** The codecs that run as WebAssembly. */
export type WasmCodec = 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k'

const quiet = { print: () => undefined, printErr: () => undefined }

const LOADERS: Readonly<Record<WasmCodec, () => Promise<new () => WasmDecoder>>> = {
  jpeg: async () => (await turbo({ ...quiet })).JPEGDecoder as new () => WasmDecoder,
  'jpeg-ls': async () => (await charls({ ...quiet })).JpegLSDecoder as new () => WasmDecoder,
  'jpeg-2000': async () => (await openjpeg({ ...quiet })).J2KDecoder as new () => WasmDecoder,
  htj2k: async () => (await openjph({ ...quiet })).HTJ2KDecoder as new () => WasmDecoder,
}

const loaded = new Map<WasmCodec, Promise<new () => WasmDecoder>>()

/** A decoded frame: a copy of the codec's output, as bytes in the machine's order. */
export interface WasmFrame {
  readonly info: FrameInfo
  readonly bytes: Uint8Array
  /** JPEG-LS only: 0 says that the samples lie plane by plane. */
  readonly interleaveMode: number
}

/**
 * Decodes one codestream. A codec that has thrown is thrown away, since its memory may be in any state; the next call
 * loads a new one.
 * @throws {DecodeError} `codestream-invalid`.
 */
export async function decodeWithWasm(codec: WasmCodec, codestream: Uint8Array): Promise<WasmFrame> {
  const Decoder = await load(codec)
  try {
    const decoder = new Decoder()
    decoder.getEncodedBuffer(codestream.length).set(codestream)
    decoder.decode()
    const info = { ...decoder.getFrameInfo() }
    const bytes = Uint8Array.from(decoder.getDecodedBuffer())
    const interleaveMode = decoder.getInterleaveMode?.() ?? 1
    decoder.delete()
    return { info, bytes, interleaveMode }
  } catch (cause) {
    loaded.delete(codec)
    throw new DecodeError('codestream-invalid', `the ${codec} codestream cannot be decoded`, cause)
  }
}

function load(codec: WasmCodec): Promise<new () => WasmDecoder> {
  const present = loaded.get(codec)
  if (present !== undefined) return present
  const loading = LOADERS[codec]()
  loaded.set(codec, loading)
  return loading
}
