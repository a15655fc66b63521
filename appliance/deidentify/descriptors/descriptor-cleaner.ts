import { type DataSet, texts } from '../../imaging/dataset/index.ts'
import type { TokenMatcher } from '../token-matcher.ts'
import { plainWord, type SafeWords } from './safe-words.ts'

/**
 * Titles: the words after them are a name, also where they are words of anatomy ("Dr. Hand", PS3.15 E.3.5).
 */
const TITLES = new Set(
  (
    'dr dra drs prof professor md mr mrs ms miss sir herr frau hr fr mme mlle madame monsieur docteur doctor doctora don ' +
    'sr sra srta senor senora sig sigra signor signora dott dottssa dottore dhr mevr mevrouw arts arzt patient pat name ' +
    'nom nombre nome naam ref refer referring physician operator tech technologist'
  ).split(' '),
)

/** Most words of a name after a title. */
const NAME_WORDS = 2

interface Word {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly state: 'safe' | 'joining' | 'dropped'
}

/** Takes everything out of a description that is not known to be safe (PS3.15 E.3.5). */
export class DescriptorCleaner {
  readonly #words: SafeWords
  readonly #identifiers: TokenMatcher
  readonly #names: ReadonlySet<string>

  /** @param names words of the person names of the object, in the form of `plainWord`: safe words among them are none here. */
  constructor(words: SafeWords, identifiers: TokenMatcher, names: ReadonlySet<string>) {
    this.#words = words
    this.#identifiers = identifiers
    this.#names = names
  }

  /** The safe part of a text: its safe words in order; '' where nothing may stay. */
  clean(text: string): string {
    const words = this.#judged(text.normalize('NFC'))
    const kept = words.filter(
      ({ state }, index) =>
        state === 'safe' ||
        (state === 'joining' && words[index - 1]?.state === 'safe' && words[index + 1]?.state === 'safe'),
    )
    let [cleaned, last] = ['', -1]
    for (const word of kept) {
      const index = words.indexOf(word)
      const before = words[index - 1]
      const between = before === undefined ? '' : text.normalize('NFC').slice(before.end, word.start)
      // Marks between two words that stay, stay too; where something went, a blank stands for it.
      cleaned += last < 0 ? word.text : (last === index - 1 && MARKS.test(between) ? between : ' ') + word.text
      last = index
    }
    return this.#identifiers.matches(cleaned) ? '' : cleaned
  }

  #judged(text: string): Word[] {
    let afterTitle = 0
    return [...text.matchAll(WORDS)].map((match) => {
      const [word] = match
      const place = { text: word, start: match.index, end: match.index + word.length }
      const plain = plainWord(word)
      if (isTitle(word, plain, text[place.end])) {
        afterTitle = NAME_WORDS
        return { ...place, state: 'dropped' }
      }
      if (afterTitle > 0) {
        afterTitle -= 1
        return { ...place, state: 'dropped' }
      }
      if (this.#names.has(plain) || this.#identifiers.matches(word)) return { ...place, state: 'dropped' }
      if (this.#words.isSafe(word)) return { ...place, state: 'safe' }
      return { ...place, state: this.#words.isJoining(word) ? 'joining' : 'dropped' }
    })
  }
}

/** Words, measures with a fraction, and the one abbreviation with a mark within (without). */
const WORDS = /\b[wW]\/[oO]\b|[\p{L}\p{M}\p{N}*]+(?:[.,]\p{N}+\p{L}*)?/gu

const MARKS = /^[ _/+,&^-]{1,3}$/

/** MR in capitals is the modality, unless a point follows. */
function isTitle(word: string, plain: string, next: string | undefined): boolean {
  return TITLES.has(plain) && !(word === 'MR' && next !== '.')
}

/** The words of all person names of a data set, at any depth, in the form of `plainWord`. */
export function nameWords(dataSet: DataSet, into = new Set<string>()): ReadonlySet<string> {
  for (const { tag, vr, value } of dataSet.elements.values()) {
    if (value.kind === 'items') for (const item of value.items) nameWords(item, into)
    else if (vr === 'PN')
      for (const name of texts(dataSet, tag))
        for (const part of name.split(/[\^=\s,;()]+/)) if (plainWord(part).length > 1) into.add(plainWord(part))
  }
  return into
}
