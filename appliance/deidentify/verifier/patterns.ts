import { lowered, type Pattern } from './byte-search.ts'
import { isCommonWord, type SearchedIdentifiers } from './common-words.ts'

/**
 * Turns identifiers into byte patterns: each in UTF-8, Latin-1 and UTF-16 (either byte order), and for dates in the
 * common notations. What is short matches as a whole word only, since three letters stand by chance in any binary.
 *
 * Not looked for: tokens under 3 characters, common DICOM words (`isCommonWord`), and numbers under 5 digits, which
 * every image holds (rows, exposure, window). A shifted date of a young child can be its birth date by chance; that
 * object stays in quarantine, which is the safe side.
 */

const WHOLE_WORD_BELOW = 6
const FEWEST_DIGITS = 5
const FREE_DIGITS_FROM = 7

/** In pixels only patterns that chance does not write: 8 bytes, or 5 inside a run of printable text. */
const BULK_BYTES = 8
const BULK_PRINTABLE_BYTES = 5
const PRINTABLE_RUN = 8

/** UIDs searched for as substrings in any encoding; all of them are looked up as whole values (`holdsUid`). */
const MOST_UID_PATTERNS = 64

type Accepts = Pattern['accepts']

/** Patterns for headers and text. */
export function headerPatterns(identifiers: SearchedIdentifiers): Pattern[] {
  const patterns = new Map<string, Pattern>()
  for (const token of [...identifiers.names, ...identifiers.ids, ...identifiers.places])
    if (!isCommonWord(token)) addToken(patterns, token.trim())
  for (const date of identifiers.birthDates)
    for (const form of dateForms(date)) add(patterns, form, /^\d+$/.test(form) ? eitherSideNoDigit : always)
  for (const uid of identifiers.uids.slice(0, MOST_UID_PATTERNS)) add(patterns, uid, always)
  for (const raw of identifiers.raw) addBytes(patterns, raw, always)
  return [...patterns.values()]
}

/** The patterns that are long enough to mean something within pixel data. */
export function bulkPatterns(patterns: readonly Pattern[]): Pattern[] {
  return patterns
    .filter(({ bytes }) => bytes.length >= BULK_PRINTABLE_BYTES && new Set(bytes).size >= 3)
    .map((pattern) => (pattern.bytes.length >= BULK_BYTES ? pattern : { ...pattern, accepts: inPrintableRun(pattern) }))
}

/** True when the text has one of the UIDs as a value of its own. */
export function holdsUid(text: string, uids: ReadonlySet<string>): boolean {
  if (uids.size === 0) return false
  for (const [run] of text.matchAll(/[0-9.]{9,64}/g)) if (uids.has(run)) return true
  return false
}

function addToken(patterns: Map<string, Pattern>, token: string): void {
  if (/^\d+$/.test(token)) {
    if (token.length >= FEWEST_DIGITS)
      add(patterns, token, token.length >= FREE_DIGITS_FROM ? eitherSideNoDigit : bothSidesNoDigit)
    return
  }
  add(patterns, token, token.length < WHOLE_WORD_BELOW ? wholeWord : always)
}

function add(patterns: Map<string, Pattern>, text: string, accepts: Accepts): void {
  for (const form of new Set([text, text.toLowerCase(), text.toUpperCase(), text.normalize('NFD')])) {
    addBytes(patterns, Buffer.from(form, 'utf8'), accepts)
    if (/[\x80-\xff]/.test(form) && !/[^\x00-\xff]/.test(form)) addBytes(patterns, Buffer.from(form, 'latin1'), accepts)
    const wide = Buffer.from(form, 'utf16le')
    // Without its outer byte the same pattern fits both byte orders of ASCII text; other text needs both.
    if (/^[\x00-\x7f]+$/.test(form)) addBytes(patterns, wide.subarray(0, -1), wideOf(accepts))
    else {
      addBytes(patterns, wide, always)
      addBytes(patterns, Buffer.from(wide).swap16(), always)
    }
  }
}

function addBytes(patterns: Map<string, Pattern>, bytes: Uint8Array, accepts: Accepts): void {
  if (bytes.length < 3) return
  const plain = lowered(bytes)
  const key = Buffer.from(plain).toString('latin1')
  if (!patterns.has(key)) patterns.set(key, { bytes: plain, accepts })
}

/** 19500131 as DICOM and people write it. */
function dateForms(date: string): string[] {
  const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6, 8)]
  const separated = ['-', '.', '/'].flatMap((mark) => [
    [year, month, day].join(mark),
    [day, month, year].join(mark),
    [month, day, year].join(mark),
  ])
  return [date, `${day}${month}${year}`, ...separated]
}

const always: Accepts = () => true

const wholeWord: Accepts = (bytes, start, end) => !isWordByte(bytes[start - 1]) && !isWordByte(bytes[end])

const bothSidesNoDigit: Accepts = (bytes, start, end) => !isNumberByte(bytes[start - 1]) && !isNumberByte(bytes[end])

const eitherSideNoDigit: Accepts = (bytes, start, end) => !isDigit(bytes[start - 1]) || !isDigit(bytes[end])

/** The neighbours of UTF-16 text are two bytes away on one side or the other; short words need zero bytes around. */
function wideOf(accepts: Accepts): Accepts {
  if (accepts === always) return always
  return (bytes, start, end) => !isWordByte(bytes[start - 2]) && !isWordByte(bytes[end + 1])
}

function inPrintableRun({ accepts }: Pattern): Accepts {
  return (bytes, start, end) => {
    let from = start
    let to = end
    while (from > 0 && end - from < PRINTABLE_RUN && isPrintable(bytes[from - 1])) from -= 1
    while (to < bytes.length && to - from < PRINTABLE_RUN && isPrintable(bytes[to])) to += 1
    return to - from >= PRINTABLE_RUN && accepts(bytes, start, end)
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function isNumberByte(byte: number | undefined): boolean {
  return byte === 0x2e || isDigit(byte)
}

function isWordByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const lower = byte | 0x20
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x7a)
}

function isPrintable(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x20 && byte < 0x7f
}
