/**
 * One spelling for many: lower case, without accents, in Latin letters where a table of one-to-one transliterations
 * says how (after ICAO 9303 part 3 section 6), without soft hyphens and zero-width characters, and with everything that
 * is no letter or digit turned into a gap.
 */

/** How what stands before a letter or digit parts it from the one before. */
export const GAP = {
  /** Nothing, or characters that nobody sees. */
  none: 0,
  /** Up to three separators, as people group numbers and write names. */
  narrow: 1,
  /** A comma and a blank: the next item of a list, or the year of a date. */
  list: 2,
  /** A line end, a quotation mark, or more than three separators: another value. */
  wide: 3,
} as const

/** A folded text: UTF-16 code units of letters and digits, and the gap before each. */
export interface Folded {
  readonly codes: Uint16Array
  readonly gaps: Uint8Array
  readonly length: number
}

/** What decomposition into base letter and mark does not give. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ŋ: 'n',
  ħ: 'h',
  а: 'a',
  б: 'b',
  в: 'v',
  г: 'g',
  д: 'd',
  е: 'e',
  ж: 'zh',
  з: 'z',
  и: 'i',
  і: 'i',
  к: 'k',
  л: 'l',
  м: 'm',
  н: 'n',
  о: 'o',
  п: 'p',
  р: 'r',
  с: 's',
  т: 't',
  у: 'u',
  ф: 'f',
  х: 'kh',
  ц: 'ts',
  ч: 'ch',
  ш: 'sh',
  щ: 'shch',
  ъ: 'ie',
  ы: 'y',
  ь: '',
  э: 'e',
  ю: 'iu',
  я: 'ia',
  є: 'ie',
  ґ: 'g',
  ђ: 'd',
  ј: 'j',
  љ: 'lj',
  њ: 'nj',
  ћ: 'c',
  џ: 'dz',
  α: 'a',
  β: 'v',
  γ: 'g',
  δ: 'd',
  ε: 'e',
  ζ: 'z',
  η: 'i',
  θ: 'th',
  ι: 'i',
  κ: 'k',
  λ: 'l',
  μ: 'm',
  ν: 'n',
  ξ: 'x',
  ο: 'o',
  π: 'p',
  ρ: 'r',
  σ: 's',
  ς: 's',
  τ: 't',
  υ: 'y',
  φ: 'f',
  χ: 'ch',
  ψ: 'ps',
  ω: 'o',
}

const SPECIAL = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g')
const ONLY_ASCII = /^[\0-\x7f]*$/

/** Classes of code units. */
const SEPARATOR = 0
const LETTER = 1
const WIDE = 2
const COMMA = 3
const BLANK = 4
const MOST_SEPARATORS = 3

const CLASS = new Uint8Array(128)
for (let code = 0; code < 128; code += 1) {
  const character = String.fromCharCode(code)
  if (/[a-z0-9]/i.test(character)) CLASS[code] = LETTER
  else if (code < 0x20 || character === '"' || character === '\\' || code === 0x7f) CLASS[code] = WIDE
  else if (character === ',') CLASS[code] = COMMA
  else if (character === ' ') CLASS[code] = BLANK
}

/** Folds a text. */
export function fold(text: string): Folded {
  const plain = ONLY_ASCII.test(text) ? text : withoutMarks(text)
  const codes = new Uint16Array(plain.length)
  const gaps = new Uint8Array(plain.length)
  let length = 0
  let gap: number = GAP.wide
  let separators = 0
  let afterComma = false
  for (let at = 0; at < plain.length; at += 1) {
    const code = plain.charCodeAt(at)
    const kind = code < 128 ? CLASS[code] : classOf(code)
    if (kind === LETTER) {
      codes[length] = code >= 0x41 && code <= 0x5a ? code + 0x20 : code
      gaps[length] = gap
      length += 1
      gap = GAP.none
      separators = 0
      afterComma = false
      continue
    }
    separators += 1
    if (kind === WIDE || separators > MOST_SEPARATORS) gap = GAP.wide
    else if (kind === BLANK && afterComma) gap = Math.max(gap, GAP.list)
    else gap = Math.max(gap, GAP.narrow)
    afterComma = kind === COMMA
  }
  return { codes, gaps, length }
}

function withoutMarks(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{Cf}]/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(SPECIAL, (letter) => LETTERS[letter] ?? letter)
}

/** Half of a character beyond the first plane counts as a letter: the other half follows it. */
function classOf(code: number): number {
  if (code >= 0xd800 && code <= 0xdfff) return LETTER
  if (code === 0x2028 || code === 0x2029 || code === 0x85) return WIDE
  return /[\p{L}\p{N}]/u.test(String.fromCharCode(code)) ? LETTER : SEPARATOR
}
