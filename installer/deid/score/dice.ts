import { createHash } from 'node:crypto'
import { seededUid } from '@leadglass/models/dicom'

/** Seeded choices. Equal seeds and equal calls give equal corpora. */
export class Dice {
  readonly #name: string
  #state: number

  constructor(name: string) {
    this.#name = name
    this.#state = createHash('sha256').update(name).digest().readUInt32LE(0)
  }

  /** A stream of its own, so that more draws in one place change nothing elsewhere. */
  fork(name: string): Dice {
    return new Dice(`${this.#name}/${name}`)
  }

  /** A whole number from 0 to below `limit` (splitmix32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let mixed = this.#state ^ (this.#state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** Decimal digits; the first is not zero. */
  digits(count: number): string {
    return Array.from({ length: count }, (_, index) => (index === 0 ? 1 + this.below(9) : this.below(10))).join('')
  }

  /** A made-up word of syllables, long enough that no other text holds it by chance. */
  word(syllables = 4): string {
    const text = Array.from({ length: syllables }, () => this.pick(ONSETS) + this.pick(VOWELS)).join('')
    return text.charAt(0).toUpperCase() + text.slice(1) + this.pick(CODAS)
  }

  /** A date between two years, YYYYMMDD. */
  date(from: number, to: number): string {
    const [month, day] = [1 + this.below(12), 1 + this.below(28)]
    return `${from + this.below(to - from + 1)}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`
  }

  /** A UID of the UUID form, or of one of several organisational roots. */
  uid(name: string): string {
    const full = seededUid(`${this.#name}/${name}`)
    return this.below(3) === 0
      ? full
      : `1.2.826.0.1.3680043.${8 + this.below(2)}.${full.slice(5, 30)}.${1 + this.below(9)}`
  }
}

const ONSETS = [
  'b',
  'br',
  'd',
  'dr',
  'f',
  'g',
  'gr',
  'h',
  'j',
  'k',
  'kr',
  'l',
  'm',
  'n',
  'p',
  'qu',
  'r',
  's',
  't',
  'tr',
  'v',
  'w',
  'x',
  'z',
]
const VOWELS = ['a', 'e', 'i', 'o', 'u', 'ei', 'ou', 'y']
const CODAS = ['k', 'x', 'rth', 'nd', 'sk', 'v', 'ndt', 'lf']
