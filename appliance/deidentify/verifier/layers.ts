/** What a text can be wrapped in, and how deep it is unwrapped: base64 of a URL in a log of a request is two. */
const DEEPEST = 3

const PERCENT = /%[0-9a-f]{2}/i
const ENTITY = /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});/gi
const ESCAPE = /\\(?:u\{([0-9a-f]{1,6})\}|u([0-9a-f]{4})|x([0-9a-f]{2}))/gi
const QUOTED_PRINTABLE = /=[0-9A-F]{2}/
const BASE64 = /[A-Za-z0-9+/_-]{10,}(?:\r?\n[A-Za-z0-9+/_-]{10,})*/g
const HEX = /(?:[0-9a-f]{2}[:\s]?){5,}/gi
const WORD = /^[A-Za-z]+$/

/** Letters of HTML 4 (ISO 8859-1 set) follow one rule: the letter, and the name of its mark. */
const MARKS: Readonly<Record<string, string>> = {
  grave: '\u0300', acute: '\u0301', circ: '\u0302', tilde: '\u0303', uml: '\u0308', ring: '\u030a', cedil: '\u0327', caron: '\u030c',
} // biome-ignore format: a table reads better in rows
const NAMED: Readonly<Record<string, string>> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', shy: '', szlig: 'ß', aelig: 'æ', AElig: 'Æ', oslash: 'ø', Oslash: 'Ø', eth: 'ð', thorn: 'þ', zwj: '', zwnj: '', hyphen: '-', dash: '-', period: '.', comma: ',',
} // biome-ignore format: a table reads better in rows

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
  const unescaped = unescape(text)
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
function unescape(text: string): string {
  let plain = text
  if (plain.includes('\\')) plain = plain.replaceAll(ESCAPE, (_, long, short, byte) => character(Number.parseInt(long ?? short ?? byte, 16)))
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
    // Words of prose are runs too; what is encoded has digits, or both cases within.
    if (WORD.test(run) && (run === run.toLowerCase() || run === run.toUpperCase())) continue
    const plain = run.replaceAll(/[\r\n]/g, '')
    // Where the run begins with letters that are none of it.
    for (let at = 0; at < 4; at += 1) addReadable(decoded, Buffer.from(plain.slice(at), 'base64'))
  }
  for (const [run] of text.matchAll(HEX)) {
    const plain = run.replaceAll(/[:\s]/g, '')
    for (let at = 0; at < 2; at += 1) addReadable(decoded, Buffer.from(plain.slice(at), 'hex'))
  }
}

const CONTROLS = /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]/
/** The shortest text within decoded bytes that is worth to be looked at. */
const READABLE = /[\p{L}\p{N}\p{M}\p{P}\p{Zs}\p{Cf}]{6,}/gu

function addReadable({ texts, pieces }: Decoded, bytes: Buffer): void {
  const whole = utf8(bytes)
  if (whole !== undefined && !CONTROLS.test(whole)) texts.push(whole)
  else for (const text of textsOf(bytes)) for (const [run] of text.matchAll(READABLE)) pieces.push(run)
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })
const ISO_2022_JP = new TextDecoder('iso-2022-jp')
const WIDE_LE = /(?:[^\0]\0){5,}/g
const WIDE_BE = /(?:\0[^\0]){5,}/g

/** What bytes say: as UTF-8, or as Latin-1 where they are no UTF-8, and as UTF-16 and ISO 2022 where signs of it are. */
export function textsOf(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const latin = buffer.latin1Slice()
  const texts = [latin]
  if (/[\x80-\xff]/.test(latin)) {
    const unicode = utf8(buffer)
    if (unicode === undefined) texts.push(buffer.utf8Slice())
    else texts[0] = unicode
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
  return utf8(bytes) ?? bytes.latin1Slice()
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes)
  } catch {
    return undefined
  }
}

function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16()
}
