import { isCommonToken, type StudyIdentifiers } from './identifiers.ts'

/** Tokens shorter than this only match as whole words. */
const WHOLE_WORD_BELOW = 6

/**
 * Finds a study's own names, numbers and places in a text that would otherwise stay: as DICOM has them, and as people
 * write them, without accents or with other marks between the letters and digits (`123-456-789`, `31.01.1950`).
 */
export class TokenMatcher {
  readonly #longer: string[] = []
  readonly #words = new Set<string>()

  constructor(identifiers: StudyIdentifiers) {
    for (const token of [...identifiers.names, ...identifiers.ids, ...identifiers.places]) this.#add(token)
    for (const date of identifiers.birthDates) {
      const [year, month, day] = [date.slice(0, 4), date.slice(4, 6), date.slice(6)]
      for (const form of [date, `${day}${month}${year}`, `${month}${day}${year}`]) this.#add(form)
    }
  }

  /** True when the text holds one of the tokens, whatever its case, accents and separators. */
  matches(text: string): boolean {
    const squeezed = squeeze(text)
    if (this.#longer.some((token) => squeezed.includes(token))) return true
    return this.#words.size > 0 && text.split(/[^\p{L}\p{N}\p{M}]+/u).some((word) => this.#words.has(squeeze(word)))
  }

  #add(token: string): void {
    if (isCommonToken(token)) return
    const plain = squeeze(token)
    if (isCommonToken(plain)) return
    // Scripts that write no blanks have no whole words.
    if (plain.length < WHOLE_WORD_BELOW && /^[\x20-\x7e]+$/.test(plain)) this.#words.add(plain)
    else this.#longer.push(plain)
  }
}

/** Letters and digits alone, in lower case and without accents. */
function squeeze(text: string): string {
  return text
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}
