import { z } from 'zod'
import generated from './safe-words.json' with { type: 'json' }

const lists = z.record(z.string(), z.string()).parse(generated)

/** Words that tell nobody's identity: anatomy, modalities and techniques, in six languages. */
export interface SafeWords {
  /** True for a word that may stay. */
  isSafe(word: string): boolean
  /** True for a word that may stay between two that may stay. */
  isJoining(word: string): boolean
}

/** Longest word that a site may add. */
const LONGEST_WORD = 40

const joining = new Set((lists.joining ?? '').split(' ').map(plainWord))
const built = new Set(
  Object.entries(lists).flatMap(([name, words]) => (name === 'joining' ? [] : words.split(' ').map(plainWord))),
)

/** Vertebrae, weightings and b-values, and measures with their unit. A bare number may be an age or an identifier. */
const SAFE_FORM =
  /^(?:[clts]h?(?:[1-9]|1[0-2])|t[12]\*?|b\d{1,4}|\d{1,4}(?:mm|cm|kv|kvp|mas?|ml|hz|tesla|min|sec)|[234]d)$/

/** The safe words, with the site's own. @param extra words in any case; what is no single word is left out. */
export function safeWords(extra: readonly string[] = []): SafeWords {
  const own = new Set(extra.filter(isSingleWord).map(plainWord))
  return {
    isSafe: (word) => {
      const plain = plainWord(word)
      return built.has(plain) || own.has(plain) || SAFE_FORM.test(plain)
    },
    isJoining: (word) => joining.has(plainWord(word)),
  }
}

/** True for a word that may be added: letters and digits, no number, no more than 40 characters. */
export function isSingleWord(word: string): boolean {
  return word.length <= LONGEST_WORD && /^[\p{L}\p{N}*]+$/u.test(word.trim()) && /\p{L}/u.test(word)
}

/** A word in lower case, without accents and marks. */
export function plainWord(word: string): string {
  return word
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}*]/gu, '')
}
