import { isCommonPhrase, isCommonWord, type SearchedIdentifiers } from './common-words.ts'
import { datesIn } from './dates.ts'
import { type Folded, fold, GAP } from './fold.ts'
import { layersOf } from './layers.ts'

/**
 * Finds the identifiers of any number of studies in text, however they are spelled, grouped or encoded. Only hashes of
 * the identifiers are kept: a dump of the memory holds no list of patients, though who can guess a name can test it.
 *
 * Not looked for, since they stand everywhere: words under 3 letters and common words (`isCommonWord`), numbers under 5
 * digits, and words of 3 to 5 letters within longer words. UIDs are found whole.
 */

/** Words from this length on are found within longer words; one look at so many letters finds where they can stand. */
const ANYWHERE_FROM = 6
const SHORTEST_WORD = 3
const SHORTEST_IDEOGRAPHIC = 2
const FEWEST_DIGITS = 5
/** Numbers from this length on are found although digits stand on one side, and when they are grouped. */
const FREE_DIGITS_FROM = 7
/** From here on chance alone would give more than one finding in ten thousand numbers. */
const DENSEST_NUMBERS = 1e-4
const FIRST_IDEOGRAPH = 0x2e80

/** What an identifier is, as far as precision depends on it. */
type FormKind = 'word' | 'number' | 'date' | 'uid'

interface Form {
  readonly check: number
  readonly length: number
  readonly kind: FormKind
  /** May be found in parts, as a value of its own: long enough, or written in parts itself. */
  readonly isParted: boolean
  readonly owner: number
}

/** Something was found. */
export interface Finding {
  /** As given to `add`. */
  readonly owner: number
  /** Hash of the form that was found: the same for the same identifier, and nothing else can be told from it. */
  readonly form: number
  /**
   * What chance or language writes as well: a name of 3 to 5 letters, a birth date (dates stand everywhere), a number of
   * 5 or 6 digits, or one so dense among those that are searched for that any such number would often be one of them.
   */
  readonly isWeak: boolean
}

/** A search for the identifiers that were added. */
export class IdentifierSearch {
  /** By hash of the first six letters. */
  readonly #long = new Map<number, Form[]>()
  /** By hash of all letters. */
  readonly #short = new Map<number, Form[]>()
  readonly #marks: Uint8Array
  readonly #mask: number
  /** How many numbers of each length are searched for. */
  readonly #numbers = new Map<number, number>()
  #forms = 0

  /** @param markBits of the table that says quickly that nothing stands at a place; more for many identifiers. */
  constructor(markBits = 12) {
    this.#marks = new Uint8Array(2 ** markBits)
    this.#mask = 2 ** markBits - 1
  }

  /** Adds identifiers. @param owner what a finding is to name, such as the number of a study. */
  add(identifiers: SearchedIdentifiers, owner = 0): void {
    const { names, ids, places, birthDates, uids } = identifiers
    for (const token of [...names, ...ids, ...places])
      if (!isCommonWord(token) && !isCommonPhrase(token)) this.#addToken(token, owner)
    for (const date of birthDates) this.#addForm(fold(date), 'date', owner)
    for (const uid of uids) if (uid.length > 8) this.#addForm(fold(uid), 'uid', owner)
  }

  /** The first identifier that the text holds. */
  first(text: string): Finding | undefined {
    let found: Finding | undefined
    this.search(text, (finding) => {
      found = finding
      return false
    })
    return found
  }

  /** Tells of every identifier in the text, as it is and as what is encoded in it. @param on false: it is enough. */
  search(text: string, on: (finding: Finding) => boolean): void {
    if (this.#forms === 0) return
    for (const layer of layersOf(text)) {
      if (!this.#searchFolded(fold(layer.text), layer.isText, on)) return
      if (layer.isText && !this.#searchDates(layer.text, on)) return
    }
  }

  /** Forgets what was added under some owners. */
  forget(isForgotten: (owner: number) => boolean): void {
    this.#marks.fill(0)
    this.#forms = 0
    for (const table of [this.#long, this.#short])
      for (const [key, forms] of table) {
        const kept = forms.filter((form) => !isForgotten(form.owner))
        this.#forms += kept.length
        if (kept.length === 0) table.delete(key)
        else {
          table.set(key, kept)
          if (table === this.#long) this.#marks[key & this.#mask] = 1
        }
      }
  }

  #searchDates(text: string, on: (finding: Finding) => boolean): boolean {
    for (const date of datesIn(text)) {
      const folded = fold(date)
      for (const form of this.#long.get(hash(folded.codes, 0, ANYWHERE_FROM, PREFIX_SEED)) ?? [])
        if (form.kind === 'date' && form.check === hash(folded.codes, 0, 8, CHECK_SEED) && !on(this.#findingOf(form)))
          return false
    }
    return true
  }

  #searchFolded(folded: Folded, isText: boolean, on: (finding: Finding) => boolean): boolean {
    const { codes, gaps, length } = folded
    for (let at = 0; at < length; at += 1) {
      if (at + ANYWHERE_FROM <= length) {
        const prefix = hash(codes, at, ANYWHERE_FROM, PREFIX_SEED)
        if (this.#marks[prefix & this.#mask] === 1)
          for (const form of this.#long.get(prefix) ?? [])
            if (matches(form, folded, at) && !on(this.#findingOf(form))) return false
      }
      if (
        isText &&
        ((gaps[at] as number) > 0 || (codes[at] as number) >= FIRST_IDEOGRAPH) &&
        !this.#searchShort(folded, at, on)
      )
        return false
    }
    return true
  }

  #searchShort(folded: Folded, at: number, on: (finding: Finding) => boolean): boolean {
    const { codes, gaps, length } = folded
    const most = Math.min(ANYWHERE_FROM - 1, length - at)
    const isIdeographic = (codes[at] as number) >= FIRST_IDEOGRAPH
    for (let size = isIdeographic ? SHORTEST_IDEOGRAPHIC : SHORTEST_WORD; size <= most; size += 1) {
      const end = at + size
      if (!isIdeographic && end < length && gaps[end] === GAP.none) continue
      for (const form of this.#short.get(hash(codes, at, size, CHECK_SEED)) ?? [])
        if (
          form.length === size &&
          isJoined(folded, at, end, form.isParted ? GAP.narrow : GAP.none) &&
          !on(this.#findingOf(form))
        )
          return false
    }
    return true
  }

  #findingOf({ owner, check, length, kind }: Form): Finding {
    const isDense = (this.#numbers.get(length) ?? 0) > DENSEST_NUMBERS * 10 ** length
    const isWeak =
      kind === 'date' ||
      (kind === 'word' && length < ANYWHERE_FROM) ||
      (kind === 'number' && (length < FREE_DIGITS_FROM || isDense))
    return { owner, form: check, isWeak }
  }

  #addToken(token: string, owner: number): void {
    for (const spelling of spellingsOf(token)) {
      const folded = fold(spelling)
      const isNumber = isDigits(folded)
      if (isNumber && folded.length < FEWEST_DIGITS) continue
      this.#addForm(folded, isNumber ? 'number' : 'word', owner)
    }
  }

  #addForm(folded: Folded, kind: FormKind, owner: number): void {
    const { codes, length } = folded
    const shortest = (codes[0] ?? 0) >= FIRST_IDEOGRAPH ? SHORTEST_IDEOGRAPHIC : SHORTEST_WORD
    if (length < shortest) return
    const check = hash(codes, 0, length, CHECK_SEED)
    const key = length < ANYWHERE_FROM ? check : hash(codes, 0, ANYWHERE_FROM, PREFIX_SEED)
    const table = length < ANYWHERE_FROM ? this.#short : this.#long
    if (table === this.#long) this.#marks[key & this.#mask] = 1
    const known = table.get(key)
    const isParted =
      !isJoined(folded, 0, length, GAP.none) || length >= (kind === 'number' ? FREE_DIGITS_FROM : ANYWHERE_FROM)
    const form = { check, length, kind, isParted, owner }
    if (known?.some((one) => one.check === check && one.length === length && one.owner === owner) === true) return
    if (known === undefined) table.set(key, [form])
    else known.push(form)
    this.#forms += 1
    if (kind === 'number') this.#numbers.set(length, (this.#numbers.get(length) ?? 0) + 1)
  }
}

/** The search for the identifiers of one study. */
export function searchOf(identifiers: SearchedIdentifiers): IdentifierSearch {
  const search = new IdentifierSearch()
  search.add(identifiers)
  return search
}

/**
 * The spellings of one identifier: as written, with German and Scandinavian letters in two, and the other way round
 * (`Mueller` is found in `Müller`, whose marks folding takes away).
 */
function spellingsOf(token: string): Set<string> {
  const lower = token.normalize('NFC').toLowerCase()
  const spellings = new Set([lower])
  if (/[äöüåø]/.test(lower)) spellings.add(lower.replaceAll(/[äöüåø]/g, (letter) => TWO_LETTERS[letter] ?? letter))
  if (lower.length >= ANYWHERE_FROM && /^[a-z' -]+$/.test(lower) && /[aou]e|aa/.test(lower))
    spellings.add(lower.replaceAll(/([aou])e/g, '$1').replaceAll('aa', 'a'))
  return spellings
}

const TWO_LETTERS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' }

function matches({ length, check, kind, isParted }: Form, folded: Folded, at: number): boolean {
  const { codes, gaps } = folded
  const end = at + length
  if (end > folded.length || hash(codes, at, length, CHECK_SEED) !== check) return false
  const isJoint = isJoined(folded, at, end, GAP.none)
  const startsAlone = (gaps[at] as number) > 0
  const endsAlone = end === folded.length || (gaps[end] as number) > 0
  if (!isJoint) return isParted && startsAlone && endsAlone && isJoined(folded, at, end, GAP.narrow)
  if (kind === 'word') return true
  const digitBefore = !startsAlone && at > 0 && isDigit(codes[at - 1])
  const digitAfter = !endsAlone && isDigit(codes[end])
  return kind === 'number' && length < FREE_DIGITS_FROM ? !digitBefore && !digitAfter : !digitBefore || !digitAfter
}

/** True when no gap between the letters is wider than this. */
function isJoined({ gaps }: Folded, at: number, end: number, widest: number): boolean {
  for (let inner = at + 1; inner < end; inner += 1) if ((gaps[inner] as number) > widest) return false
  return true
}

function isDigits({ codes, length }: Folded): boolean {
  for (let at = 0; at < length; at += 1) if (!isDigit(codes[at])) return false
  return length > 0
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39
}

const PREFIX_SEED = 0x811c9dc5
const CHECK_SEED = 0x1b873593
const FIRST_FACTOR = 0x01000193
const SECOND_FACTOR = 0x85ebca6b

/** A hash of so many code units: 32 bits for where to look, 53 bits where equality is decided by it. */
function hash(codes: Uint16Array, at: number, length: number, seed: number): number {
  let one = seed
  for (let end = at + length, next = at; next < end; next += 1)
    one = Math.imul(one ^ (codes[next] as number), FIRST_FACTOR)
  one = (one ^ (one >>> 15)) >>> 0
  if (seed === PREFIX_SEED) return one
  let two = ~seed
  for (let end = at + length, next = at; next < end; next += 1)
    two = Math.imul((two << 5) ^ (two >>> 27) ^ (codes[next] as number), SECOND_FACTOR)
  return one * 2 ** 21 + ((two >>> 11) & (2 ** 21 - 1))
}
