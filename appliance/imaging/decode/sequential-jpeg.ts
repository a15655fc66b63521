import { DecodeError } from './errors.ts'
import { BitReader, type HuffmanTable, huffmanTable } from './huffman.ts'
import type { DecodedFrame } from './image.ts'
import { inverseDct, ZIGZAG } from './inverse-dct.ts'

interface Tables {
  readonly quantization: Map<number, Float64Array>
  readonly dc: Map<number, HuffmanTable>
  readonly ac: Map<number, HuffmanTable>
  restartInterval: number
}

interface Frame {
  readonly precision: number
  readonly rows: number
  readonly columns: number
  readonly quantizationTable: number
}

/**
 * Decodes a sequential Huffman-coded DCT frame of one component, 8 or 12 bits: JPEG processes 1, 2 and 4
 * (ISO 10918-1 annex F), of which common decoders lack the 12-bit one.
 * @throws {DecodeError}
 */
export function decodeSequentialJpeg(bytes: Uint8Array): DecodedFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tables: Tables = { quantization: new Map(), dc: new Map(), ac: new Map(), restartInterval: 0 }
  let frame: Frame | undefined
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = view.getUint16(at)
    const length = view.getUint16(at + 2)
    const body = bytes.subarray(at + 4, at + 2 + length)
    if (length < 2 || body.length !== length - 2) break
    if (marker === 0xffc0 || marker === 0xffc1) frame = readFrame(body)
    else if (marker === 0xffda) return decodeScan(bytes, at + 2 + length, body, requireFrame(frame), tables)
    else readTables(marker, body, tables)
    at += 2 + length
  }
  throw new DecodeError('codestream-invalid', 'the JPEG codestream has no scan')
}

function readFrame(body: Uint8Array): Frame {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const precision = view.getUint8(0)
  if ((precision !== 8 && precision !== 12) || body.length !== 9 || view.getUint8(5) !== 1) {
    throw new DecodeError('unsupported-pixel-format', 'only grey 8-bit and 12-bit frames of this process are supported')
  }
  return {
    precision,
    rows: view.getUint16(1),
    columns: view.getUint16(3),
    quantizationTable: view.getUint8(8),
  }
}

function requireFrame(frame: Frame | undefined): Frame {
  if (frame === undefined) throw new DecodeError('codestream-invalid', 'a JPEG scan stands before its frame')
  return frame
}

/** DQT, DHT and DRI (ISO 10918-1 B.2.4); every other segment is passed over. */
function readTables(marker: number, body: Uint8Array, tables: Tables): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  if (marker === 0xffdd && body.length >= 2) tables.restartInterval = view.getUint16(0)
  for (let at = 0; marker === 0xffdb && at < body.length; ) {
    const wide = view.getUint8(at) >> 4 === 1
    const needed = wide ? 129 : 65
    if (at + needed > body.length) throw new DecodeError('codestream-invalid', 'a quantization table is cut short')
    const entry = (i: number): number => (wide ? view.getUint16(at + 1 + i * 2) : view.getUint8(at + 1 + i))
    tables.quantization.set(
      view.getUint8(at) & 15,
      Float64Array.from({ length: 64 }, (_, i) => entry(i)),
    )
    at += needed
  }
  for (let at = 0; marker === 0xffc4 && at + 17 <= body.length; ) {
    const counts = body.subarray(at + 1, at + 17)
    const total = counts.reduce((sum, count) => sum + count, 0)
    if (total > 256 || at + 17 + total > body.length) {
      throw new DecodeError('codestream-invalid', 'a Huffman table is cut short')
    }
    const selector = view.getUint8(at)
    const kind = selector >> 4 === 0 ? tables.dc : tables.ac
    kind.set(selector & 15, huffmanTable(counts, body.slice(at + 17, at + 17 + total)))
    at += 17 + total
  }
}

function decodeScan(bytes: Uint8Array, at: number, header: Uint8Array, frame: Frame, tables: Tables): DecodedFrame {
  const selector = header[2] ?? 0
  const dc = tables.dc.get(selector >> 4)
  const ac = tables.ac.get(selector & 15)
  const quantization = tables.quantization.get(frame.quantizationTable)
  if (header[0] !== 1 || dc === undefined || ac === undefined || quantization === undefined) {
    throw new DecodeError('codestream-invalid', 'a JPEG scan uses tables that are not there')
  }
  const reader = new BitReader(bytes, at)
  const { rows, columns, precision } = frame
  const values = precision === 8 ? new Uint8Array(rows * columns) : new Uint16Array(rows * columns)
  const block = new Float64Array(64)
  const scratch = new Float64Array(64)
  const across = Math.ceil(columns / 8)
  const units = across * Math.ceil(rows / 8)
  let prediction = 0
  for (let unit = 0; unit < units; unit += 1) {
    if (tables.restartInterval > 0 && unit > 0 && unit % tables.restartInterval === 0) {
      reader.restart()
      prediction = 0
    }
    prediction = readBlock(reader, dc, ac, quantization, prediction, block)
    inverseDct(block, scratch)
    placeBlock(block, values, frame, (unit % across) * 8, Math.floor(unit / across) * 8)
  }
  return { rows, columns, samples: 1, bits: precision, signed: false, values }
}

/** One data unit, dequantized and in natural order (ISO 10918-1 F.2.2). @returns the DC prediction for the next. */
function readBlock(
  reader: BitReader,
  dc: HuffmanTable,
  ac: HuffmanTable,
  quantization: Float64Array,
  prediction: number,
  block: Float64Array,
): number {
  block.fill(0)
  const direct = prediction + reader.difference(reader.symbol(dc) & 15)
  block[0] = direct * (quantization[0] ?? 0)
  for (let k = 1; k < 64; k += 1) {
    const symbol = reader.symbol(ac)
    const size = symbol & 15
    const run = symbol >> 4
    if (size === 0) {
      if (run !== 15) break
      k += 15
      continue
    }
    k += run
    if (k > 63) throw new DecodeError('codestream-invalid', 'a JPEG block has too many coefficients')
    block[ZIGZAG[k] ?? 0] = reader.difference(size) * (quantization[k] ?? 0)
  }
  return direct
}

/** Level shift (ISO 10918-1 A.3.1), rounding and clipping into the image; blocks overhang at the right and bottom. */
function placeBlock(
  block: Float64Array,
  values: Uint8Array | Uint16Array,
  frame: Frame,
  left: number,
  top: number,
): void {
  const middle = 2 ** (frame.precision - 1)
  const largest = 2 * middle - 1
  for (let y = 0; y < 8 && top + y < frame.rows; y += 1) {
    for (let x = 0; x < 8 && left + x < frame.columns; x += 1) {
      const value = Math.round((block[y * 8 + x] ?? 0) + middle)
      values[(top + y) * frame.columns + left + x] = Math.min(largest, Math.max(0, value))
    }
  }
}
