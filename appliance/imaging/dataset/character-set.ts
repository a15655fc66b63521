import { TextDecoder } from 'node:util'

/**
 * Text of PS3.5 6.1 and PS3.3 C.12.1.1.2, decoded with the platform's own decoders.
 *
 * Limits: ISO-IR 100 and 148 decode as windows-1252 and windows-1254 (the C1 controls differ, which DICOM does not
 * use); ISO-IR 13 decodes 0x5C and 0x7E as ASCII; an unknown defined term decodes as ISO-IR 100, so no byte is lost;
 * bytes that a code table lacks become U+FFFD.
 */

/** Defined terms with and without code extensions share the decoder. Keys: the number after `IR`, or the whole term. */
const LABELS: Readonly<Record<string, string>> = {
  '6': 'iso-8859-1',
  '13': 'shift_jis',
  '58': 'gbk',
  '100': 'iso-8859-1',
  '101': 'iso-8859-2',
  '109': 'iso-8859-3',
  '110': 'iso-8859-4',
  '126': 'iso-8859-7',
  '127': 'iso-8859-6',
  '138': 'iso-8859-8',
  '144': 'iso-8859-5',
  '148': 'iso-8859-9',
  '149': 'euc-kr',
  '166': 'windows-874',
  '192': 'utf-8',
  '203': 'iso-8859-15',
  GB18030: 'gb18030',
  GBK: 'gbk',
}

/** The 94x94 code tables that are designated to G0 and so need their high bits set before EUC-JP decodes them. */
type Double = 'jis-x-0208' | 'jis-x-0212'

/** What an escape sequence designates (PS3.3 tables C.12-3 and C.12-4). Keys: the bytes after ESC. */
const DESIGNATIONS: ReadonlyMap<string, { g0?: Double | 'single'; g1?: string }> = new Map([
  ['(B', { g0: 'single' }],
  ['(J', { g0: 'single' }],
  [')I', { g1: 'shift_jis' }],
  ['-A', { g1: 'iso-8859-1' }],
  ['-B', { g1: 'iso-8859-2' }],
  ['-C', { g1: 'iso-8859-3' }],
  ['-D', { g1: 'iso-8859-4' }],
  ['-F', { g1: 'iso-8859-7' }],
  ['-G', { g1: 'iso-8859-6' }],
  ['-H', { g1: 'iso-8859-8' }],
  ['-L', { g1: 'iso-8859-5' }],
  ['-M', { g1: 'iso-8859-9' }],
  ['-T', { g1: 'windows-874' }],
  ['-b', { g1: 'iso-8859-15' }],
  ['$B', { g0: 'jis-x-0208' }],
  ['$@', { g0: 'jis-x-0208' }],
  ['$(D', { g0: 'jis-x-0212' }],
  ['$)C', { g1: 'euc-kr' }],
  ['$)A', { g1: 'gbk' }],
])

const ESCAPE = 0x1b
const decoders = new Map<string, TextDecoder>()

/**
 * Decodes the bytes of a text value.
 * @param characterSets the values of (0008,0005) in force; [] means the default repertoire.
 * @returns the text with its padding, backslashes and component delimiters.
 */
export function decodeText(bytes: Uint8Array, characterSets: readonly string[]): string {
  const initial = labelOf(characterSets[0] ?? '')
  return bytes.includes(ESCAPE) ? decodeExtended(bytes, initial) : decode(bytes, initial)
}

/** PS3.5 6.1.2.5: code extension by escape sequences; delimiters fall back to the first character set. */
function decodeExtended(bytes: Uint8Array, initial: string): string {
  let result = ''
  let g0: Double | 'single' = 'single'
  let g1 = initial
  let start = 0
  const flush = (end: number): void => {
    if (end > start) result += decodeRun(bytes.subarray(start, end), g0, g1)
  }
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] ?? 0
    if (byte === ESCAPE) {
      const length = escapeLength(bytes, at)
      const designation = DESIGNATIONS.get(String.fromCharCode(...bytes.subarray(at + 1, at + length)))
      flush(at)
      g0 = designation?.g0 ?? g0
      g1 = designation?.g1 ?? g1
      at += length
      start = at
    } else if (g0 !== 'single' && byte >= 0x21 && byte < 0x7f) at += 2
    else {
      at += 1
      if (!resetsDesignation(byte) || g1 === 'gbk' || g1 === 'gb18030') continue
      flush(at)
      start = at
      g0 = 'single'
      g1 = initial
    }
  }
  flush(bytes.length)
  return result
}

function decodeRun(bytes: Uint8Array, g0: Double | 'single', g1: string): string {
  if (g0 === 'single') return decode(bytes, g1)
  const euc: number[] = []
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0
    if (byte < 0x21 || byte >= 0x7f) {
      euc.push(byte & 0x7f)
      continue
    }
    i += 1
    if (g0 === 'jis-x-0212') euc.push(0x8f)
    euc.push(byte | 0x80, (bytes[i] ?? 0x21) | 0x80)
  }
  return decode(Uint8Array.from(euc), 'euc-jp')
}

/** ESC, intermediate bytes 0x20-0x2F, one final byte (ISO/IEC 2022). `$B` and `$@` have `$` as their only intermediate. */
function escapeLength(bytes: Uint8Array, at: number): number {
  let end = at + 1
  while (end < bytes.length && end - at < 4 && (bytes[end] ?? 0) >= 0x20 && (bytes[end] ?? 0) <= 0x2f) end += 1
  return Math.min(end + 1, bytes.length) - at
}

/** CR, LF, FF, TAB, backslash, and the delimiters of person names (PS3.5 6.1.2.5.3). */
function resetsDesignation(byte: number): boolean {
  return (byte >= 0x09 && byte <= 0x0d) || byte === 0x5c || byte === 0x5e || byte === 0x3d
}

function decode(bytes: Uint8Array, label: string): string {
  if (label === 'iso-8859-1') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  let decoder = decoders.get(label)
  if (decoder === undefined) {
    decoder = new TextDecoder(label, { ignoreBOM: true })
    decoders.set(label, decoder)
  }
  return decoder.decode(bytes)
}

function labelOf(term: string): string {
  const number = /(?:ISO_IR|ISO 2022 IR|ISO-IR)[ _]?(\d+)$/.exec(term)?.[1]
  return LABELS[number ?? term] ?? 'iso-8859-1'
}
