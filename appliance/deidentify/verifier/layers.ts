import { isAscii, isUtf8 } from 'node:buffer'

/** What a text can be wrapped in, and how deep it is unwrapped: base64 of a URL in a log of a request is two. */
const DEEPEST = 3

const PERCENT = /%[0-9a-f]{2}/i
const ENTITY = /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});/gi
const ESCAPE = /\\(?:u\{([0-9a-f]{1,6})\}|u([0-9a-f]{4})|x([0-9a-f]{2}))/gi
const QUOTED_PRINTABLE = /=[0-9A-F]{2}/
const BASE64 = /[A-Za-z0-9+/_-]{10,}(?:\r?\n[A-Za-z0-9+/_-]{10,})*/g
/** Not the components of a UID. */
const HEX = /(?<![.\d])(?:[0-9a-f]{2}[:\s]?){5,}/gi
/** Digests and pseudonyms: looked at as hexadecimal. */
const HEX_ONLY = /^(?:[0-9a-f]+|[0-9A-F]+|[0-9a-f-]{36})$/
const DIGEST_LENGTHS = new Set([32, 40, 64, 128])
const WORD = /^(?:[A-Z]?[a-z]+|[A-Z]+)$/

/** Letters of HTML 4 (ISO 8859-1 set) follow one rule: the letter, and the name of its mark. */
const MARKS: Readonly<Record<string, string>> = {
  grave: '\u0300',
  acute: '\u0301',
  circ: '\u0302',
  tilde: '\u0303',
  uml: '\u0308',
  ring: '\u030a',
  cedil: '\u0327',
  caron: '\u030c',
}
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  shy: '',
  szlig: 'ß',
  aelig: 'æ',
  AElig: 'Æ',
  oslash: 'ø',
  Oslash: 'Ø',
  eth: 'ð',
  thorn: 'þ',
  zwj: '',
  zwnj: '',
  hyphen: '-',
  dash: '-',
  period: '.',
  comma: ',',
}

/** One reading of a text. */
export interface Layer {
  readonly text: string
  /** False for pieces of readable text within what decodes to binary: there chance writes short words. */
  readonly isText: boolean
}

/** A text, and what it says when what looks like an encoding in it is decoded. */
export function layersOf(text: string, isText = true, depth = DEEPEST): Layer[] {
  const layers = [{ text, isText }]
  if (depth === 0) return layers
  const unescaped = withoutEscapes(text)
  if (unescaped !== text) layers.push(...layersOf(unescaped, isText, depth - 1))
  const decoded: Decoded = { texts: [], pieces: [] }
  decodeRuns(text, decoded)
  if (decoded.texts.length > 0) layers.push(...layersOf(decoded.texts.join('\n'), isText, depth - 1))
  // Pieces are mostly chance; nobody wraps text within them again.
  if (decoded.pieces.length > 0) layers.push({ text: decoded.pieces.join('\n'), isText: false })
  return layers
}

interface Decoded {
  readonly texts: string[]
  readonly pieces: string[]
}

/** URL, HTML, JavaScript and quoted-printable escapes replaced by what they stand for. */
function withoutEscapes(text: string): string {
  let plain = text
  if (plain.includes('\\'))
    plain = plain.replaceAll(ESCAPE, (_, ...digits: (string | undefined)[]) =>
      character(Number.parseInt(digits.slice(0, 3).find((one) => one !== undefined) ?? '', 16)),
    )
  if (plain.includes('&')) plain = plain.replaceAll(ENTITY, entity)
  if (PERCENT.test(plain)) plain = percentDecoded(plain)
  if (QUOTED_PRINTABLE.test(plain))
    plain = plain.replaceAll(/(?:=[0-9A-F]{2})+/g, (run) => bytesText(Buffer.from(run.replaceAll('=', ''), 'hex')))
  return plain
}

function percentDecoded(text: string): string {
  return text
    .replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => bytesText(Buffer.from(run.replaceAll('%', ''), 'hex')))
    .replaceAll('+', ' ')
}

function entity(whole: string): string {
  const name = whole.slice(1, -1)
  if (/^#x/i.test(name)) return character(Number.parseInt(name.slice(2), 16))
  if (name.startsWith('#')) return character(Number(name.slice(1)))
  const mark = MARKS[name.slice(1)]
  if (mark !== undefined) return `${name[0] ?? ''}${mark}`.normalize('NFC')
  return NAMED[name] ?? whole
}

function character(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' '
}

/** What runs of base64 and hexadecimal say. */
function decodeRuns(text: string, decoded: Decoded): void {
  for (const [run] of text.matchAll(BASE64)) {
    // Words of prose are runs too; what is encoded has digits, or capitals within.
    if (WORD.test(run)) continue
    if (HEX_ONLY.test(run)) continue
    const plain = run.replaceAll(/[\r\n]/g, '')
    // Where the run begins with letters that are none of it.
    for (let at = 0; at < 4; at += 1) addReadable(decoded, Buffer.from(plain.slice(at), 'base64'))
  }
  for (const [run] of text.matchAll(HEX)) {
    const plain = run.replaceAll(/[:\s]/g, '')
    // Pseudonyms and digests, which are everywhere, begin where they begin.
    const starts = DIGEST_LENGTHS.has(plain.length) ? 1 : 2
    for (let at = 0; at < starts; at += 1) addReadable(decoded, Buffer.from(plain.slice(at), 'hex'))
  }
}

const CONTROLS = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]/
/** The shortest text within decoded bytes that is worth to be looked at. */
const READABLE = /[ -~\u00a0-\ufffc]{6,}/g

function addReadable({ texts, pieces }: Decoded, bytes: Buffer): void {
  if (isUtf8(bytes)) {
    const whole = bytes.toString('utf8')
    if (!CONTROLS.test(whole)) {
      texts.push(whole)
      return
    }
  }
  if (hasReadable(bytes))
    for (const text of textsOf(bytes)) for (const [run] of text.matchAll(READABLE)) pieces.push(run)
}

/** Six bytes in a row, zeros aside, that can be letters of ASCII, Latin-1 or UTF-8. */
function hasReadable(bytes: Buffer): boolean {
  let run = 0
  let last = 0
  for (const byte of bytes) {
    if (byte === 0) continue
    const isLetter = (byte >= 0x20 && byte < 0x7f) || byte >= 0xc0 || (byte >= 0x80 && last >= 0x80)
    run = isLetter ? run + 1 : 0
    if (run === 6) return true
    last = byte
  }
  return false
}

const ISO_2022_JP = new TextDecoder('iso-2022-jp')
/** Letters, printable ASCII, line ends, and what nobody sees between letters. */
const LATIN_RUN = /[\t\n\r -~\u00a0\u00ad\u00c0-\u00ff]{6,}/g
const UTF8_RUN = /[\t\n\r -~\u00a0-\ufffc]{4,}/g
/** UTF-16 of the Latin, Greek, Cyrillic and Hebrew blocks: upper bytes 0 to 5. */
const WIDE_LE = /(?:[^\0][\0-\x05]){5,}/g
const WIDE_BE = /(?:[\0-\x05][^\0]){5,}/g

/** What bytes say: as UTF-8, or as Latin-1 where they are no UTF-8, and as UTF-16 and ISO 2022 where signs of it are. */
export function textsOf(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const latin = buffer.toString('latin1')
  const texts = [latin]
  if (!isAscii(buffer)) {
    if (isUtf8(buffer)) texts[0] = buffer.toString('utf8')
    else {
      // Where only a part of the bytes is UTF-8, both readings count; of what is binary only what could be read.
      texts[0] = (latin.match(LATIN_RUN) ?? []).join('\n')
      texts.push((buffer.toString('utf8').match(UTF8_RUN) ?? []).join('\n'))
    }
    const mark = buffer.length < 2 ? 0 : buffer.readUInt16BE(0)
    if (mark === 0xfffe) texts.push(buffer.subarray(2).toString('utf16le'))
    if (mark === 0xfeff) texts.push(swapped(buffer.subarray(2)).toString('utf16le'))
  }
  if (latin.includes('\0')) {
    for (const [run] of latin.matchAll(WIDE_LE)) texts.push(Buffer.from(run, 'latin1').toString('utf16le'))
    for (const [run] of latin.matchAll(WIDE_BE)) texts.push(swapped(Buffer.from(run, 'latin1')).toString('utf16le'))
  }
  if (latin.includes('\x1b')) texts.push(ISO_2022_JP.decode(buffer))
  return texts
}

function bytesText(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1')
}

function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16()
}
