import { isCommonToken, type StudyIdentifiers } from './identifiers.ts'

/** Tokens shorter than this only match as whole words. */
const WHOLE_WORD_BELOW = 6

/** Finds a study's own names, numbers and places in a text that would otherwise stay. */
export class TokenMatcher {
  readonly #longer: string[] = []
  readonly #words = new Set<string>()

  constructor(identifiers: StudyIdentifiers) {
    for (const token of [...identifiers.names, ...identifiers.ids, ...identifiers.places, ...identifiers.birthDates]) {
      const plain = token.trim().toLowerCase()
      if (isCommonToken(plain)) continue
      // Scripts that write no blanks have no whole words.
      if (plain.length < WHOLE_WORD_BELOW && /^[\x20-\x7e]+$/.test(plain)) this.#words.add(plain)
      else this.#longer.push(plain)
    }
  }

  /** True when the text holds one of the tokens, whatever its case. */
  matches(text: string): boolean {
    const plain = text.toLowerCase()
    if (this.#longer.some((token) => plain.includes(token))) return true
    return this.#words.size > 0 && plain.split(/[^\p{L}\p{N}]+/u).some((word) => this.#words.has(word))
  }
}
