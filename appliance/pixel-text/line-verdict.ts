import { SAFE_WORDS } from './safe-words.ts'

/**
 * What a line of text in the pixels is.
 * - `identifier`: it holds one of the study's own names, numbers, dates or places, or something one misread letter away.
 * - `pattern`: it has the form of a date, a telephone number, an address, a long number.
 * - `unknown`: it was read, and nothing says that it is harmless.
 * - `unread`: letters were found and not made out.
 * - `safe`: only listed words, units and short numbers.
 */
export type LineVerdict = 'identifier' | 'pattern' | 'unknown' | 'unread' | 'safe'

/** Tokens to find in pixels: plain strings, PHI; see `StudyIdentifiers`. */
export interface PixelTokens {
  /** Names, numbers and places as the header writes them. */
  readonly words: readonly string[]
  /** Dates as YYYYMMDD. */
  readonly dates: readonly string[]
}

/** Below this mean probability of its characters a line counts as not made out. */
const READABLE = 0.6

/** From this length a token matches with one letter misread, added or missing. */
const FUZZY_FROM = 5

/** Shorter tokens match as whole words only. */
const WITHIN_FROM = 5

const DATE = /\b\d{1,4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}\b/
const MONTH_DATE = /\b(\d{1,2})?\s?(jan|feb|mar|apr|mai|may|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*\.?\s?\d{1,4}\b/i
const LONG_NUMBER = /\d[\d -]{4,}\d/
const TITLED = /\b(dr|mr|mrs|ms|herr|frau|mme|prof|pat|patient|name|id|dob|born|geb|acc|mrn)\b\s*[.:]?/i

/** Judges lines of text against the identifiers of one study. */
export class LineJudge {
  readonly #tokens: readonly string[]
  readonly #safe: ReadonlySet<string>

  /** @param safeWords words that a site has added; lower case. */
  constructor({ words, dates }: PixelTokens, safeWords: readonly string[] = []) {
    const forms = dates.flatMap((date) => {
      const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)]
      return [date, `${day}${month}${year}`, `${month}${day}${year}`, `${day}${month}${year.slice(2)}`]
    })
    this.#tokens = [...new Set([...words, ...forms].map(skeleton))].filter((token) => token.length >= 2)
    this.#safe = safeWords.length === 0 ? SAFE_WORDS : new Set([...SAFE_WORDS, ...safeWords])
  }

  judge(text: string, confidence: number): LineVerdict {
    if (this.#holdsToken(text)) return 'identifier'
    if (text === '' || confidence < READABLE) return 'unread'
    if (DATE.test(text) || MONTH_DATE.test(text) || LONG_NUMBER.test(text) || TITLED.test(text)) return 'pattern'
    return this.#isSafe(text) ? 'safe' : 'unknown'
  }

  #holdsToken(text: string): boolean {
    const whole = skeleton(text)
    if (whole === '') return false
    const words = text.split(/[^\p{L}\p{N}]+/u).map(skeleton)
    return this.#tokens.some((token) => {
      if (token.length < WITHIN_FROM) return words.includes(token)
      return whole.includes(token) || (token.length >= FUZZY_FROM && holdsNearly(whole, token))
    })
  }

  /** Numbers of up to four digits, with a unit or without, are measures; they identify nobody. */
  #isSafe(text: string): boolean {
    const words = text.toLowerCase().match(/\p{L}+|\p{N}+/gu) ?? []
    return words.every((word) => this.#safe.has(word) || /^\d{1,4}$/.test(word))
  }
}

/** Letters that a recogniser takes for each other become one, accents go, and what is no letter or digit. */
function skeleton(text: string): string {
  return text
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .replaceAll('ß', 'ss')
    .replaceAll(/[o]/g, '0')
    .replaceAll(/[il|]/g, '1')
    .replaceAll('s', '5')
    .replaceAll('b', '8')
    .replaceAll('z', '2')
    .replaceAll('g', '6')
}

/** True when some part of the text is at most one edit (other, missing or added letter) from the token. */
export function holdsNearly(text: string, token: string): boolean {
  // Sellers' algorithm: the distance of the token to the best-matching part of the text, a column at a time.
  let column = Array.from({ length: token.length + 1 }, (_, i) => i)
  for (const letter of text) {
    const next = [0]
    for (let i = 1; i <= token.length; i += 1) {
      const same = token[i - 1] === letter ? 0 : 1
      next.push(Math.min((column[i - 1] ?? 0) + same, (column[i] ?? 0) + 1, (next[i - 1] ?? 0) + 1))
    }
    if ((next[token.length] ?? 2) <= 1) return true
    column = next
  }
  return false
}
