import { deflateRawSync } from 'node:zlib'
import { swapped } from './access.ts'
import { DataSetError } from './errors.ts'
import { fileMetaElements } from './file-meta.ts'
import type { DataSet, Element, Encoding, FileMeta } from './model.ts'
import { EXPLICIT_LITTLE, transferSyntaxOf } from './transfer-syntax.ts'
import { traitsOf, type Vr } from './vr.ts'

/** Values of this size and above become chunks of their own and are not copied. */
const REFERENCE_FROM = 4096
const BLOCK = 16_384
const UNDEFINED = 0xffffffff

/** What `writePart10` needs: where the meta information comes from, and the data set. */
export interface WritableFile {
  readonly meta: Pick<FileMeta, 'mediaStorageSopClassUid' | 'mediaStorageSopInstanceUid' | 'transferSyntaxUid'>
  readonly dataSet: DataSet
}

/**
 * A PS3.10 file with a zeroed preamble and new file meta information.
 * @returns chunks in order; long values are the very views of `dataSet`. @throws DataSetError
 */
export function writePart10(file: WritableFile): Buffer[] {
  const meta = concat(writeDataSet(fileMetaElements(file.meta), EXPLICIT_LITTLE))
  const head = Buffer.alloc(128 + 4 + 12)
  head.write('DICM', 128, 'latin1')
  head.writeUInt16LE(0x0002, 132)
  head.write('UL', 136, 'latin1')
  head.writeUInt16LE(4, 138)
  head.writeUInt32LE(meta.length, 140)
  return [Buffer.concat([head, meta]), ...writeDataSet(file.dataSet, file.meta.transferSyntaxUid)]
}

/**
 * The bytes of a data set in a transfer syntax. Elements stand in ascending order; sequences and items have undefined
 * length (PS3.5 7.5.2), so one pass suffices. @throws DataSetError `value-unwritable`
 */
export function writeDataSet(dataSet: DataSet, transferSyntaxUid: string): Buffer[] {
  const syntax = transferSyntaxOf(transferSyntaxUid)
  const sink = new ChunkSink()
  writeElements(sink, dataSet, syntax ?? { explicit: true, bigEndian: false })
  const chunks = sink.finish()
  if (syntax?.deflated !== true) return chunks
  const deflated = deflateRawSync(concat(chunks))
  // PS3.5 A.5: an odd deflated stream gets one NUL after it.
  return deflated.length % 2 === 0 ? [deflated] : [deflated, Buffer.alloc(1)]
}

/** All chunks as one buffer. */
export function concat(chunks: readonly Uint8Array[]): Buffer {
  return Buffer.concat(chunks)
}

function writeElements(sink: ChunkSink, dataSet: DataSet, encoding: Encoding): void {
  for (const element of inOrder(dataSet.elements)) writeElement(sink, element, encoding)
}

function inOrder(elements: Map<number, Element>): Iterable<Element> {
  let last = -1
  for (const tag of elements.keys()) {
    if (tag < last) return [...elements.values()].sort((a, b) => a.tag - b.tag)
    last = tag
  }
  return elements.values()
}

function writeElement(sink: ChunkSink, element: Element, encoding: Encoding): void {
  const { tag, vr, value } = element
  if (value.kind === 'items') {
    writeHeader(sink, tag, 'SQ', UNDEFINED, encoding)
    for (const item of value.items) {
      writeMark(sink, 0xfffee000, UNDEFINED, encoding)
      writeElements(sink, item, encoding)
      writeMark(sink, 0xfffee00d, 0, encoding)
    }
    writeMark(sink, 0xfffee0dd, 0, encoding)
    return
  }
  if (value.kind === 'fragments') {
    writeHeader(sink, tag, 'OB', UNDEFINED, encoding)
    for (const fragment of [value.offsetTable, ...value.fragments]) {
      writeMark(sink, 0xfffee000, evenLength(fragment.length), encoding)
      writePadded(sink, fragment, 0)
    }
    writeMark(sink, 0xfffee0dd, 0, encoding)
    return
  }
  const traits = traitsOf(vr)
  const bytes = value.bigEndian === encoding.bigEndian ? value.bytes : swapped(value.bytes, traits.unit)
  writeHeader(sink, tag, vr, evenLength(bytes.length), encoding)
  writePadded(sink, bytes, traits.text === 'none' || vr === 'UI' ? 0 : 0x20)
}

function writeHeader(sink: ChunkSink, tag: number, vr: Vr, length: number, encoding: Encoding): void {
  sink.reserve(12)
  sink.tag(tag, encoding.bigEndian)
  if (!encoding.explicit) {
    sink.u32(length, encoding.bigEndian)
    return
  }
  const short = !traitsOf(vr).longForm
  // PS3.5 6.2.2 note 2: a value too long for the 16-bit length of its VR is sent as UN, which is little endian.
  if (short && length > 0xfffe && encoding.bigEndian && traitsOf(vr).unit > 1)
    throw new DataSetError('value-unwritable', 'a value is too long for its VR in big endian')
  const written = short && length > 0xfffe ? 'UN' : vr
  sink.vr(written)
  if (written === vr && short) sink.u16(length, encoding.bigEndian)
  else {
    sink.u16(0, false)
    sink.u32(length, encoding.bigEndian)
  }
}

function writeMark(sink: ChunkSink, tag: number, length: number, encoding: Encoding): void {
  sink.reserve(8)
  sink.tag(tag, encoding.bigEndian)
  sink.u32(length, encoding.bigEndian)
}

/** PS3.5 7.1.1: values have even length. */
function writePadded(sink: ChunkSink, bytes: Uint8Array, padding: number): void {
  sink.bytes(bytes)
  if (bytes.length % 2 === 0) return
  sink.reserve(1)
  sink.u8(padding)
}

function evenLength(length: number): number {
  const even = length + (length & 1)
  if (even >= UNDEFINED) throw new DataSetError('value-unwritable', 'a value is too long for a 32-bit length')
  return even
}

/** Gathers small writes in blocks and passes long values on as they are. */
class ChunkSink {
  readonly #chunks: Buffer[] = []
  #block = Buffer.allocUnsafe(BLOCK)
  #start = 0
  #at = 0

  reserve(bytes: number): void {
    if (this.#block.length - this.#at >= bytes) return
    this.#flush()
    this.#block = Buffer.allocUnsafe(Math.max(BLOCK, bytes))
    this.#start = 0
    this.#at = 0
  }

  tag(tag: number, bigEndian: boolean): void {
    this.u16(tag >>> 16, bigEndian)
    this.u16(tag & 0xffff, bigEndian)
  }

  vr(vr: Vr): void {
    this.#at += this.#block.write(vr, this.#at, 'latin1')
  }

  u8(value: number): void {
    this.#at = this.#block.writeUInt8(value, this.#at)
  }

  u16(value: number, bigEndian: boolean): void {
    this.#at = bigEndian ? this.#block.writeUInt16BE(value, this.#at) : this.#block.writeUInt16LE(value, this.#at)
  }

  u32(value: number, bigEndian: boolean): void {
    this.#at = bigEndian ? this.#block.writeUInt32BE(value, this.#at) : this.#block.writeUInt32LE(value, this.#at)
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length < REFERENCE_FROM) {
      this.reserve(bytes.length)
      this.#block.set(bytes, this.#at)
      this.#at += bytes.length
      return
    }
    this.#flush()
    this.#chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  }

  finish(): Buffer[] {
    this.#flush()
    return this.#chunks
  }

  #flush(): void {
    if (this.#at > this.#start) this.#chunks.push(this.#block.subarray(this.#start, this.#at))
    this.#start = this.#at
  }
}
